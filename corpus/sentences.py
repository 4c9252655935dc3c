"""Where sentences begin and end, as exact spans: the grain of every citation.

Rules of our own, because a citation needs offsets into any text a user brings: of the kept
libraries, sentencex (1.0.32) ends the process's call with a Rust panic on some inputs and parts
"Eq. (3)", nupunkt joins "It works. TensorFlow.js is fine.", syntok rewrites white space. The
rules lean to joining: half a sentence quoted as a source is worse than two.
"""

# Typographic quotes and full-width marks are what this file is about; word lists read as words.
# ruff: noqa: RUF001, SIM905
import re
from collections.abc import Iterator

from corpus.blocks import BlockKind, split_blocks

_END = re.compile(
    r"(?P<wide>[。！？]+[”’」』）]*)\s*"
    r"|(?<![.!?…])(?P<mark>[.!?…]+)"
    r"(?P<close>(?:[\"'”’»)\]*_`]|\[\d{1,3}\]|[¹²³⁰⁴-⁹])*)(?P<gap>\s+|$)"
)
_OPENERS = "\"'“‘«([{*_`"
_WORD = re.compile(r"\w[\w'’-]*")
_LAST_TOKEN = re.compile(r"[^\s\"'“‘«(\[{*_`/]*$")
_CAMEL = re.compile(r"[a-z]+[A-Z]")
_ROMAN = re.compile(r"[IVXLC]+\b|[A-Z]\b")
_DOTTED = re.compile(r"(?:[A-Za-z]{1,3}\.)+[A-Za-z]{1,3}")
_HE_IS_A_NAME = re.compile(r"He(?:,|\s+et\s+al|\s+and\s+[A-Z])")

_NEVER_LAST = frozenset(
    "dr mr mrs ms prof st gen sen rep gov capt lt col sgt rev hon "
    "e.g eg i.e ie cf vs viz ca approx esp incl excl resp avg std".split()
)
_BEFORE_NUMBERS = frozenset(
    "fig figs eq eqs eqn eqns sec secs sect tab tabs ch chap ref refs no nos vol vols p pp "
    "art alg thm def app ver v ex par prop".split()
)
_LAST_BEFORE_CAPITALS = frozenset(["etc", "al"])
_LAST_BEFORE_STARTERS = frozenset(
    "inc ltd co corp llc jr sr dept univ est bros "
    "jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
_STARTERS = frozenset(
    "A After All Also Although An And As At Because Before Both But By Each Even Finally First "
    "For From Given Here He However How I If In Instead It Its Let Many Most Next No Not Now On "
    "Once One Our Over Second See She Since So Some Such That The Their Then There Therefore "
    "These They This Those Through Thus To Two Under Unlike Until Use Using We What When Where "
    "Whether Which While Who Why With Without Yet You Your".split()
)
# How far back an opening bracket or quote may lie, and how far on its partner, in characters.
_OPENED_WITHIN = 400
_CLOSED_WITHIN = 250
_LONGEST_TOKEN = 40


def split_sentences(text: str) -> tuple[tuple[int, int], ...]:
    """The sentences of `text` as `(start, end)` character offsets, in order, without overlap.

    A span has no white space at its ends and holds at least one letter or digit. List items,
    headings, table rows and fenced code are units of their own; the marker of a list item and
    the `#` of a heading stay outside. Every letter and digit outside those markers lies in
    exactly one span. A full stop does not end a sentence in abbreviations ("e.g.", "et al.",
    "Fig. 3"), initials, decimals and names ("TensorFlow.js"), nor inside brackets or quotes that
    were opened in the middle of a sentence.
    """
    return tuple(
        span
        for block in split_blocks(text)
        for span in (
            [(block.content, block.end)]
            if block.kind in (BlockKind.CODE, BlockKind.ROW)
            else sentences_between(text, block.content, block.end)
        )
        if any(map(str.isalnum, text[slice(*span)]))
    )


def sentences_between(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The sentences of `text[start:end]`, a stretch that is one block, as spans of `text`.

    Together they hold every character of the stretch that is not white space.
    """
    match = _END.search(text, start, end)
    while match:
        if match.end() < end and _is_end(text, start, end, match):
            yield start, match.end("wide") if match["wide"] else match.end("close")
            start = match.end()
        match = _END.search(text, match.end(), end)
    if start < end:
        yield start, end


def _is_end(text: str, start: int, end: int, match: re.Match[str]) -> bool:
    if match["wide"]:
        return True
    closed = match.end("close")
    if _inside_brackets(text, start, closed, end) or _inside_quotes(text, start, closed, end):
        return False
    place = match.end()
    while place < end - 1 and text[place] in _OPENERS:
        place += 1
    following = text[place]
    if match["mark"] != "." or match["close"]:
        return not following.islower() or bool(_CAMEL.match(text, place))
    dot = match.start("mark")
    tokens = _LAST_TOKEN.findall(text[max(start, dot - _LONGEST_TOKEN) : dot])
    return _full_stop_ends(text, start, dot, tokens[0], place)


def _full_stop_ends(text: str, start: int, dot: int, token: str, place: int) -> bool:
    """Whether the full stop at `dot`, after `token` and before the word at `place`, is an end."""
    following = text[place]
    if token.isdigit() and len(token) <= 3:
        before = text[max(start, dot - _LONGEST_TOKEN) : dot - len(token)].rstrip()
        if not before or before.endswith((":", ";")):
            return False  # "1." that counts: "in two steps: 1. Crop. 2. Resize."
    lower = token.lower()
    if lower in _NEVER_LAST:
        return False
    if lower in _BEFORE_NUMBERS and (
        following.isdigit() or text[place - 1] in "([" or _ROMAN.match(text, place)
    ):
        return False
    if lower in _LAST_BEFORE_CAPITALS:
        return following.isupper()
    initial = len(token) == 1 and token.isalpha()
    if initial or lower in _LAST_BEFORE_STARTERS or _DOTTED.fullmatch(token):
        word = _WORD.match(text, place)
        return (
            word is not None and word.group() in _STARTERS and not _HE_IS_A_NAME.match(text, place)
        )
    if following.islower():
        plain = len(token) >= 5 and token.isalpha() and token.islower()
        return plain or bool(_CAMEL.match(text, place))
    return True


def _inside_brackets(text: str, start: int, place: int, end: int) -> bool:
    for opening, closing in ("()", "“”"):
        window = max(start, place - _OPENED_WITHIN)
        opened = text.rfind(opening, window, place)
        if (
            opened > text.rfind(closing, window, place)
            and opened > start
            and text.find(closing, place, min(end, place + _CLOSED_WITHIN)) >= 0
        ):
            return True
    return False


def _inside_quotes(text: str, start: int, place: int, end: int) -> bool:
    """As `_inside_brackets`, for the quote that does not say which way it faces."""
    if place - start > _OPENED_WITHIN or text.count('"', start, place) % 2 == 0:
        return False
    return (
        text.find('"', start, place) > start
        and text.find('"', place, min(end, place + _CLOSED_WITHIN)) >= 0
    )
