"""The client that waits for each answer."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import httpx
from tenacity import Retrying

from assistant.answering.types import Answer, Event, Message
from assistant.assistant import Status
from assistant.client import calls
from assistant.client.calls import Call
from assistant.client.connection import (
    ATTEMPTS,
    DEFAULT_URL,
    TIMEOUT_SECONDS,
    http_options,
    retry_options,
)
from assistant.client.event_stream import EventReader, OnWait
from assistant.client.problems import raise_for_problem, unreachable
from assistant.client.results import result_of
from assistant.library import LibraryReport
from corpus.closing import Closing
from corpus.types import Document
from index.types import DocumentList, DocumentSummary, Hit, ImageHit

T = TypeVar("T")


class Client(Closing):
    """The assistant at `url`. Use it as a context manager, or call `close`.

    `api_key` is the server's key, where it has one. `timeout` is the longest silence in seconds.
    What may be retried (the server is busy, or cannot be reached) is tried up to `attempts` times,
    with growing pauses or after the time that the server asks for.

    Methods raise what the same method of `Assistant` raises, by the code that the server sends;
    besides `UnreachableError`, `AccessError` for a wrong key, and `ServerError` for anything else.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        api_key: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        attempts: int = ATTEMPTS,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._http = httpx.Client(**http_options(url, api_key, timeout), transport=transport)
        self._retrying = Retrying(**retry_options(attempts))

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        """Answer `question`; `history` is the conversation before it, oldest first."""
        return self._call(calls.ask(question, history))

    def stream(
        self,
        question: str,
        history: Sequence[Message] = (),
        *,
        on_wait: OnWait | None = None,
    ) -> Iterator[Event]:
        """Answer `question` event by event; `on_wait` is told the place in the line.

        A question is retried only until its first event has come.
        """
        call = calls.stream(question, history)
        with ExitStack() as stack:
            response = self._retrying(self._open_stream, stack, call)
            reader = EventReader(on_wait)
            try:
                for line in response.iter_lines():
                    yield from reader.take(line)
            except httpx.TransportError as error:
                raise unreachable(error) from error
            reader.check_end()

    def search(self, query: str, k: int = 5, *, distinct: bool = False) -> list[Hit]:
        """The `k` passages that match best."""
        return self._call(calls.search(query, k, distinct))

    def search_images(
        self,
        example: Path | str | bytes | None = None,
        text: str = "",
        *,
        minus: str = "",
        like: str = "",
        k: int = 12,
    ) -> list[ImageHit]:
        """Images by an example (a file or its bytes), by words, or like one that is there.

        The `path` of each is the address of its picture at the server; `picture` gets it.
        """
        return self._call(calls.search_images(example, text, minus, like, k))

    def picture(self, image_id: str) -> bytes | None:
        """An image as a JPEG of at most 1600 pixels each way, if there is one with that id."""
        return self._call(calls.picture(image_id))

    def add(self, paths: Iterable[str | Path] | str | Path) -> LibraryReport:
        """Upload files, and folders with all that they hold; each file has its result."""
        call = calls.add(paths)
        return LibraryReport() if call is None else self._call(call)

    def remove(self, document_id: str) -> tuple[str, ...]:
        """Remove a document, or all below a folder; the ids of what was removed."""
        removed = self._call(calls.remove(document_id))
        return tuple(removed.removed)

    def list_documents(self, query: str = "", *, offset: int = 0, limit: int = 100) -> DocumentList:
        """A page of the documents whose id or title holds the words of `query`, without texts."""
        return self._call(calls.list_documents(query, offset, limit))

    def documents(self, query: str = "") -> list[DocumentSummary]:
        """All documents whose id or title holds the words of `query`, without their texts."""
        found: list[DocumentSummary] = []
        while True:
            page = self.list_documents(query, offset=len(found), limit=calls.PAGE)
            found += page.documents
            if len(found) >= page.total or not page.documents:
                return found

    def document(self, document_id: str) -> Document | None:
        """The document with that id, if there is one."""
        return self._call(calls.document(document_id))

    def status(self) -> Status:
        """What is indexed and which models are in use."""
        return self._call(calls.status())

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _call(self, call: Call[T]) -> T:
        return self._retrying(self._call_once, call)

    def _call_once(self, call: Call[T]) -> T:
        try:
            response = self._http.request(call.method, call.path, **call.options)
        except httpx.TransportError as error:
            raise unreachable(error) from error
        return result_of(call, response)

    def _open_stream(self, stack: ExitStack, call: Call[Answer]) -> httpx.Response:
        try:
            response = stack.enter_context(
                self._http.stream(call.method, call.path, **call.options)
            )
            if response.is_error:
                response.read()
        except httpx.TransportError as error:
            raise unreachable(error) from error
        raise_for_problem(response)
        return response
