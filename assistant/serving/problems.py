"""Errors as problem details (RFC 9457), each with a code that stays the same."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.types import Receive, Scope, Send

from assistant.errors import AssistantError, ImageRefusedError

logger = logging.getLogger("assistant.serving")

MEDIA_TYPE = "application/problem+json"
OPENAI_PATHS = ("/v1/chat/", "/v1/models")


@dataclass(frozen=True, slots=True)
class Problem:
    """A kind of problem: its HTTP status and its title."""

    status: int
    title: str


PROBLEMS = {
    "question-invalid": Problem(422, "The question cannot be asked"),
    "request-invalid": Problem(422, "The request is not what this route accepts"),
    "document-refused": Problem(422, "The document cannot be read"),
    "question-bank-invalid": Problem(422, "The question bank is not in order"),
    "image-refused": Problem(422, "The image cannot be read"),
    "settings-invalid": Problem(500, "A setting cannot be used"),
    "store-failed": Problem(500, "The index cannot be read or written"),
    "embedder-mismatch": Problem(500, "The index belongs to another embedding model"),
    "device-unavailable": Problem(500, "A device is not there"),
    "embedder-unavailable": Problem(503, "The embedding model cannot be loaded"),
    "weights-unavailable": Problem(503, "The weights of a model are not here"),
    "model-failed": Problem(500, "The language model failed"),
    "busy": Problem(503, "Too many questions are waiting"),
    "answer-timeout": Problem(504, "The answer took too long"),
    "too-large": Problem(413, "The upload is too large"),
    "key-required": Problem(401, "A key is required"),
    "access-denied": Problem(403, "The request is refused"),
    "host-unknown": Problem(421, "The server does not answer to this host name"),
    "not-found": Problem(404, "There is no such thing here"),
    "method-not-allowed": Problem(405, "The route does not know this method"),
    "not-ready": Problem(503, "The assistant is still loading"),
    "request-failed": Problem(400, "The request cannot be answered"),
    "unexpected": Problem(500, "Something unexpected went wrong"),
}

_CODES_BY_STATUS = {
    401: "key-required",
    403: "access-denied",
    404: "not-found",
    405: "method-not-allowed",
    413: "too-large",
    422: "request-invalid",
}


def problem_data(
    code: str, detail: str, *, hint: str = "", retryable: bool = False, request_id: str = ""
) -> dict[str, Any]:
    """The members of a problem: those of RFC 9457, and code, hint, retryable, request_id."""
    problem = PROBLEMS.get(code, PROBLEMS["unexpected"])
    return {
        "type": f"/problems/{code}",
        "title": problem.title,
        "status": problem.status,
        "detail": detail,
        "code": code,
        "hint": hint,
        "retryable": retryable,
        "request_id": request_id,
    }


def problem_of(error: BaseException, request_id: str = "") -> dict[str, Any]:
    """The problem that tells of `error`. What is unexpected is logged and told in no detail."""
    if isinstance(error, AssistantError):
        data = problem_data(
            error.code,
            error.message,
            hint=error.hint,
            retryable=error.retryable,
            request_id=request_id,
        )
        return data | {"reason": error.reason} if isinstance(error, ImageRefusedError) else data
    logger.error("Unexpected error (request %s)", request_id, exc_info=error)
    return problem_data(
        "unexpected",
        "The server failed.",
        hint="The server's log tells more; look for the request id.",
        request_id=request_id,
    )


def with_openai_error(data: dict[str, Any]) -> dict[str, Any]:
    """The problem with the member `error`, where OpenAI's clients look for the message."""
    return data | {
        "error": {
            "message": f"{data['detail']} {data['hint']}".strip(),
            "type": data["code"],
            "code": data["code"],
            "param": None,
        }
    }


def problem_response(
    data: dict[str, Any], headers: dict[str, str] | None = None, *, status: int | None = None
) -> JSONResponse:
    """The HTTP response that carries a problem."""
    return JSONResponse(data, status or data["status"], headers, media_type=MEDIA_TYPE)


async def send_problem(
    scope: Scope, receive: Receive, send: Send, data: dict[str, Any], **headers: str
) -> None:
    """Answer an ASGI request with a problem, for middleware."""
    await problem_response(data, headers)(scope, receive, send)


def request_id_of(scope: Scope) -> str:
    """The id that the request was given, for its problem."""
    state: dict[str, Any] = scope.get("state", {})
    return state.get("request_id", "")


def add_problem_handlers(app: FastAPI, retry_seconds: Callable[[], int]) -> None:
    """Let every error of `app` leave as problem details; `retry_seconds` fills Retry-After."""

    async def assistant_error(request: Request, error: Exception) -> JSONResponse:
        data = problem_of(error, request_id_of(request.scope))
        if request.url.path.startswith(OPENAI_PATHS):
            data = with_openai_error(data)
        headers = {"Retry-After": str(retry_seconds())} if data["status"] == 503 else {}
        return problem_response(data, headers)

    async def invalid_request(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        problems = [
            f"{'.'.join(map(str, problem['loc'][1:])) or 'body'}: {problem['msg']}"
            for problem in error.errors()
        ]
        data = problem_data(
            "request-invalid",
            "; ".join(problems)[:1000],
            hint="/docs describes every route.",
            request_id=request_id_of(request.scope),
        )
        if request.url.path.startswith(OPENAI_PATHS):
            data = with_openai_error(data)
        return problem_response(data)

    async def http_error(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        data = problem_data(
            _CODES_BY_STATUS.get(error.status_code, "request-failed"),
            str(error.detail or HTTPStatus(error.status_code).phrase),
            request_id=request_id_of(request.scope),
        )
        data["status"] = error.status_code
        return problem_response(data, dict(error.headers or {}))

    app.add_exception_handler(AssistantError, assistant_error)
    app.add_exception_handler(RequestValidationError, invalid_request)
    app.add_exception_handler(HTTPException, http_error)
    app.add_exception_handler(Exception, assistant_error)
