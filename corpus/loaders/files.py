"""One file becomes one document, whatever its format."""

import os
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType

from corpus.errors import DocumentError
from corpus.loaders.extracted import Extracted
from corpus.loaders.html import extract_html
from corpus.loaders.markdown import extract_markdown
from corpus.loaders.pdf import extract_pdf
from corpus.loaders.reading import decode_text, read_bytes
from corpus.loaders.word import extract_word
from corpus.types import Document

MAX_BYTES = 50_000_000
"""The largest file that is read unless told otherwise, in bytes."""


def _extract_plain(data: bytes, name: str) -> Extracted:
    return Extracted(text=decode_text(data, name))


_FORMATS: Mapping[str, tuple[str, Callable[[bytes, str], Extracted]]] = MappingProxyType(
    {
        ".md": ("text/markdown", extract_markdown),
        ".markdown": ("text/markdown", extract_markdown),
        ".txt": ("text/plain", _extract_plain),
        ".text": ("text/plain", _extract_plain),
        ".rst": ("text/plain", _extract_plain),
        ".html": ("text/html", extract_html),
        ".htm": ("text/html", extract_html),
        ".pdf": ("application/pdf", extract_pdf),
        ".docx": (
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
            extract_word,
        ),
    }
)

SUPPORTED_SUFFIXES = frozenset(_FORMATS)
"""The endings of the files that can be read, in lower case, with the dot."""


def load_file(path: Path, *, root: Path | None = None, max_bytes: int = MAX_BYTES) -> Document:
    """Read one file.

    The id is the path relative to `root`, with `/` between its parts, or the file's name without
    `root`; `source` is `path` as given. The title is the one that the file states (front matter,
    first heading, HTML title, PDF or Word properties), else its name without the ending.
    `sections` hold headings and pages. Markdown and plain text are kept as they stand, so that
    spans point into the user's own file; of the other formats `text` is what they say.
    Nothing is fetched and nothing in the file is run.

    Raises:
        DocumentError: the file is missing, unreadable, of an unknown format, larger than
            `max_bytes`, binary, not UTF-8 (UTF-16 with a byte order mark is read as well),
            damaged, encrypted, without text, or not below `root`.
    """
    media_type, extract = _FORMATS.get(path.suffix.lower(), ("", None))
    data = read_bytes(path, max_bytes)
    if extract is None:
        raise DocumentError(
            f"{path.name} is of a format that cannot be read"
            + (f" ({path.suffix})" if path.suffix else " (its name has no ending)"),
            hint=f"Known endings: {', '.join(sorted(SUPPORTED_SUFFIXES))}.",
        )
    extracted = extract(data, path.name)
    if not any(map(str.isalnum, extracted.text)):
        raise DocumentError(
            f"{path.name} holds no text", hint="Leave it out, or add the file that has the words."
        )
    return Document(
        id=_document_id(path, root),
        title=" ".join(extracted.title.split()) or _printable(path.stem),
        text=extracted.text,
        source=_printable(str(path)),
        media_type=media_type,
        metadata={"bytes": len(data), **extracted.metadata},
        sections=extracted.sections,
    )


def _document_id(path: Path, root: Path | None) -> str:
    if root is None:
        return _printable(path.name)
    relative = Path(os.path.relpath(path.absolute(), root.absolute()))
    if relative.parts[0] == os.pardir:
        raise DocumentError(
            f"{path} is not below {root}", hint="Name a file in that folder, or another folder."
        )
    return _printable(relative.as_posix())


def _printable(name: str) -> str:
    """A file name in composed Unicode (macOS decomposes it), bytes that are not UTF-8 replaced."""
    return unicodedata.normalize("NFC", os.fsencode(name).decode("utf-8", "replace"))
