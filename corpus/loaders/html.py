"""HTML through trafilatura, which leaves out menus, footers, scripts and comments.

Its result is read as a tree, not as its Markdown, so that the text holds no `**` that a citation
would quote. trafilatura is kept and finds main content better than its peers (Bevendorff et al.,
"An Empirical Comparison of Web Content Extraction Algorithms", SIGIR 2023). It only fetches where
it is asked to, which nothing here does; lxml parses without network.
"""

import codecs
import re
from collections.abc import Iterator
from typing import Any

from corpus.errors import DocumentError
from corpus.loaders.extracted import Extracted, TextAssembly
from corpus.loaders.reading import decode_marked, decode_text, storable

_CHARSET = re.compile(rb"<meta[^>]+charset\s*=\s*[\"']?\s*([\w.:-]+)", re.IGNORECASE)
_LOOK_FOR_CHARSET_IN = 1024
# Pages that say Latin-1 mean Windows-1252 (WHATWG Encoding Standard, "latin1").
_MEANT = {"iso8859-1": "cp1252", "ascii": "cp1252"}
_LEAVES = frozenset(["list", "table", "code"])
_SMALL_PAGE = 250  # characters
_HEADINGS = frozenset(["h1", "h2", "h3", "h4", "h5", "h6"])
_HIDDEN = frozenset(["head", "script", "style", "noscript", "template"])
_INLINE = frozenset(
    ["a", "abbr", "b", "cite", "code", "em", "font", "i", "kbd", "label", "mark", "q", "s", "small"]
) | {"span", "strong", "sub", "sup", "time", "tt", "u", "var"}
_BLOCKS = _LEAVES | {"p", "quote", "head", "div", "ab"}


def extract_html(data: bytes, name: str) -> Extracted:
    """What a page says, with its headings as sections.

    The title is the page's only first-level heading, else its `<title>`.

    Raises:
        DocumentError: the page is binary, or neither UTF-8 nor in the encoding that it declares.
    """
    import trafilatura

    html = _decode(data, name)
    tree = _parsed(html)
    if tree is None:
        return Extracted(text="")
    title = _title(tree)
    assembly = TextAssembly()
    # A page as small as this has no decoration worth telling apart, and trafilatura is at a loss.
    paragraphs = list(_paragraphs(tree))
    if sum(len(words) for _, words in paragraphs) >= _SMALL_PAGE:
        page = trafilatura.bare_extraction(
            tree, include_comments=False, include_tables=True, favor_recall=True
        )
        if page is not None and not isinstance(page, dict) and page.body is not None:
            _add_blocks(page.body, assembly)
    extracted = assembly.extracted(title)
    if extracted.text:
        return extracted
    for tag, words in paragraphs:
        if tag in _HEADINGS:
            assembly.add_heading(words)
        else:
            assembly.add(f"- {words}" if tag == "li" else words)
    return assembly.extracted(title)


def _parsed(html: str) -> Any:
    import lxml.etree
    import lxml.html

    try:
        # As bytes, for lxml takes no string that states an encoding of its own.
        return lxml.html.document_fromstring(
            html.encode("utf-8"), parser=lxml.html.HTMLParser(encoding="utf-8")
        )
    except lxml.etree.ParserError:
        return None


def _paragraphs(element: Any) -> Iterator[tuple[str, str]]:
    """All that an element shows, by paragraph, each with the tag that it stands in."""
    pieces = [element.text or ""]
    for child in element.iterchildren():
        if child.tag in _INLINE:
            pieces.append("".join(child.itertext()))
        elif isinstance(child.tag, str) and child.tag not in _HIDDEN:
            yield from _paragraph(element.tag, pieces)
            pieces = []
            yield from _paragraphs(child)
        pieces.append(child.tail or "")
    yield from _paragraph(element.tag, pieces)


def _paragraph(tag: str, pieces: list[str]) -> Iterator[tuple[str, str]]:
    if words := " ".join("".join(pieces).split()):
        yield tag, words


def _decode(data: bytes, name: str) -> str:
    declared = _CHARSET.search(data[:_LOOK_FOR_CHARSET_IN])
    try:
        return decode_text(data, name)
    except DocumentError:
        if declared is None or b"\0" in data or decode_marked(data, name) is not None:
            raise
    try:
        encoding = codecs.lookup(declared[1].decode("ascii")).name
        return storable(data.decode(_MEANT.get(encoding, encoding)))
    except (LookupError, UnicodeDecodeError):
        raise DocumentError(
            f"{name} is neither UTF-8 nor the {declared[1].decode('ascii')} that it declares",
            hint="Save the page as UTF-8 and try again.",
        ) from None


def _title(tree: Any) -> str:
    first_level = [_words(heading) for heading in tree.iter("h1")]
    if len(first_level) == 1 and first_level[0]:
        return first_level[0]
    return next((_words(title) for title in tree.iter("title")), "")


def _words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split())


def _add_blocks(parent: Any, assembly: TextAssembly) -> None:
    for element in parent.iterchildren():
        if element.tag == "head" and _words(element):
            assembly.add_heading(_words(element))
        elif element.tag in _LEAVES or not any(c.tag in _BLOCKS for c in element.iterchildren()):
            _add(assembly, _block(element))
        else:
            _add(assembly, " ".join((element.text or "").split()))
            _add_blocks(element, assembly)
        _add(assembly, " ".join((element.tail or "").split()))


def _add(assembly: TextAssembly, block: str) -> None:
    if block:
        assembly.add(block)


def _block(element: Any) -> str:
    if element.tag == "list":
        return "\n".join(_items(element, depth=0))
    if element.tag == "table":
        return "\n".join(filter(None, map(_row, element.iter("row"))))
    if element.tag == "code":
        return "".join(element.itertext()).strip("\r\n")
    return _words(element)


def _items(parent: Any, depth: int) -> Iterator[str]:
    ordered = parent.get("rend") == "ol"
    for number, item in enumerate(parent.iterchildren("item"), start=1):
        nested = list(item.iterchildren("list"))
        pieces = [item.text or ""]
        for child in item.iterchildren():
            pieces += [] if child.tag == "list" else ["".join(child.itertext())]
            pieces.append(child.tail or "")
        words = " ".join(" ".join(pieces).split())
        marker = f"{number}." if ordered else "-"
        if words:
            yield f"{'  ' * depth}{marker} {words}"
        for sub in nested:
            yield from _items(sub, depth + 1)


def _row(row: Any) -> str:
    cells = [_words(cell) for cell in row.iter("cell")]
    return f"| {' | '.join(cells)} |" if any(cells) else ""
