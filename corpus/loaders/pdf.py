"""PDF through pypdf: the text layer, with page numbers and the outline's headings.

pypdf is pure Python, kept, and bounds what a compressed stream may grow to. What it cannot give
is the text of a scan: such a file is refused in words, for nothing here reads pictures of text.
"""

import io
import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from corpus.errors import DocumentError
from corpus.loaders.extracted import Extracted, TextAssembly
from corpus.loaders.reading import storable
from corpus.types import Section

if TYPE_CHECKING:
    from pypdf import PdfReader

_MOST_PAGES = 5_000
_MOST_OUTLINE_ENTRIES = 10_000
_TERMINATED = (".", "!", "?", ":", "…", "”", '"', ")")
# A hyphen at a line's end between two small letters parts a word; elsewhere it may belong there.
_PARTED_WORD = re.compile(r"(?<=[a-z])[-\u00ad\u2010]\n(?=[a-z])")


def extract_pdf(data: bytes, name: str) -> Extracted:
    """The text of a PDF, page after page; each page is a section that knows its number.

    Words parted at the end of a line are joined. A page follows the one before without a blank
    line when the sentence goes on. A section's heading is the outline entry that it belongs to.
    The title is that of the document's properties. Metadata: `pages`, and `pages_without_text`
    where there are any.

    Raises:
        DocumentError: the file is no PDF, damaged, encrypted, too long, or has no text layer.
    """
    from pypdf.errors import DependencyError, FileNotDecryptedError

    if b"%PDF-" not in data[:1024]:
        raise DocumentError(f"{name} is not a PDF", hint="Give the file the ending of its kind.")
    try:
        return _extract(data, name)
    except DocumentError:
        raise
    except (DependencyError, FileNotDecryptedError):
        raise _encrypted(name) from None
    # A damaged file fails anywhere inside pypdf, with whatever its bytes lead to.
    except (Exception, RecursionError) as error:
        raise DocumentError(
            f"{name} is damaged and cannot be read as a PDF ({type(error).__name__}: {error})",
            hint="Open it in a viewer and save it anew, then try again.",
        ) from error


def _encrypted(name: str) -> DocumentError:
    return DocumentError(
        f"{name} is encrypted", hint="Save a copy without a password, then try again."
    )


def _extract(data: bytes, name: str) -> Extracted:
    from pypdf import PdfReader

    reader = PdfReader(io.BytesIO(data))
    # Many files are encrypted with the empty password: anybody may read them.
    if reader.is_encrypted and not reader.decrypt(""):
        raise _encrypted(name)
    count = len(reader.pages)
    if count > _MOST_PAGES:
        raise DocumentError(
            f"{name} has {count:,} pages; at most {_MOST_PAGES:,} are read", hint="Split the file."
        )
    assembly = TextAssembly()
    pages: list[tuple[int, int, str]] = []
    last = ""
    for number, page in enumerate(reader.pages, start=1):
        text = _tidied(page.extract_text() or "")
        if text:
            gap = "\n\n" if last.endswith(_TERMINATED) else "\n"
            pages.append((number, assembly.add(text, gap=gap), text))
            last = text
    if not pages:
        raise DocumentError(
            f"{name} has no text layer: its {count} pages are pictures (a scan, perhaps)",
            hint="Recognise its text first, for instance with OCRmyPDF.",
        )
    metadata = {"pages": count}
    if count > len(pages):
        metadata["pages_without_text"] = count - len(pages)
    title = storable(str((reader.metadata and reader.metadata.title) or ""))
    return Extracted(
        text=assembly.extracted("").text,
        title=title,
        sections=_sections(pages, _outline(reader)),
        metadata=metadata,
    )


def _tidied(text: str) -> str:
    lines = [" ".join(line.split()) for line in storable(text).splitlines()]
    joined = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return _PARTED_WORD.sub("", joined)


def _outline(reader: "PdfReader") -> dict[int, list[str]]:
    """The outline's titles by page number, in order. A broken outline is none."""
    found: dict[int, list[str]] = {}
    try:
        for entry in _flat(reader.outline):
            page = reader.get_destination_page_number(entry)
            title = " ".join(storable(str(entry.title or "")).split())
            if page is not None and page >= 0 and title:
                found.setdefault(page + 1, []).append(title)
    # The text is good without its outline, and a broken one fails in as many ways as a file can.
    except (Exception, RecursionError):
        return {}
    return found


def _flat(outline: object) -> Iterator:
    waiting = [outline]
    for _ in range(_MOST_OUTLINE_ENTRIES):
        if not waiting:
            return
        entry = waiting.pop()
        if isinstance(entry, list):
            waiting.extend(reversed(entry))
        else:
            yield entry


def _sections(
    pages: list[tuple[int, int, str]], outline: dict[int, list[str]]
) -> tuple[Section, ...]:
    """A section for each page, and one for each outline title where the page shows it."""
    sections: list[Section] = []
    heading: str | None = None
    for number, start, text in pages:
        places: list[tuple[int, str]] = []
        after = 0
        for title in outline.get(number, ()):
            words = r"\s+".join(map(re.escape, title.split()))
            shown = re.compile(rf"{words}(?!\w)", re.IGNORECASE).search(text, after)
            after = shown.start() if shown else after
            places.append((after, title))
        if not places or places[0][0] > 0:
            sections.append(Section(start=start, heading=heading, page=number))
        for place, title in places:
            heading = title
            sections.append(Section(start=start + place, heading=title, page=number))
    return tuple(sections)
