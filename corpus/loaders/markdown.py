"""Markdown, kept as it stands; headings are found by markdown-it-py (CommonMark)."""

import re
from itertools import pairwise

from corpus.loaders.extracted import Extracted
from corpus.loaders.reading import decode_text
from corpus.types import Section

_NEWLINE = re.compile(r"\r\n|\r|\n")
_FRONT_MATTER = re.compile(r"(---|\+\+\+)[ \t]*(?:\r\n|\r|\n)")
_TITLE = re.compile(r"title[ \t]*[:=][ \t]*(?P<quote>[\"']?)(?P<title>.*?)(?P=quote)[ \t]*")


def extract_markdown(data: bytes, name: str) -> Extracted:
    """The text of a Markdown file, unchanged, with its headings as sections.

    The title is that of the front matter, else the first heading.

    Raises:
        DocumentError: the file is binary or not UTF-8.
    """
    text = decode_text(data, name)
    starts = [0] + [match.end() for match in _NEWLINE.finditer(text)]
    lines = _NEWLINE.split(text)
    title, front_lines = _front_matter(text, lines)
    sections = _headings("\n" * front_lines + "\n".join(lines[front_lines:]), lines, starts)
    first = next((section.heading for section in sections if section.heading), "")
    return Extracted(text=text, title=title or first, sections=sections)


def _front_matter(text: str, lines: list[str]) -> tuple[str, int]:
    """The title in the front matter (YAML or TOML), and how many lines the front matter has."""
    opening = _FRONT_MATTER.match(text)
    if opening is None:
        return "", 0
    title = ""
    for number, line in enumerate(lines[1:], start=1):
        if line.rstrip() == opening[1]:
            return title, number + 1
        if match := _TITLE.fullmatch(line):
            title = match["title"]
    return "", 0


def _headings(markdown: str, lines: list[str], starts: list[int]) -> tuple[Section, ...]:
    from markdown_it import MarkdownIt

    parser = MarkdownIt("commonmark").enable("table")
    # Block structure is all that is needed, and inline parsing is most of the time.
    parser.core.ruler.enableOnly(["normalize", "block"])
    inline = MarkdownIt("commonmark")
    sections = []
    tokens = parser.parse(markdown)
    for opening, content in pairwise(tokens):
        if opening.type == "heading_open" and opening.map:
            words = [
                child.content or " "
                for token in inline.parseInline(content.content)
                for child in token.children or ()
                if child.type in ("text", "code_inline", "softbreak", "hardbreak")
            ]
            heading = " ".join("".join(words).split())
            line = opening.map[0]
            indent = len(lines[line]) - len(lines[line].lstrip())
            if heading:
                sections.append(Section(start=starts[line] + indent, heading=heading))
    return tuple(sections)
