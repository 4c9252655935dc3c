"""The blocks of a text: paragraphs, list items, headings, table rows and fenced code.

No sentence crosses a block. The layout is read line by line and serves Markdown and plain text
alike; it is deliberately less than a Markdown parser, for it must say something sensible about
any text, with exact offsets.
"""

# Dashes and full-width marks are what this file is about.
# ruff: noqa: RUF001
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum


class BlockKind(Enum):
    """What a block is."""

    PARAGRAPH = "paragraph"
    ITEM = "item"
    HEADING = "heading"
    ROW = "row"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Block:
    """`text[start:end]`, without white space at either end.

    `content` is where the words begin, after a list marker or the `#` of a heading.
    `after_blank` says whether an empty line stands before the block.
    """

    start: int
    content: int
    end: int
    kind: BlockKind
    after_blank: bool


_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_HEADING = re.compile(r"[ \t]{0,3}#{1,6}[ \t]+(?=\S)")
_FENCE = re.compile(r"[ \t]*(`{3,}|~{3,})")
_ROW = re.compile(r"[ \t]*\|")
_RULE = re.compile(r"[ \t]*([-=*_])(?:[ \t]*\1){2,}[ \t]*$")
_BULLET = re.compile(r"[ \t]*[-*+•‣◦▪●][ \t]+(?=\S)")
_DASH = re.compile(r"[ \t]*[–—][ \t]+(?=\S)")
_NUMBERED = re.compile(r"[ \t]*(?:(?P<number>\d{1,3})[.)]|[a-z]\)|\([a-z]\))[ \t]+(?=\S)")
_TERMINATED = (".", "!", "?", ":", ";", "…", "。", "！", "？")
_UNFINISHED = (",", ";", "-", "–", "—", "&", "/", "(")
_WRAPPED_WIDTH = 40
_ROOM_LEFT = 0.8


@dataclass(slots=True)
class _Open:
    """A block that may still grow, by the spans of its lines."""

    kind: BlockKind
    content: int
    after_blank: bool
    indent: int
    lines: list[tuple[int, int]]


def split_blocks(text: str) -> Iterator[Block]:
    """The blocks of `text`, in order; only white space and rules (`---`) lie between them.

    A list marker interrupts a paragraph where CommonMark lets it (bullets, and `1.`), so that a
    wrapped line that happens to begin with a number stays where it is. A line break inside a
    paragraph separates blocks when the next word would have had room on the line (so nobody
    wrapped it) and begins like a sentence: titles above their text are found that way.
    """
    grown: _Open | None = None
    blank = False
    fence_end = 0
    unclosed: set[str] = set()
    for start, end in _line_spans(text):
        if start < fence_end:
            continue
        line = text[start:end]
        if not line.strip():
            if grown:
                yield from _closed(text, grown)
            grown, blank = None, True
            continue
        fence = _FENCE.match(line)
        fence_end = 0
        if fence and fence[1] not in unclosed:
            fence_end = _closing_fence(text, end, fence[1])
            if not fence_end:
                unclosed.add(fence[1])
        opened = (
            _Open(BlockKind.CODE, start, blank, 0, [(start, fence_end)])
            if fence_end
            else _opened(line, start, end, blank, grown)
        )
        if opened is None and grown and not _RULE.match(line):
            grown.lines.append((start, end))
            continue
        if grown:
            yield from _closed(text, grown)
        grown, blank = opened, False
    if grown:
        yield from _closed(text, grown)


def _line_spans(text: str) -> Iterator[tuple[int, int]]:
    for match in _LINE.finditer(text):
        if match.end() > match.start():
            yield match.start(), match.start() + len(match.group().rstrip("\r\n"))


def _closing_fence(text: str, start: int, fence: str) -> int:
    """Where the code that `fence` opens ends, 0 when nothing closes it."""
    closing = re.compile(rf"^[ \t]*{re.escape(fence)}{re.escape(fence[0])}*[ \t]*$", re.MULTILINE)
    match = closing.search(text, start)
    return match.end() if match else 0


def _opened(line: str, start: int, end: int, blank: bool, grown: _Open | None) -> _Open | None:
    """The block that this line opens; None when it continues the one before, or is a rule."""
    if _RULE.match(line):
        return None
    indent = len(line) - len(line.lstrip())
    span = [(start, end)]
    if match := _HEADING.match(line):
        return _Open(BlockKind.HEADING, start + match.end(), blank, indent, span)
    if _ROW.match(line):
        return _Open(BlockKind.ROW, start + indent, blank, indent, span)
    if match := _marker(line, grown):
        return _Open(BlockKind.ITEM, start + match.end(), blank, indent, span)
    if grown is None or grown.kind in (BlockKind.HEADING, BlockKind.ROW, BlockKind.CODE):
        return _Open(BlockKind.PARAGRAPH, start + indent, blank, indent, span)
    return None


def _marker(line: str, grown: _Open | None) -> re.Match[str] | None:
    if match := _BULLET.match(line):
        return match
    in_prose = grown is not None and grown.kind is BlockKind.PARAGRAPH
    if match := _NUMBERED.match(line):
        return match if not in_prose or match["number"] in (None, "1") else None
    return None if in_prose else _DASH.match(line)


def _closed(text: str, grown: _Open) -> Iterator[Block]:
    """The finished block, cut where its own lines say that it is several."""
    groups = [[grown.lines[0]]]
    width = max(end - start for start, end in grown.lines)
    for span in grown.lines[1:]:
        if _ends_here(text, grown, groups[-1][-1], span, width):
            groups.append([])
        groups[-1].append(span)
    for place, group in enumerate(groups):
        start, end = _stripped(text, group[0][0], group[-1][1])
        if place == 0:
            yield Block(start, max(start, grown.content), end, grown.kind, grown.after_blank)
        else:
            yield Block(start, start, end, BlockKind.PARAGRAPH, False)


def _ends_here(
    text: str, grown: _Open, line: tuple[int, int], following: tuple[int, int], width: int
) -> bool:
    if grown.kind is BlockKind.CODE:
        return False
    before = text[line[0] : line[1]].rstrip()
    after = text[following[0] : following[1]].strip()
    if grown.kind is BlockKind.ITEM:
        indent = following[1] - following[0] - len(text[following[0] : following[1]].lstrip())
        if indent <= grown.indent and before.endswith(_TERMINATED):
            return True
    if width < _WRAPPED_WIDTH or before.endswith(_UNFINISHED):
        return False
    room = len(before) + 1 + len(after.split(None, 1)[0]) < _ROOM_LEFT * width
    return room and (after[0].isupper() or after[0].isdigit())


def _stripped(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), start + len(piece.rstrip())
