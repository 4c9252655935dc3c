"""The calls that both clients make: what each sends where, and what comes back."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import quote

from assistant.answering.types import Answer, Message
from assistant.assistant import Status
from assistant.library import LibraryReport
from assistant.serialisation import to_json_data
from assistant.serving import wire
from assistant.serving.schemas import Removed
from corpus.types import Document
from index.types import DocumentList, Hit, ImageHit

T = TypeVar("T")

# Documents asked for at once when all are listed.
PAGE = 1000


@dataclass(frozen=True, slots=True)
class Call(Generic[T]):
    """A request, with `options` as httpx takes them, for a `kind` of result.

    `missing` is the result where the server has no such thing; `...` makes that an error.
    """

    kind: type[T]
    method: str
    path: str
    options: Mapping[str, Any] = field(default_factory=dict)
    missing: Any = ...


def ask(question: str, history: Sequence[Message]) -> Call[Answer]:
    """An answer at once."""
    return Call(Answer, "POST", "/v1/ask", {"json": _question(question, history)})


def stream(question: str, history: Sequence[Message]) -> Call[Answer]:
    """An answer as server-sent events."""
    options = {
        "json": _question(question, history) | {"stream": True},
        "headers": {"Accept": wire.MEDIA_TYPE},
    }
    return Call(Answer, "POST", "/v1/ask", options)


def search(query: str, k: int, distinct: bool) -> Call[list[Hit]]:
    """Passages."""
    body = {"query": query, "k": k, "distinct": distinct}
    return Call(list[Hit], "POST", "/v1/search", {"json": body})


def search_images(
    example: Path | str | bytes | None, text: str, minus: str, like: str, k: int
) -> Call[list[ImageHit]]:
    """Images; the content of an example goes along."""
    options: dict[str, Any] = {"data": {"text": text, "minus": minus, "like": like, "k": str(k)}}
    if example is not None:
        content = example if isinstance(example, bytes) else Path(example).read_bytes()
        options["files"] = {"example": ("example", content)}
    return Call(list[ImageHit], "POST", "/v1/images/search", options)


def picture(image_id: str) -> Call[bytes]:
    """An image."""
    path = f"/v1/images/{quote(image_id, safe='/')}/picture"
    return Call(bytes, "GET", path, missing=None)


def add(paths: Iterable[str | Path] | str | Path) -> Call[LibraryReport] | None:
    """The upload of files, and of those in folders; None where there is none."""
    from corpus.loaders import find_files

    if isinstance(paths, str | Path):
        paths = [paths]
    found = find_files([Path(path) for path in paths])
    if not found:
        return None
    files = [("files", (path.name, path.read_bytes())) for path in found]
    return Call(LibraryReport, "POST", "/v1/documents", {"files": files})


def remove(document_id: str) -> Call[Removed]:
    """The removal of a document, or of all below a folder."""
    return Call(Removed, "DELETE", _document_path(document_id), missing=Removed([]))


def list_documents(query: str, offset: int, limit: int) -> Call[DocumentList]:
    """A page of the documents."""
    params = {"query": query, "offset": offset, "limit": limit}
    return Call(DocumentList, "GET", "/v1/documents", {"params": params})


def document(document_id: str) -> Call[Document]:
    """A document."""
    return Call(Document, "GET", _document_path(document_id), missing=None)


def status() -> Call[Status]:
    """What is indexed and which models are in use."""
    return Call(Status, "GET", "/v1/status")


def _question(question: str, history: Sequence[Message]) -> dict[str, Any]:
    return {"question": question, "history": to_json_data(list(history))}


def _document_path(document_id: str) -> str:
    return f"/v1/documents/{quote(document_id, safe='/')}"
