"""What kind of thing a question asks for, and whether a text holds anything of that kind."""

import re

_COUNTED = (
    "two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozens?|hundreds?|thousands?|"
    "millions?|billions?|half|twice|double|triple|quarter|percent"
)
_START = r"(?:^|[,;:.?!]\s*|\b(?:and|or|but|so|for|by|about|at|after|in|of|to|with)\s+)"
_QUANTITY = re.compile(
    rf"{_START}how\s+(?:many|old|long|far|high|heavy|big|large|fast|deep|wide|often)\b"
    rf"|{_START}how\s+much\s+(?!(?:so|of|does|do|did|is|are|was|can|could|should|will|would)\b)\w"
    r"|\b(?:what|which)\s+(?:(?!(?:does|do|is|are|was|happens?|effects?|makes?|can|methods?|layers?|"
    r"has|have|kind|kinds|role|part)\b)[\w-]+\s+){0,2}(?:learning\s+rate|batch\s+size|accuracy|"
    r"percentage|percent|price|score|resolution|temperature|threshold|ratio|rate|bandwidth|latency|"
    r"value|probability|recall|number\s+of|amount\s+of|size|map|ap|iou|f1)\b"
    r"|\bat\s+(?:what|which)\s+(?:\w+\s+){0,2}(?:ratio|rate|iou|lux|speed|temperature|level)\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    rf"{_START}when\s+(?:did|was|were)\b.*\b(?:come|came|publish\w*|invent\w*|releas\w*|introduc\w*|"
    r"propos\w*|develop\w*|found\w*|start\w*|begin|began|born|first)\b|\b(?:what|which)\s+(?:year|"
    r"month|decade|century|date)\b|\brelease\s+date\b",
    re.IGNORECASE,
)
_MADE = (
    r"(?:invented|developed|develops|introduced|proposed|created|wrote|published|publishes|designed|"
    r"coined|discovered|founded|released|sponsors?|sponsored|maintains?|came\s+up\s+with)"
)
_ORIGIN = re.compile(
    rf"\bwho\s+(?:\w+\s+)?{_MADE}\b|\bwho\s+(?:is|are|was|were)\s+the\s+(?:authors?|inventors?|"
    rf"creators?|founders?)\b|\b(?:which|what)\s+(?:company|companies|university|authors?|"
    rf"researchers?|team|group|person|country)\s+(?:\w+\s+)?{_MADE}\b|\binvented\s+by\s+whom\b",
    re.IGNORECASE,
)
_ANY_YEAR = re.compile(r"\b(?:1[0-9]|20)\d\ds?\b|\bcentury\b|\byears?\s+ago\b", re.IGNORECASE)
_ANY_ORIGIN = re.compile(
    r"\b(?:invent|develop|introduc|propos|creat|writ|wrote|publish|design|coin|discover|found|"
    r"releas|own|built|maintain|sponsor|patent)\w*\s+(?:\w+\s+){0,3}by\b"
    # Two names in a row, as people have, where no sentence and no list of terms begins.
    r"|(?<=[a-z,] )[A-Z][a-z]+(?:\s+[A-Z]\.)?\s+[A-Z][a-z]+(?:'s)?(?=[\s,.;])(?!\s*\()|\bet\s+al\b"
)


def holds_nothing_of_the_kind(question: str, text: str) -> bool:
    """Whether the question asks for a quantity, a date or an origin, and the text has none at all.

    Numbers of the question itself do not count: a text that repeats them does not answer.
    """
    asked = set(re.findall(r"\d[\d.,]*", question))
    if _DATE.search(question):
        return not _ANY_YEAR.search(text)
    if _QUANTITY.search(question):
        found = set(re.findall(r"\d[\d.,]*", text)) - asked
        return not found and not re.search(rf"\b(?:{_COUNTED})\b", text, re.IGNORECASE)
    if _ORIGIN.search(question):
        return not _ANY_ORIGIN.search(text)
    return False
