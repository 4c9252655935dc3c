"""The client for asyncio."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self, TypeVar

import httpx
from tenacity import AsyncRetrying

from assistant.answering.types import Answer, Event, Message
from assistant.assistant import Status
from assistant.client.connection import (
    ATTEMPTS,
    DEFAULT_URL,
    TIMEOUT_SECONDS,
    http_options,
    retry_options,
)
from assistant.client.event_stream import ACCEPT, EventReader, OnWait
from assistant.client.problems import raise_for_problem, unreachable
from assistant.client.requests import (
    PAGE,
    document_path,
    image_search,
    picture_path,
    question_body,
    uploads,
)
from assistant.client.results import result_of
from assistant.library import LibraryReport
from assistant.serving.schemas import Removed
from corpus.types import Document
from index.types import DocumentList, DocumentSummary, Hit, ImageHit

T = TypeVar("T")


class AsyncClient:
    """`Client` for asyncio: the same methods, awaited; `stream` is an asynchronous iterator."""

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        api_key: str | None = None,
        timeout: float = TIMEOUT_SECONDS,
        attempts: int = ATTEMPTS,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._http = httpx.AsyncClient(**http_options(url, api_key, timeout), transport=transport)
        self._retrying = AsyncRetrying(**retry_options(attempts))

    async def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        """Answer `question`; `history` is the conversation before it, oldest first."""
        return await self._call(Answer, "POST", "/v1/ask", json=question_body(question, history))

    async def stream(
        self,
        question: str,
        history: Sequence[Message] = (),
        *,
        on_wait: OnWait | None = None,
    ) -> AsyncIterator[Event]:
        """Answer `question` event by event; `on_wait` is told the place in the line.

        A question is retried only until its first event has come.
        """
        body = question_body(question, history) | {"stream": True}
        async with AsyncExitStack() as stack:
            response: httpx.Response = await self._retrying(self._open_stream, stack, body)
            reader = EventReader(on_wait)
            try:
                async for line in response.aiter_lines():
                    for event in reader.take(line):
                        yield event
            except httpx.TransportError as error:
                raise unreachable(error) from error
            reader.check_end()

    async def search(self, query: str, k: int = 5, *, distinct: bool = False) -> list[Hit]:
        """The `k` passages that match best."""
        body = {"query": query, "k": k, "distinct": distinct}
        return await self._call(list[Hit], "POST", "/v1/search", json=body)

    async def search_images(
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
        options = image_search(example, text, minus, like, k)
        return await self._call(list[ImageHit], "POST", "/v1/images/search", **options)

    async def picture(self, image_id: str) -> bytes | None:
        """An image as a JPEG of at most 1600 pixels each way, if there is one with that id."""
        return await self._call(bytes, "GET", picture_path(image_id), missing=None)

    async def add(self, paths: Iterable[str | Path] | str | Path) -> LibraryReport:
        """Upload files, and folders with all that they hold; each file has its result."""
        files = uploads(paths)
        if not files:
            return LibraryReport()
        return await self._call(LibraryReport, "POST", "/v1/documents", files=files)

    async def remove(self, document_id: str) -> tuple[str, ...]:
        """Remove a document, or all below a folder; the ids of what was removed."""
        path = document_path(document_id)
        removed = await self._call(Removed, "DELETE", path, missing=Removed([]))
        return tuple(removed.removed)

    async def list_documents(
        self, query: str = "", *, offset: int = 0, limit: int = 100
    ) -> DocumentList:
        """A page of the documents whose id or title holds the words of `query`, without texts."""
        params = {"query": query, "offset": offset, "limit": limit}
        return await self._call(DocumentList, "GET", "/v1/documents", params=params)

    async def documents(self, query: str = "") -> list[DocumentSummary]:
        """All documents whose id or title holds the words of `query`, without their texts."""
        found: list[DocumentSummary] = []
        while True:
            page = await self.list_documents(query, offset=len(found), limit=PAGE)
            found += page.documents
            if len(found) >= page.total or not page.documents:
                return found

    async def document(self, document_id: str) -> Document | None:
        """The document with that id, if there is one."""
        return await self._call(Document, "GET", document_path(document_id), missing=None)

    async def status(self) -> Status:
        """What is indexed and which models are in use."""
        return await self._call(Status, "GET", "/v1/status")

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _call(
        self, kind: type[T], method: str, path: str, *, missing: Any = ..., **options: Any
    ) -> T:
        return await self._retrying(self._call_once, kind, method, path, missing, options)

    async def _call_once(
        self, kind: type[T], method: str, path: str, missing: Any, options: dict[str, Any]
    ) -> T:
        try:
            response = await self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise unreachable(error) from error
        return result_of(kind, response, missing)

    async def _open_stream(self, stack: AsyncExitStack, body: dict[str, Any]) -> httpx.Response:
        try:
            response = await stack.enter_async_context(
                self._http.stream("POST", "/v1/ask", json=body, headers=ACCEPT)
            )
            if response.is_error:
                await response.aread()
        except httpx.TransportError as error:
            raise unreachable(error) from error
        raise_for_problem(response)
        return response
