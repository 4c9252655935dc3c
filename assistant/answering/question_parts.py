"""A question that asks for several things, taken apart: each may have its answer or not."""

import re

from assistant.answering.followups import standalone_question, topic_words
from assistant.answering.types import Message, Question

# A question of several parts gets so many times the passages and words of one with a single part.
# A round figure; `assistant eval run --suite bank --part dev` asks 25 such questions.
ROOM_FOR_PARTS = 1.5

_ORDERS = r"(?:tell|explain|describe|name|list|compare|give|show)\b"
_ASKING = (
    r"(?:(?:in|of|on|at|for|to|from|by|with|through|under)\s+)?"
    r"(?:what|which|who|whom|whose|why|when|where|how|is|are|was|were|does|do|did|can|could|should|"
    r"will|would|has|have)\b"
)
_BREAK = re.compile(
    rf"(?<=[?.!])\s+(?=\S)|\s*[,;]?\s+(?:and|but)\s+(?:also\s+)?(?={_ASKING}|{_ORDERS})|;\s+"
    rf"|:\s+(?={_ASKING})",
    re.IGNORECASE,
)
_OPENED = r"^(?:(?:and|but|so|also|then|please)\s+)?"
_ASKS = re.compile(rf"{_OPENED}{_ASKING}(?:\W+\w+){{2,}}[^.!]*$", re.IGNORECASE | re.DOTALL)
_TELLS_TO = re.compile(rf"{_OPENED}{_ORDERS}\W+\w", re.IGNORECASE)
# "When I pool, what is lost?" asks one thing.
_CONDITION = re.compile(r"^(?:when|where|once|after|before|if|while|as)\b[^?]*,", re.IGNORECASE)


def question_parts(question: str) -> list[str]:
    """The questions in a question, each made to stand alone; one part in most cases.

    "What is U-Net, and who invented it?" has the parts "What is U-Net?" and "Who invented U-Net?".
    A sentence that asks nothing stays with the question after it.
    """
    parts: list[str] = []
    start = begin = 0
    for end, following in [
        *((found.start(), found.end()) for found in _BREAK.finditer(question)),
        (len(question), len(question)),
    ]:
        piece = question[begin:end].strip()
        whole = question[start:end].strip()
        begin = following
        if (_ASKS.match(piece) or _TELLS_TO.match(piece)) and (parts or topic_words(whole)):
            parts.append(whole)
            start = following
    if len(parts) < 2 or question[start:].strip() or _CONDITION.match(parts[0]):
        return [question]
    first = _asked(parts[0])
    history = (Message("user", first),)
    return [
        first,
        *(standalone_question(Question(_asked(part), history)) for part in parts[1:]),
    ]


def _asked(part: str) -> str:
    text = part.strip(" ,;")
    text = text if text.endswith(("?", ".", "!")) else f"{text}?"
    return text[0].upper() + text[1:]
