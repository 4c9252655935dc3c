"""A question and its answer as one statement: "Who led the troops?" + "Roger" -> "Roger led ..."

The statements need not be good English: they are claims that a person worded on her own, about
facts that the paragraph holds (or, for impossible questions, almost holds).
"""

import re

from eval.support.corruptions import Claim

_AUXILIARY = (
    "is|are|was|were|did|do|does|has|have|had|can|could|will|would|should|may|might|must|be|been"
)
_ASKED = re.compile(
    r"\b(?:(?P<before>in|on|at|by|to|from|of|for|with|under|during|since|through|into)\s+)?"
    r"(?:(?P<how>how (?:many|much|long|often|far|old|large|high|tall|big))"
    r"|(?P<which>what|which|whose)(?P<noun>(?:\s+(?!(?:" + _AUXILIARY + r")\b)[\w'-]+)?)"
    r"|(?P<plain>who|whom|when|where|why|how))\b",
    re.IGNORECASE,
)
_LEADING = {"when": "in", "where": "in", "why": "because of", "how": "by"}


def to_claim(question: str, answer: str, supported: bool) -> Claim | None:
    """The statement, with the answer's words marked when it is wrong; None when the question
    has no question word."""
    found = _ASKED.search(question)
    if found is None or not answer.strip():
        return None
    inserted = answer.strip().rstrip(".")
    plain = (found.group("plain") or "").lower()
    if plain in _LEADING and not re.match(r"(in|on|at|by|because|to|from)\b", inserted, re.I):
        inserted = f"{_LEADING[plain]} {inserted}"
    elif found.group("before"):
        inserted = f"{found.group('before')} {inserted}"
    head = question[: found.start()].split()
    tail = question[found.end() :].rstrip("? ").split()
    if head:
        words = [*head, *inserted.split(), *tail]
    else:  # an auxiliary and its subject in front read better with the answer at the end
        moved = bool(tail) and re.fullmatch("did|do|does", tail[0], re.IGNORECASE) is not None
        words = [*tail[1:], *inserted.split()] if moved else [*inserted.split(), *tail]
    if len(words) < 3:
        return None
    words[0] = words[0][:1].upper() + words[0][1:]
    return Claim((*words[:-1], words[-1] + "."), (False,) * len(words) if supported else ())
