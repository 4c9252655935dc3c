"""Files become documents of the corpus, with a result for each file."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import DocumentError
from corpus.types import Document

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class RefusedFile:
    """A file that could not become a document, and why."""

    path: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class LibraryReport:
    """What became of each file: ids of documents, and the files that were refused."""

    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    refused: tuple[RefusedFile, ...] = ()


def document_id(path: Path) -> str:
    """The id of a file's document: its absolute path, the same from any working directory."""
    return path.expanduser().absolute().as_posix()


def read_documents(
    paths: Iterable[str | Path], progress: Progress | None = None
) -> tuple[list[Document], list[RefusedFile]]:
    """Load all files below `paths`; a file that is refused does not stop the others."""
    from dataclasses import replace

    from corpus.loaders import find_files, load_file

    documents: list[Document] = []
    refused: list[RefusedFile] = []
    files: list[Path] = []
    for path in map(Path, paths):
        try:
            files.extend(find_files([path]))
        except DocumentError as error:
            refused.append(RefusedFile(str(path), error.message, error.hint))
    for number, path in enumerate(files, start=1):
        if progress is not None:
            progress(number, len(files), "Reading files")
        try:
            documents.append(replace(load_file(path), id=document_id(path)))
        except DocumentError as error:
            refused.append(RefusedFile(str(path), error.message, error.hint))
    return documents, refused
