"""Word documents (.docx) through python-docx.

python-docx gives paragraphs, styles and tables as they stand. markitdown was considered: it turns
the file into HTML and that into Markdown, which loses where things were, and brings a file-type
model along. lxml is told by python-docx not to resolve entities; nothing is fetched.
"""

import io
import zipfile
from collections.abc import Iterator
from typing import Any

from corpus.errors import DocumentError
from corpus.loaders.extracted import Extracted, TextAssembly
from corpus.loaders.reading import storable

_MOST_UNPACKED = 250_000_000
_MOST_XML = 50_000_000
_MOST_PARTS = 10_000
_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_SILENT = frozenset([f"{_W}pPr", f"{_W}moveFrom", _FALLBACK])
_CHARACTERS = {f"{_W}tab": "\t", f"{_W}br": "\n", f"{_W}cr": "\n", f"{_W}noBreakHyphen": "-"}


def extract_word(data: bytes, name: str) -> Extracted:
    """What a Word document says: paragraphs, lists and tables in order, headings as sections.

    Tracked insertions are read, deletions are not; neither are headers, footers and notes. The
    title is that of the properties, else that of the title style, else the first heading.

    Raises:
        DocumentError: the file is no .docx, damaged, encrypted, or unpacks to more than 250 MB
            (50 MB of XML).
    """
    _check_archive(data, name)
    import docx

    try:
        document = docx.Document(io.BytesIO(data))
        assembly = TextAssembly()
        reading = _Reading(document, assembly)
        reading.add_blocks(document.element.body)
        reading.end_list()
        title = storable(document.core_properties.title or "").strip() or reading.title
        return assembly.extracted(title)
    # A damaged file fails anywhere inside python-docx, with whatever its bytes lead to.
    except (Exception, RecursionError) as error:
        raise DocumentError(
            f"{name} is damaged and cannot be read as a Word document "
            f"({type(error).__name__}: {error})",
            hint="Open it in a word processor and save it anew as .docx, then try again.",
        ) from error


def _check_archive(data: bytes, name: str) -> None:
    """Refuse what is no Word document, and archives that would fill the memory.

    The declared sizes can be trusted: zipfile reads no more of a part than its header declares.
    """
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise DocumentError(
            f"{name} is encrypted, or of the older .doc format",
            hint="Save it as .docx without a password, then try again.",
        )
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise DocumentError(
            f"{name} is not a Word document (.docx): {error}",
            hint="Give the file the ending of its kind, or save it anew as .docx.",
        ) from None
    unpacked = sum(part.file_size for part in parts)
    # Parsed XML takes several times its size in memory; pictures are only held.
    xml = sum(part.file_size for part in parts if part.filename.endswith((".xml", ".rels")))
    if unpacked > _MOST_UNPACKED or xml > _MOST_XML or len(parts) > _MOST_PARTS:
        raise DocumentError(
            f"{name} would unpack to {unpacked:,} bytes ({xml:,} of XML) in {len(parts):,} parts; "
            f"at most {_MOST_UNPACKED:,} ({_MOST_XML:,} of XML) in {_MOST_PARTS:,} are read",
            hint="Take its pictures out, or split it.",
        )


class _Reading:
    """Walks through a document's body. `title` is the text of the title style, once met."""

    def __init__(self, document: Any, assembly: TextAssembly) -> None:
        self.title = ""
        self._assembly = assembly
        self._styles = {style.style_id: str(style.name) for style in document.styles}
        self._items: list[str] = []

    def add_blocks(self, parent: Any) -> None:
        for element in parent.iterchildren():
            if element.tag == f"{_W}p":
                self._add_paragraph(element)
            elif element.tag == f"{_W}tbl":
                self.end_list()
                rows = [_row(row) for row in element.iter(f"{_W}tr")]
                if any(rows):
                    self._assembly.add("\n".join(filter(None, rows)))
            # Content controls, tracked insertions and the like hold blocks of their own.
            elif element.tag in (f"{_W}sdt", f"{_W}sdtContent", f"{_W}ins", f"{_W}customXml"):
                self.add_blocks(element)

    def end_list(self) -> None:
        """Write the list items that were collected, as one block."""
        if self._items:
            self._assembly.add("\n".join(self._items))
            self._items = []

    def _add_paragraph(self, paragraph: Any) -> None:
        text = _text(paragraph).strip()
        if not text:
            return
        style = paragraph.find(f"{_W}pPr/{_W}pStyle")
        style_id = style.get(f"{_W}val", "") if style is not None else ""
        name = self._styles.get(style_id, style_id).lower()
        if name.startswith("heading"):
            self.end_list()
            self._assembly.add_heading(" ".join(text.split()))
        elif name == "title":
            self.end_list()
            self.title = self.title or " ".join(text.split())
            self._assembly.add_heading(" ".join(text.split()))
        elif name.startswith("list") or paragraph.find(f"{_W}pPr/{_W}numPr") is not None:
            self._items.append(f"- {text}")
        else:
            self.end_list()
            self._assembly.add(text)


def _text(element: Any) -> str:
    return storable("".join(_characters(element)))


def _characters(element: Any) -> Iterator[str]:
    for child in element.iterchildren():
        if child.tag == f"{_W}t":
            yield child.text or ""
        elif child.tag in _CHARACTERS:
            yield _CHARACTERS[child.tag]
        # The tab stops among a paragraph's properties are no tabs; a fallback, and the place that
        # text was moved from, say it twice.
        elif child.tag not in _SILENT:
            yield from _characters(child)


def _row(row: Any) -> str:
    cells = [
        " ".join(" ".join(_text(p).split()) for p in cell.iter(f"{_W}p")).strip()
        for cell in row.iterchildren(f"{_W}tc")
    ]
    return f"| {' | '.join(cells)} |" if any(cells) else ""
