"""What went wrong at the server or on the way, as the errors that the façade raises."""

from typing import Any

import httpx

from assistant.errors import (
    AccessError,
    AssistantError,
    ImageRefusedError,
    ServerError,
    UnreachableError,
)

_ACCESS_CODES = ("key-required", "access-denied", "host-unknown")


def raise_for_problem(response: httpx.Response) -> None:
    """Raise the error that the response tells of, with `retry_after` in seconds if it is given."""
    if not response.is_error:
        return
    try:
        data = response.json()
    except ValueError:
        data = None
    if not isinstance(data, dict):
        data = {"detail": f"The server answered {response.status_code}."}
    error = error_of(data)
    pause = response.headers.get("Retry-After", "")
    if pause.isdigit():
        error.retry_after = float(pause)  # type: ignore[attr-defined]
    raise error


def error_of(problem: dict[str, Any]) -> AssistantError:
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


def unreachable(error: httpx.TransportError) -> UnreachableError:
    """The error of a connection that failed."""
    if isinstance(error, httpx.TimeoutException):
        return UnreachableError(
            "The server did not answer in time.", hint="Give the client a longer timeout."
        )
    return UnreachableError(
        f"The server cannot be reached: {error}.",
        hint="Is it running? `assistant serve` starts it.",
    )
