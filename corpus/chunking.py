"""Documents into passages: whole sentences, lists with their lead-in, sizes as even as it gets.

Where to cut is decided over the whole document at once, as Knuth and Plass break a paragraph
into lines ("Breaking Paragraphs into Lines", 1981): every way to cut costs something, passages
far from the wished size cost more, and the cheapest way is found by dynamic programming. Code of
our own, for langchain-text-splitters cuts at characters and knows neither sentences nor lists
(and costs 0.46 s of imports).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from corpus.blocks import Block, BlockKind, split_blocks
from corpus.sentences import sentences_between
from corpus.types import Document, Passage

_VERSION = 1

# What it costs to cut before a unit. The scale is that of `_size_cost`: an almost empty passage
# costs 1. A heading and a lead-in lose what follows them only where the cap leaves no choice.
_CUT_BEFORE_HEADING = -0.5
_CUT_BETWEEN_PARAGRAPHS = 0.0
_CUT_BETWEEN_SENTENCES = 0.3
_CUT_BETWEEN_ITEMS = 1.5
_CUT_INSIDE_ITEM = 2.0
_CUT_INSIDE_SENTENCE = 4.0
_CUT_AFTER_LEAD_IN = 1000.0
_OVERSIZE = 2.0
# Looking further back than this many units gains nothing and makes odd texts (a million
# one-letter lines) slow.
_MOST_UNITS = 100
_CLAUSE_END = re.compile(r"[;:,](?=\s)|\s(?=[(–—])")  # noqa: RUF001 (a dash is meant)


@dataclass(frozen=True, slots=True)
class ChunkingSettings:
    """How long passages are, in characters.

    `max_characters` is the wished upper size: most passages end up just below it. A list that
    would have to be cut, or a last sentence that would be left alone, may exceed it, up to
    `hard_limit`. Only a single sentence longer than that is ever cut, at a line break, else after
    a clause, else between words.

    The default keeps the hard limit near what all-MiniLM-L6-v2 reads (256 tokens, about 1,200
    characters of English).
    """

    max_characters: int = 800

    def __post_init__(self) -> None:
        if self.max_characters < 20:
            raise ValueError(f"max_characters must be at least 20, not {self.max_characters}")

    @property
    def hard_limit(self) -> int:
        """No passage is longer than this, in characters: one and a half times the wished size."""
        return self.max_characters * 3 // 2

    @property
    def identity(self) -> str:
        """Names the cutting: two equal identities give equal passages. Stored with an index."""
        return f"sentences-{_VERSION}:max_characters={self.max_characters}"


@dataclass(frozen=True, slots=True)
class _Unit:
    """What is never cut: `text[start:end]`, and what it costs to cut before it."""

    start: int
    end: int
    cut: float


def chunk(document: Document, settings: ChunkingSettings | None = None) -> tuple[Passage, ...]:
    """Cut a document into passages, in order, without overlap.

    Always: `document.text[p.start:p.end] == p.text`; every character that is not white space
    lies in exactly one passage; no passage begins or ends with white space or inside a sentence
    (but see `ChunkingSettings`); a list's lead-in and a heading stay with what follows them as
    far as the hard limit allows. Ids are `<document id>#<start>-<end>`. The same text and
    settings give the same passages. A blank document has none.
    """
    settings = settings or ChunkingSettings()
    text = document.text
    # A section that only goes on, on a new page, does not begin with its heading.
    headings = frozenset(
        section.start
        for section in document.sections
        if section.heading and text.startswith(section.heading, section.start)
    )
    units = list(_units(text, headings, settings.hard_limit))
    passages = []
    for first, last in _cheapest_cuts(units, settings):
        start, end = units[first].start, units[last].end
        passages.append(
            Passage(f"{document.id}#{start}-{end}", document.id, start, end, text[start:end])
        )
    return tuple(passages)


def _units(text: str, headings: frozenset[int], limit: int) -> Iterator[_Unit]:
    """Sentences with the marker before them and any rule (`---`) after them, of at most `limit`."""
    marks = list(_marks(text, headings))
    if not marks:
        marks = [(0, _CUT_BETWEEN_PARAGRAPHS)]
    else:
        marks[0] = (0, marks[0][1])
    ends = [start for start, _ in marks[1:]] + [len(text)]
    for (start, cut), end in zip(marks, ends, strict=True):
        piece_cut = cut
        for piece_start, piece_end in _pieces(text, start, end, limit):
            yield _Unit(piece_start, piece_end, piece_cut)
            piece_cut = _CUT_INSIDE_SENTENCE


def _marks(text: str, headings: frozenset[int]) -> Iterator[tuple[int, float]]:
    """Where each sentence begins, and what it costs to cut there."""
    before: Block | None = None
    last = ""
    for block in split_blocks(text):
        is_heading = block.kind is BlockKind.HEADING or block.start in headings
        spans = (
            [(block.content, block.end)]
            if block.kind in (BlockKind.CODE, BlockKind.ROW) or is_heading
            else list(sentences_between(text, block.content, block.end))
        )
        yield block.start, _cut_between(before, last, block, is_heading, headings)
        inside = _CUT_INSIDE_ITEM if block.kind is BlockKind.ITEM else _CUT_BETWEEN_SENTENCES
        for start, _ in spans[1:]:
            yield start, inside
        before, last = block, text[block.end - 1]


def _cut_between(
    before: Block | None, last: str, block: Block, is_heading: bool, headings: frozenset[int]
) -> float:
    """The cost of a cut between two blocks; `last` is the last character of the first."""
    if before is None:
        return _CUT_BETWEEN_PARAGRAPHS
    if before.kind is BlockKind.HEADING or before.start in headings:
        return _CUT_AFTER_LEAD_IN
    if is_heading:
        return _CUT_BEFORE_HEADING
    if block.kind in (BlockKind.ITEM, BlockKind.ROW):
        if before.kind is block.kind:
            return _CUT_BETWEEN_ITEMS
        if last == ":" or not block.after_blank:
            return _CUT_AFTER_LEAD_IN
    elif block.kind is BlockKind.CODE and last == ":":
        return _CUT_AFTER_LEAD_IN
    elif not block.after_blank and before.kind is block.kind:
        return _CUT_BETWEEN_SENTENCES
    return _CUT_BETWEEN_PARAGRAPHS


def _pieces(text: str, start: int, end: int, limit: int) -> Iterator[tuple[int, int]]:
    """`text[start:end]` without outer white space, cut where it is longer than `limit`."""
    start, end = _stripped(text, start, end)
    while end - start > limit:
        cut = _cut_place(text, start, start + limit)
        yield _stripped(text, start, cut)
        start, _ = _stripped(text, cut, end)
    if start < end:
        yield start, end


def _cut_place(text: str, start: int, end: int) -> int:
    """The last good place for a cut after `start`, `end` at the latest.

    A line break or the end of a clause counts from the middle on; then any gap between words.
    """
    middle = (start + end) // 2
    newline = text.rfind("\n", middle, end)
    if newline > 0:
        return newline
    clauses = [match.end() for match in _CLAUSE_END.finditer(text, middle, end)]
    if clauses:
        return clauses[-1]
    for place in range(end, start, -1):
        if text[place].isspace():
            return place
    return end


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while start < end and text[end - 1].isspace():
        end -= 1
    return start, end


def _cheapest_cuts(units: Sequence[_Unit], settings: ChunkingSettings) -> Iterator[tuple[int, int]]:
    """The first and the last unit of every passage, for the cheapest way to cut."""
    size_cost = lru_cache(maxsize=None)(
        lambda length: _size_cost(length, settings.max_characters, settings.hard_limit)
    )
    best = [0.0]
    came_from = [0]
    for last, unit in enumerate(units):
        cheapest, place = float("inf"), last
        for first in range(last, max(last - _MOST_UNITS, -1), -1):
            length = unit.end - units[first].start
            if length > settings.hard_limit and first < last:
                break
            cost = best[first] + units[first].cut + size_cost(length)
            if cost < cheapest:
                cheapest, place = cost, first
        best.append(cheapest)
        came_from.append(place)
    cuts = []
    end = len(units)
    while end > 0:
        cuts.append((came_from[end], end - 1))
        end = came_from[end]
    return reversed(cuts)


def _size_cost(length: int, wished: int, limit: int) -> float:
    if length <= wished:
        return (1 - length / wished) ** 2
    return _OVERSIZE * ((length - wished) / (limit - wished)) ** 2
