"""Routes that answer and search."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Coroutine
from typing import Any, TypeVar

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from assistant.answering.types import Answer, Event
from assistant.serialisation import to_json_data
from assistant.serving import wire
from assistant.serving.answer_line import Waiting
from assistant.serving.problems import problem_of, request_id_of
from assistant.serving.schemas import AskRequest, FeedbackRequest, SearchRequest
from assistant.serving.service import Service
from index.types import Hit

T = TypeVar("T")

DISCONNECT_POLL_SECONDS = 0.25
CLIENT_CLOSED_REQUEST = 499


def answer_routes(service: Service) -> APIRouter:
    """`/v1/ask`, `/v1/search`, `/v1/feedback`."""
    router = APIRouter(prefix="/v1", tags=["answers"])

    @router.post(
        "/ask",
        response_model=Answer,
        responses={200: {"content": {wire.MEDIA_TYPE: {"schema": {"type": "string"}}}}},
    )
    async def ask(body: AskRequest, request: Request) -> Response:
        """Answer a question with checked citations.

        With `stream`, or when `text/event-stream` is accepted, the answer comes as server-sent
        events: `waiting` (position), `retrieved`, `token`, `sentence`, `done`, or `error`.
        """
        if body.stream or wire.MEDIA_TYPE in request.headers.get("accept", ""):
            events = service.line.events(body.question, body.messages())
            return await event_response(events, body, request_id_of(request.scope))
        answer = await unless_disconnected(
            request, service.line.answer(body.question, body.messages())
        )
        if answer is None:
            return Response(status_code=CLIENT_CLOSED_REQUEST)
        return JSONResponse(wire.event_data(answer, document_text=body.document_text))

    @router.post("/search", response_model=list[Hit])
    async def search(body: SearchRequest) -> Response:
        """Find the passages that match best, without the language model."""
        hits = await asyncio.to_thread(
            service.assistant.search, body.query, body.k, distinct=body.distinct
        )
        data = to_json_data(hits)
        if not body.document_text:
            wire.drop_document_text(data)
        return JSONResponse(data)

    @router.post("/feedback", status_code=204)
    async def feedback(body: FeedbackRequest) -> None:
        """Keep an opinion of an answer, for the evaluation."""
        await asyncio.to_thread(
            service.feedback.add,
            body.verdict,
            body.question,
            body.answer,
            body.comment,
            body.model,
        )

    return router


async def event_response(
    events: AsyncGenerator[Waiting | Event], body: AskRequest, request_id: str
) -> Response:
    """The events as a response. A question that is refused raises before the response begins."""
    first = await anext(events)

    async def chunks() -> AsyncIterator[str]:
        try:
            yield chunk(first, document_text=body.document_text)
            async for event in events:
                yield chunk(event, document_text=body.document_text)
        except Exception as error:
            yield wire.sse(wire.ERROR, problem_of(error, request_id))
        finally:
            await events.aclose()

    return StreamingResponse(chunks(), media_type=wire.MEDIA_TYPE, headers=wire.HEADERS)


def chunk(event: Waiting | Event, *, document_text: bool) -> str:
    """One event of the line as a server-sent event."""
    if isinstance(event, Waiting):
        return wire.sse(wire.WAITING, {"position": event.position})
    return wire.event_to_sse(event, document_text=document_text)


async def unless_disconnected(request: Request, work: Coroutine[Any, Any, T]) -> T | None:
    """The result of `work`, or None when the caller left first; then the work is cancelled."""
    task = asyncio.ensure_future(work)
    try:
        while not task.done():
            await asyncio.wait({task}, timeout=DISCONNECT_POLL_SECONDS)
            if not task.done() and await request.is_disconnected():
                return None
        return task.result()
    finally:
        if not task.done():
            task.cancel()
