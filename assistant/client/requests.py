"""What the server is sent: bodies, forms and paths."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import quote

from assistant.answering.types import Message
from assistant.serialisation import to_json_data

# Documents asked for at once when all are listed.
PAGE = 1000


def question_body(question: str, history: Sequence[Message]) -> dict[str, Any]:
    """The body of `/v1/ask`."""
    return {"question": question, "history": to_json_data(list(history))}


def image_search(
    example: Path | str | bytes | None, text: str, minus: str, like: str, k: int
) -> dict[str, Any]:
    """The form of `/v1/images/search`, with the example's content, as arguments of httpx."""
    fields = {"text": text, "minus": minus, "like": like, "k": str(k)}
    if example is None:
        return {"data": fields}
    content = example if isinstance(example, bytes) else Path(example).read_bytes()
    return {"data": fields, "files": {"example": ("example", content)}}


def document_path(document_id: str) -> str:
    """Where a document, or a folder of them, is."""
    return f"/v1/documents/{quote(document_id, safe='/')}"


def picture_path(image_id: str) -> str:
    """Where an image is."""
    return f"/v1/images/{quote(image_id, safe='/')}/picture"


def uploads(paths: Iterable[str | Path] | str | Path) -> list[tuple[str, tuple[str, bytes]]]:
    """The files, and those of folders, as httpx takes them."""
    from corpus.loaders import find_files

    if isinstance(paths, str | Path):
        paths = [paths]
    found = find_files([Path(path) for path in paths])
    return [("files", (path.name, path.read_bytes())) for path in found]
