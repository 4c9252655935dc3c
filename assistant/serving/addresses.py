"""Keeps the chat's endpoints from fetching addresses that callers name as files."""

import json
import re
from typing import Any
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.serving.problems import problem_data, request_id_of, send_problem

GRADIO_CALLS = "/gradio_api/"
FILE_FIELDS = ("path", "url")
# `/gradio_api/file=http://…` and `/gradio_api/proxy=…` name the address in the path.
_ADDRESS_IN_PATH = re.compile(r"=\s*(?:[a-z][a-z0-9+.-]+:|[/\\]{2})", re.IGNORECASE)


class NoAddresses:
    """Refuses calls to Gradio's endpoints whose files are to be fetched from elsewhere.

    Gradio downloads a file that is given as an address, and asks a name server abroad whether the
    address is public. Here files come by upload alone. Addresses of this server itself, which
    browsers send beside the place of an uploaded file, are let through.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the whole body, which is bounded before, and pass it on or refuse it."""
        if scope["type"] == "http" and _ADDRESS_IN_PATH.search(scope["path"]):
            await self._refuse(scope, receive, send)
            return
        is_call = (
            scope["type"] == "http"
            and scope["method"] == "POST"
            and scope["path"].startswith(GRADIO_CALLS)
        )
        headers = Headers(scope=scope) if is_call else Headers()
        if not is_call or headers.get("content-type", "").startswith("multipart/"):
            await self._app(scope, receive, send)
            return
        messages = [await receive()]
        while messages[-1].get("more_body"):
            messages.append(await receive())
        body = b"".join(message.get("body", b"") for message in messages)
        if names_address(body, headers.get("host", "")):
            await self._refuse(scope, receive, send)
            return

        async def receive_again() -> Message:
            return messages.pop(0) if messages else await receive()

        await self._app(scope, receive_again, send)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        data = problem_data(
            "access-denied",
            "Files are not fetched from addresses.",
            hint="Upload the file itself.",
            request_id=request_id_of(scope),
        )
        await send_problem(scope, receive, send, data)


def names_address(body: bytes, host: str) -> bool:
    """Whether a JSON body holds a file with an address of another host than `host`."""
    try:
        todo: list[Any] = [json.loads(body)] if body else []
    except ValueError:
        return False
    while todo:
        data = todo.pop()
        if isinstance(data, list):
            todo += data
        elif isinstance(data, dict):
            todo += data.values()
            if any(is_elsewhere(data.get(field), host) for field in FILE_FIELDS):
                return True
    return False


def is_elsewhere(place: Any, host: str) -> bool:
    """Whether `place` is an address that is not of `host`."""
    if not isinstance(place, str):
        return False
    try:
        parts = urlsplit(place.strip())
    except ValueError:
        return True
    if not parts.netloc and "://" not in place:
        return False
    return parts.scheme not in ("http", "https") or parts.netloc.lower() != host.lower()
