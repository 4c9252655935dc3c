"""What a request may be: who may send it, from where, to which host name, and how large."""

import secrets
from base64 import b64decode
from binascii import Error as Base64Error
from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.serving.problems import problem_data, request_id_of, send_problem

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")
KEPT_BEHIND_THE_KEY = ("/v1", "/mcp", "/metrics")


def is_local(host: str) -> bool:
    """Whether an address to listen on can only be reached from this machine."""
    return host in LOCAL_HOSTS or host.startswith("127.")


def host_name(netloc: str) -> str:
    """The name in a Host header or an origin's netloc: no port, no brackets, lower case."""
    return (urlsplit(f"//{netloc}").hostname or "").lower()


class SourceLimit:
    """Refuses host names that are not ours, and changes that pages of other origins ask for.

    The first stops DNS rebinding: a page of an attacker whose name suddenly points here. The second
    stops a page anywhere from posting a form or a file to the server on this machine.
    `hosts` empty means all.
    """

    def __init__(self, app: ASGIApp, hosts: Sequence[str], origins: Sequence[str]) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._origins = frozenset(origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or answer with a problem."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if self._hosts and host_name(host) not in self._hosts:
            data = problem_data(
                "host-unknown",
                "This server does not answer to that host name.",
                hint="Add it to the setting allowed_hosts.",
                request_id=request_id_of(scope),
            )
            await send_problem(scope, receive, send, data)
            return
        if scope["method"] not in SAFE_METHODS and self._is_foreign(headers, host):
            data = problem_data(
                "access-denied",
                "A page of another origin may not change anything here.",
                hint="Add the page's origin to the setting allowed_origins.",
                request_id=request_id_of(scope),
            )
            await send_problem(scope, receive, send, data)
            return
        await self._app(scope, receive, send)

    def _is_foreign(self, headers: Headers, host: str) -> bool:
        origin = headers.get("origin")
        if origin is None:
            return headers.get("sec-fetch-site") == "cross-site"
        return origin not in self._origins and urlsplit(origin).netloc.lower() != host.lower()


class BodyLimit:
    """Refuses bodies of more than `limit` bytes, also when their length is not announced."""

    def __init__(self, app: ASGIApp, limit: int, upload_limit: int) -> None:
        self._app = app
        self._limit = limit
        self._upload_limit = upload_limit

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, cut off at the limit."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        is_upload = headers.get("content-type", "").startswith("multipart/")
        limit = self._upload_limit if is_upload else self._limit
        announced = headers.get("content-length", "0")
        if not announced.isdigit() or int(announced) > limit:
            await self._refuse(scope, receive, send, limit)
            return
        received = 0
        answered = refused = False

        async def receive_within_limit() -> Message:
            nonlocal received, refused
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                refused = True
                return {"type": "http.disconnect"}
            return message

        async def send_unless_refused(message: Message) -> None:
            nonlocal answered
            if refused and not answered:
                return
            answered = True
            await send(message)

        try:
            await self._app(scope, receive_within_limit, send_unless_refused)
        except Exception:
            if not refused:
                raise
        if refused and not answered:
            await self._refuse(scope, receive, send, limit)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, limit: int) -> None:
        data = problem_data(
            "too-large",
            f"The body has more than {limit:,} bytes.",
            hint="The settings upload_megabytes and upload_files say how much is accepted.",
            request_id=request_id_of(scope),
        )
        await send_problem(scope, receive, send, data, Connection="close")


class KeyLimit:
    """Lets only callers with the key (or the login of the chat) use the programs' routes.

    The key comes as `Authorization: Bearer …` or `X-API-Key`, the login as HTTP Basic. Comparing
    takes the same time whatever was sent.
    """

    def __init__(self, app: ASGIApp, key: str | None, login: str | None) -> None:
        self._app = app
        self._key = key
        self._login = login

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on or answer 401."""
        kept = scope["type"] == "http" and any(
            scope["path"] == prefix or scope["path"].startswith(prefix + "/")
            for prefix in KEPT_BEHIND_THE_KEY
        )
        if not kept or self._is_known(Headers(scope=scope)):
            await self._app(scope, receive, send)
            return
        data = problem_data(
            "key-required",
            "The key is missing or wrong.",
            hint="Send it as `Authorization: Bearer KEY`.",
            request_id=request_id_of(scope),
        )
        await send_problem(scope, receive, send, data, **{"WWW-Authenticate": "Bearer"})

    def _is_known(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        known = False
        if self._key is not None:
            bearer = given.strip() if scheme.lower() == "bearer" else headers.get("x-api-key", "")
            known = same(bearer, self._key)
        if self._login is not None and scheme.lower() == "basic":
            try:
                login = b64decode(given, validate=True).decode()
            except (Base64Error, UnicodeDecodeError):
                login = ""
            known = known or same(login, self._login)
        return known


def same(given: str, expected: str) -> bool:
    """Whether two secrets are equal, in a time that does not tell where they differ."""
    return secrets.compare_digest(given.encode(), expected.encode())
