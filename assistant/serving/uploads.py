"""Files that arrive over HTTP become documents, with a result for each file."""

import re
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from assistant.errors import DocumentError
from assistant.library import LibraryReport, RefusedFile

if TYPE_CHECKING:
    from assistant.assistant import Assistant, Progress
    from corpus.types import Document

# Ids of uploaded documents begin with this; the same name again replaces the document.
UPLOADS = "uploads"
LONGEST_NAME = 150
TEXT_SUFFIXES = (".md", ".txt")
LONGEST_SUFFIX = 20
_NOT_FOR_NAMES = re.compile(r"[\x00-\x1f\x7f/\\:]+")


def safe_name(name: str) -> str:
    """A file's name as its sender gave it, without folders and control characters.

    Raises:
        DocumentError: nothing is left of it.
    """
    cleaned = _NOT_FOR_NAMES.sub(" ", name.replace("\\", "/").rsplit("/", 1)[-1]).strip(" .")
    if not cleaned:
        raise DocumentError(f"The file has no usable name: {name!r}.", hint="Rename the file.")
    stem, dot, suffix = cleaned.rpartition(".")
    return (
        f"{stem[:LONGEST_NAME]}{dot}{suffix[:LONGEST_SUFFIX]}" if stem else cleaned[:LONGEST_NAME]
    )


def safe_suffix(name: str) -> str:
    """The ending of a file's name, which says its format, as one that any file may have."""
    suffix = Path(name).suffix
    return suffix if suffix[1:].isalnum() and len(suffix) <= LONGEST_SUFFIX else ""


def read_upload(name: str, path: Path) -> "Document":
    """The document in the file at `path` that its sender called `name`.

    Raises:
        DocumentError: the file is refused, or its name is not usable.
    """
    from corpus.loaders import load_file

    name = safe_name(name)
    document = load_file(path)
    title = Path(name).stem if document.title in ("", path.stem, path.name) else document.title
    return replace(document, id=f"{UPLOADS}/{name}", source=name, title=title)


def document_of_text(name: str, text: str) -> "Document":
    """A document that was sent as text; `name` may end in .md or .txt.

    Raises:
        DocumentError: the name is not usable, or the text is refused.
    """
    name = safe_name(name)
    suffix = safe_suffix(name)
    with upload_folder() as folder:
        path = Path(folder, f"text{suffix if suffix in TEXT_SUFFIXES else '.md'}")
        path.write_text(text, encoding="utf-8")
        return read_upload(name, path)


def add_uploads(
    assistant: "Assistant",
    files: Sequence[tuple[str, Path]],
    progress: "Progress | None" = None,
) -> LibraryReport:
    """Add the files, given as (sender's name, where the bytes are); refused ones stop no others.

    The text is kept in the store, the files are not.
    """
    documents: dict[str, Document] = {}
    refused = []
    for number, (name, path) in enumerate(files, start=1):
        if progress is not None:
            progress(number, len(files), "Reading files")
        try:
            document = read_upload(name, path)
            documents[document.id] = document
        except DocumentError as error:
            refused.append(RefusedFile(name, error.message, error.hint))
    added = assistant.add_documents(documents.values(), progress=progress)
    return replace(added, refused=tuple(refused))


def upload_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder for the bytes of one upload, which is gone with it."""
    return tempfile.TemporaryDirectory(prefix="cv-assistant-upload-")
