"""The client for asyncio."""

from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Self, TypeVar

import httpx
from tenacity import AsyncRetrying

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
        return await self._call(calls.ask(question, history))

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
        call = calls.stream(question, history)
        async with AsyncExitStack() as stack:
            response: httpx.Response = await self._retrying(self._open_stream, stack, call)
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
        return await self._call(calls.search(query, k, distinct))

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
        return await self._call(calls.search_images(example, text, minus, like, k))

    async def picture(self, image_id: str) -> bytes | None:
        """An image as a JPEG of at most 1600 pixels each way, if there is one with that id."""
        return await self._call(calls.picture(image_id))

    async def add(self, paths: Iterable[str | Path] | str | Path) -> LibraryReport:
        """Upload files, and folders with all that they hold; each file has its result."""
        call = calls.add(paths)
        return LibraryReport() if call is None else await self._call(call)

    async def remove(self, document_id: str) -> tuple[str, ...]:
        """Remove a document, or all below a folder; the ids of what was removed."""
        removed = await self._call(calls.remove(document_id))
        return tuple(removed.removed)

    async def list_documents(
        self, query: str = "", *, offset: int = 0, limit: int = 100
    ) -> DocumentList:
        """A page of the documents whose id or title holds the words of `query`, without texts."""
        return await self._call(calls.list_documents(query, offset, limit))

    async def documents(self, query: str = "") -> list[DocumentSummary]:
        """All documents whose id or title holds the words of `query`, without their texts."""
        found: list[DocumentSummary] = []
        while True:
            page = await self.list_documents(query, offset=len(found), limit=calls.PAGE)
            found += page.documents
            if len(found) >= page.total or not page.documents:
                return found

    async def document(self, document_id: str) -> Document | None:
        """The document with that id, if there is one."""
        return await self._call(calls.document(document_id))

    async def status(self) -> Status:
        """What is indexed and which models are in use."""
        return await self._call(calls.status())

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _call(self, call: Call[T]) -> T:
        return await self._retrying(self._call_once, call)

    async def _call_once(self, call: Call[T]) -> T:
        try:
            response = await self._http.request(call.method, call.path, **call.options)
        except httpx.TransportError as error:
            raise unreachable(error) from error
        return result_of(call, response)

    async def _open_stream(self, stack: AsyncExitStack, call: Call[Answer]) -> httpx.Response:
        try:
            response = await stack.enter_async_context(
                self._http.stream(call.method, call.path, **call.options)
            )
            if response.is_error:
                await response.aread()
        except httpx.TransportError as error:
            raise unreachable(error) from error
        raise_for_problem(response)
        return response
