"""What the words of a text say at a glance: content words, numbers, names, negation."""

# The word lists below read as words, and the typographic quotes are meant.
# ruff: noqa: RUF001, SIM905
import re

STOP_WORDS = frozenset(
    "a about above across after again all almost along also although always am among an and "
    "another any anybody anyone anything are aren't as at away be became because become been "
    "before being below between both but by came can can't cannot could couldn't did didn't do "
    "does doesn't doing don't done down during each either else ever every everything few for "
    "from further gave get gets getting give given gives go goes going got had has hasn't have "
    "haven't having he hence her here hers herself him himself his how however i if in instead "
    "into is isn't it its itself just keep kept know less let like likely lot made make makes "
    "making many may maybe me might mine more most much must my myself near need needs neither "
    "never nor not nothing now of off often oh ok okay on once one ones only or other others "
    "otherwise our ours ourselves out over own per perhaps please put quite rather really same "
    "say says see seem seems shall she should since so some somebody someone something "
    "sometimes soon still such take taken takes tell than thanks that that's the their theirs "
    "them themselves then there therefore these they thing things this those though through "
    "thus to together too toward towards try trying under until up upon us use used uses using "
    "usually very via want wants was way ways we well were weren't what what's whatever when "
    "where whereas whether which while who whole whom whose why will with within without won't "
    "would yes yet you your yours yourself".split()
)
_NEGATIONS = frozenset(
    "no not never none neither nor cannot without nothing nobody hardly rarely lack lacks lacking "
    "fail fails failed unable unlike".split()
)
_WORD = re.compile(r"[^\W_]+(?:['’][a-z]+)?")
_NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*(?:\.\d+)?(?:\s?%)?")
_NAME = re.compile(r"\b(?:[A-Z][\w+]*(?:-[A-Z0-9][\w+]*)*|\w*[a-z][A-Z]\w*|\w+\d\w*)\b")
_SUFFIXES = (
    ("ization", "ize"), ("isation", "ize"), ("izing", "ize"), ("ising", "ize"), ("ised", "ize"),
    ("ized", "ize"), ("ises", "ize"), ("izes", "ize"), ("ise", "ize"),
    ("ational", "ate"), ("ations", "ate"), ("ation", "ate"), ("ating", "ate"), ("ated", "ate"),
    ("ates", "ate"), ("ions", ""), ("ion", ""), ("ments", ""), ("ment", ""), ("nesses", ""),
    ("ness", ""), ("ities", ""), ("ity", ""), ("ically", "ic"), ("ical", "ic"), ("ally", ""),
    ("ly", ""), ("ings", ""), ("ing", ""), ("ers", ""), ("er", ""), ("ors", ""), ("or", ""),
    ("ied", "y"), ("ies", "y"), ("ed", ""), ("es", ""), ("s", ""), ("al", ""), ("ive", ""),
)  # fmt: skip
_SHORTEST_STEM = 3


def stem(word: str) -> str:
    """A crude stem, the same for the inflections of a word: "localised" and "localization".

    Light on purpose: it serves to compare two texts, and nobody reads it.
    """
    for suffix, replacement in _SUFFIXES:
        kept = len(word) - len(suffix)
        if word.endswith(suffix) and kept >= _SHORTEST_STEM:
            word = word[:kept] + replacement
            break
    if len(word) > _SHORTEST_STEM and word[-1] == word[-2] and word[-1] not in "sl":
        word = word[:-1]
    return word[:-1] if word.endswith("e") and len(word) > _SHORTEST_STEM else word


def words(text: str) -> list[str]:
    """All words in lower case, in order. Hyphens part words; an apostrophe does not."""
    return [word.lower().replace("’", "'") for word in _WORD.findall(text)]


def content_words(text: str) -> list[str]:
    """The stems of the words that carry meaning, in order, repeats included."""
    return [
        stem(word.removesuffix("'s"))
        for word in words(text)
        if word not in STOP_WORDS and (len(word) > 1 or word.isdigit())
    ]


def numbers(text: str) -> frozenset[str]:
    """The numbers written in figures, in one form: "1,000" is "1000", "5 %" is "5%"."""
    return frozenset(re.sub(r"[,\s+]", "", number).rstrip(",") for number in _NUMBER.findall(text))


def names(text: str) -> frozenset[str]:
    """What is written like a name, in lower case: capitals, inner capitals or figures in it.

    The first word of a sentence is none for its capital alone.
    """
    found = set()
    for match in _NAME.finditer(text):
        name = match.group()
        begins = not text[: match.start()].rstrip(" \t\"'“‘([*_").rstrip() or bool(
            re.search(r"[.!?:\n]\s*[\"'“‘(\[*_-]*\s*$", text[: match.start()])
        )
        plain_capital = name[0].isupper() and name[1:].islower()
        if len(name) > 1 and not (begins and plain_capital) and name.lower() not in STOP_WORDS:
            found.add(name.lower())
    return frozenset(found)


def negated(text: str) -> bool:
    """Whether the text denies something: "not", "cannot", "without" and their like."""
    return any(word in _NEGATIONS or word.endswith("n't") for word in words(text))
