"""What surrounds every request: an id, a line in the log, measures, safe headers."""

import logging
import re
import time
import uuid
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from assistant.serving.metrics import Metrics

logger = logging.getLogger("assistant.access")

REQUEST_ID = "X-Request-ID"
_REQUEST_ID_FORM = re.compile(r"[A-Za-z0-9_.-]{1,64}")
OTHER_ROUTE = "other"

# Everything that a page needs comes from this server: browsers enforce it. Gradio's own pages
# begin with scripts inside the page and compile templates, hence the two "unsafe".
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "media-src 'self' data: blob:",
        "font-src 'self' data:",
        "connect-src 'self' data: blob:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        "frame-ancestors 'self'",
    )
)
SAFE_HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class RequestContext:
    """Gives each request its id (the caller's, where it is well formed) and watches it end.

    The log holds method, route path without the query, status, milliseconds and id: no question,
    no header.
    """

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run the request inside its context."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = Headers(scope=scope).get(REQUEST_ID, "")
        request_id = given if _REQUEST_ID_FORM.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        started = time.monotonic()
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers[REQUEST_ID] = request_id
                for name, value in SAFE_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            seconds = time.monotonic() - started
            self._metrics.count_request(scope["method"], route_of(scope), status, seconds)
            logger.info(
                "%s %s %d %.0f ms %s",
                scope["method"],
                scope["path"].encode("unicode_escape").decode(),
                status,
                seconds * 1000,
                request_id,
            )


def route_of(scope: Scope) -> str:
    """The pattern of the route that served the request, so that measures stay few."""
    route: Any = scope.get("route")
    path = getattr(route, "path", "")
    return path if scope["path"].startswith(("/v1", "/health", "/ready")) and path else OTHER_ROUTE
