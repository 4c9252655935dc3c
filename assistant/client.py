"""The assistant over HTTP: the same verbs and result types as `assistant.Assistant`.

    with Client("http://127.0.0.1:7860") as client:
        print(client.ask("Why do detectors use anchor boxes?").text)

Fields and events that this version does not know are ignored, and fields that a server of an
earlier version does not send take their defaults.
"""

import json
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any, Self, TypeVar, cast
from urllib.parse import quote

import httpx
from pydantic import ValidationError
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    Retrying,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential_jitter,
)

from assistant.answering.types import Answer, Done, Event, Message
from assistant.assistant import Status
from assistant.errors import (
    AccessError,
    AssistantError,
    ImageRefusedError,
    ServerError,
    UnreachableError,
)
from assistant.library import LibraryReport
from assistant.serialisation import from_json_data, to_json_data
from assistant.serving import wire
from assistant.serving.schemas import Removed
from corpus.closing import Closing
from corpus.types import Document
from index.types import DocumentList, DocumentSummary, Hit, ImageHit

__all__ = ["AsyncClient", "Client"]

T = TypeVar("T")

DEFAULT_URL = "http://127.0.0.1:7860"
TIMEOUT_SECONDS = 180.0
CONNECT_SECONDS = 5.0
ATTEMPTS = 4
LONGEST_PAUSE_SECONDS = 30.0
PAGE = 1000

OnWait = Callable[[int], None]

_ACCESS_CODES = ("key-required", "access-denied", "host-unknown")
_backoff = wait_exponential_jitter(multiplier=0.5, max=LONGEST_PAUSE_SECONDS)


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
        self._http = httpx.Client(**_http_options(url, api_key, timeout), transport=transport)
        self._retrying = Retrying(**_retry_options(attempts))

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        """Answer `question`; `history` is the conversation before it, oldest first."""
        return self._call(Answer, "POST", "/v1/ask", json=_question(question, history))

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
        body = _question(question, history) | {"stream": True}
        with ExitStack() as stack:
            response = self._retrying(self._open_stream, stack, body)
            yield from _read_events(_guarded(response.iter_lines()), on_wait)

    def search(self, query: str, k: int = 5, *, distinct: bool = False) -> list[Hit]:
        """The `k` passages that match best."""
        body = {"query": query, "k": k, "distinct": distinct}
        return self._call(list[Hit], "POST", "/v1/search", json=body)

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
        options = _image_search(example, text, minus, like, k)
        return self._call(list[ImageHit], "POST", "/v1/images/search", **options)

    def picture(self, image_id: str) -> bytes | None:
        """An image as a JPEG of at most 1600 pixels each way, if there is one with that id."""
        return self._call(bytes, "GET", _picture_path(image_id), missing=None)

    def add(self, paths: Iterable[str | Path] | str | Path) -> LibraryReport:
        """Upload files, and folders with all that they hold; each file has its result."""
        files = _files(paths)
        if not files:
            return LibraryReport()
        return self._call(LibraryReport, "POST", "/v1/documents", files=files)

    def remove(self, document_id: str) -> tuple[str, ...]:
        """Remove a document, or all below a folder; the ids of what was removed."""
        removed = self._call(Removed, "DELETE", _document_path(document_id), missing=Removed([]))
        return tuple(removed.removed)

    def list_documents(self, query: str = "", *, offset: int = 0, limit: int = 100) -> DocumentList:
        """A page of the documents whose id or title holds the words of `query`, without texts."""
        params = {"query": query, "offset": offset, "limit": limit}
        return self._call(DocumentList, "GET", "/v1/documents", params=params)

    def documents(self, query: str = "") -> list[DocumentSummary]:
        """All documents whose id or title holds the words of `query`, without their texts."""
        found: list[DocumentSummary] = []
        while True:
            page = self.list_documents(query, offset=len(found), limit=PAGE)
            found += page.documents
            if len(found) >= page.total or not page.documents:
                return found

    def document(self, document_id: str) -> Document | None:
        """The document with that id, if there is one."""
        return self._call(Document, "GET", _document_path(document_id), missing=None)

    def status(self) -> Status:
        """What is indexed and which models are in use."""
        return self._call(Status, "GET", "/v1/status")

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _call(
        self, kind: type[T], method: str, path: str, *, missing: Any = ..., **options: Any
    ) -> T:
        return self._retrying(self._call_once, kind, method, path, missing, options)

    def _call_once(
        self, kind: type[T], method: str, path: str, missing: Any, options: dict[str, Any]
    ) -> T:
        try:
            response = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise _unreachable(error) from error
        return _result(kind, response, missing)

    def _open_stream(self, stack: ExitStack, body: dict[str, Any]) -> httpx.Response:
        try:
            response = stack.enter_context(
                self._http.stream("POST", "/v1/ask", json=body, headers=_ACCEPT)
            )
            if response.is_error:
                response.read()
        except httpx.TransportError as error:
            raise _unreachable(error) from error
        _raise_for_problem(response)
        return response


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
        self._http = httpx.AsyncClient(**_http_options(url, api_key, timeout), transport=transport)
        self._retrying = AsyncRetrying(**_retry_options(attempts))

    async def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        """Answer `question`; `history` is the conversation before it, oldest first."""
        return await self._call(Answer, "POST", "/v1/ask", json=_question(question, history))

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
        body = _question(question, history) | {"stream": True}
        async with AsyncExitStack() as stack:
            response: httpx.Response = await self._retrying(self._open_stream, stack, body)
            reader = _EventReader(on_wait)
            try:
                async for line in response.aiter_lines():
                    for event in reader.take(line):
                        yield event
            except httpx.TransportError as error:
                raise _unreachable(error) from error
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
        options = _image_search(example, text, minus, like, k)
        return await self._call(list[ImageHit], "POST", "/v1/images/search", **options)

    async def picture(self, image_id: str) -> bytes | None:
        """An image as a JPEG of at most 1600 pixels each way, if there is one with that id."""
        return await self._call(bytes, "GET", _picture_path(image_id), missing=None)

    async def add(self, paths: Iterable[str | Path] | str | Path) -> LibraryReport:
        """Upload files, and folders with all that they hold; each file has its result."""
        files = _files(paths)
        if not files:
            return LibraryReport()
        return await self._call(LibraryReport, "POST", "/v1/documents", files=files)

    async def remove(self, document_id: str) -> tuple[str, ...]:
        """Remove a document, or all below a folder; the ids of what was removed."""
        path = _document_path(document_id)
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
        return await self._call(Document, "GET", _document_path(document_id), missing=None)

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
            raise _unreachable(error) from error
        return _result(kind, response, missing)

    async def _open_stream(self, stack: AsyncExitStack, body: dict[str, Any]) -> httpx.Response:
        try:
            response = await stack.enter_async_context(
                self._http.stream("POST", "/v1/ask", json=body, headers=_ACCEPT)
            )
            if response.is_error:
                await response.aread()
        except httpx.TransportError as error:
            raise _unreachable(error) from error
        _raise_for_problem(response)
        return response


_ACCEPT = {"Accept": wire.MEDIA_TYPE}


class _EventReader:
    """Turns the lines of server-sent events into events."""

    def __init__(self, on_wait: OnWait | None) -> None:
        self._on_wait = on_wait
        self._name = ""
        self._data: list[str] = []
        self._done = False

    def take(self, line: str) -> Iterator[Event]:
        """The event that ends with `line`, if one does."""
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
        elif not line and self._name:
            name, data = self._name, _json("\n".join(self._data))
            self._name, self._data = "", []
            yield from self._event(name, data)

    def check_end(self) -> None:
        """Raise when the stream broke off before the answer was done."""
        if not self._done:
            raise UnreachableError("The connection broke before the answer was finished.")

    def _event(self, name: str, data: Any) -> Iterator[Event]:
        if name == wire.ERROR:
            raise _error_of(data)
        if name == wire.WAITING:
            if self._on_wait is not None:
                self._on_wait(data["position"])
            return
        event = _parsed(lambda: wire.event_of(name, data))
        if event is not None:
            self._done = isinstance(event, Done)
            yield event


def _read_events(lines: Iterator[str], on_wait: OnWait | None) -> Iterator[Event]:
    reader = _EventReader(on_wait)
    for line in lines:
        yield from reader.take(line)
    reader.check_end()


def _guarded(lines: Iterator[str]) -> Iterator[str]:
    try:
        yield from lines
    except httpx.TransportError as error:
        raise _unreachable(error) from error


def _http_options(url: str, api_key: str | None, timeout: float) -> dict[str, Any]:
    return {
        "base_url": url,
        "headers": {"Authorization": f"Bearer {api_key}"} if api_key else {},
        "timeout": httpx.Timeout(timeout, connect=CONNECT_SECONDS),
    }


def _retry_options(attempts: int) -> dict[str, Any]:
    return {
        "retry": retry_if_exception(
            lambda error: isinstance(error, AssistantError) and error.retryable
        ),
        "stop": stop_after_attempt(attempts),
        "wait": _pause,
        "reraise": True,
    }


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked: float | None = getattr(error, "retry_after", None)
    return _backoff(state) if asked is None else min(asked, LONGEST_PAUSE_SECONDS)


def _question(question: str, history: Sequence[Message]) -> dict[str, Any]:
    return {"question": question, "history": to_json_data(list(history))}


def _image_search(
    example: Path | str | bytes | None, text: str, minus: str, like: str, k: int
) -> dict[str, Any]:
    fields = {"text": text, "minus": minus, "like": like, "k": str(k)}
    if example is None:
        return {"data": fields}
    content = example if isinstance(example, bytes) else Path(example).read_bytes()
    return {"data": fields, "files": {"example": ("example", content)}}


def _document_path(document_id: str) -> str:
    return f"/v1/documents/{quote(document_id, safe='/')}"


def _picture_path(image_id: str) -> str:
    return f"/v1/images/{quote(image_id, safe='/')}/picture"


def _files(paths: Iterable[str | Path] | str | Path) -> list[tuple[str, tuple[str, bytes]]]:
    from corpus.loaders import find_files

    if isinstance(paths, str | Path):
        paths = [paths]
    found = find_files([Path(path) for path in paths])
    return [("files", (path.name, path.read_bytes())) for path in found]


def _result(kind: type[T], response: httpx.Response, missing: Any) -> T:
    if response.status_code == httpx.codes.NOT_FOUND and missing is not ...:
        return missing
    _raise_for_problem(response)
    if kind is bytes:
        return cast(T, response.content)
    return _parsed(lambda: from_json_data(kind, _json(response.text)))


def _parsed(read: Callable[[], T]) -> T:
    try:
        return read()
    except ValidationError as error:
        raise ServerError(
            f"The server's answer cannot be understood: {error.error_count()} fields are wrong.",
            hint="Is the server of a much older or newer version?",
        ) from error


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise ServerError(
            "The server's answer is not JSON.", hint="Is this address the assistant's?"
        ) from error


def _raise_for_problem(response: httpx.Response) -> None:
    if not response.is_error:
        return
    try:
        data = response.json()
    except ValueError:
        data = None
    if not isinstance(data, dict):
        data = {"detail": f"The server answered {response.status_code}."}
    error = _error_of(data)
    pause = response.headers.get("Retry-After", "")
    if pause.isdigit():
        error.retry_after = float(pause)  # type: ignore[attr-defined]
    raise error


def _error_of(problem: dict[str, Any]) -> AssistantError:
    """The error that a problem tells of, by its code."""
    code = str(problem.get("code", ""))
    message = str(problem.get("detail") or problem.get("title") or "The server failed.")
    hint = str(problem.get("hint", ""))
    if code == ImageRefusedError.code:
        return ImageRefusedError(message, reason=str(problem.get("reason", "unknown")), hint=hint)
    kind = AccessError if code in _ACCESS_CODES else _error_classes().get(code, ServerError)
    return kind(message, hint=hint)


def _error_classes() -> dict[str, type[AssistantError]]:
    """The errors by code, of those that are made from a message alone."""
    classes: dict[str, type[AssistantError]] = {}
    todo = [AssistantError]
    while todo:
        for kind in todo.pop().__subclasses__():
            todo.append(kind)
            if kind.__init__ is AssistantError.__init__:
                classes.setdefault(kind.code, kind)
    return classes


def _unreachable(error: httpx.TransportError) -> UnreachableError:
    if isinstance(error, httpx.TimeoutException):
        return UnreachableError(
            "The server did not answer in time.", hint="Give the client a longer timeout."
        )
    return UnreachableError(
        f"The server cannot be reached: {error}.",
        hint="Is it running? `assistant serve` starts it.",
    )
