"""The assistant as a model for programs that speak OpenAI's chat completions.

Source of the shapes: OpenAI's API reference, "Create chat completion" and "List models". Citations
come as the extra field `citations` of the message, which other programs ignore.
"""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from assistant.answering.citing import joined
from assistant.answering.types import Answer, Done, Event, Sentence
from assistant.serialisation import to_json_data
from assistant.serving import wire
from assistant.serving.answer_line import Waiting
from assistant.serving.answer_routes import CLIENT_CLOSED_REQUEST, unless_disconnected
from assistant.serving.openai_requests import MODEL, ChatRequest, FinishReason
from assistant.serving.problems import problem_of, request_id_of, with_openai_error
from assistant.serving.service import Service

END = "data: [DONE]\n\n"
KEEP_ALIVE = ": waiting\n\n"


def openai_routes(service: Service) -> APIRouter:
    """`/v1/chat/completions` and `/v1/models`."""
    router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])

    @router.post("/chat/completions", response_model=dict[str, Any])
    async def chat_completions(body: ChatRequest, request: Request) -> Response:
        """Answer the last message. Streams checked sentences, never the unchecked draft."""
        asked = body.question(), body.history(), body.sampling()
        completion = Completion(body, service.count_tokens)
        if body.stream:
            events = service.line.events(*asked)
            return await stream_response(events, completion, request_id_of(request.scope))
        answer = await unless_disconnected(request, service.line.answer(*asked))
        if answer is None:
            return Response(status_code=CLIENT_CLOSED_REQUEST)
        return JSONResponse(await asyncio.to_thread(completion.whole, answer))

    @router.get("/models")
    async def models() -> dict[str, Any]:
        """The one model there is."""
        return {"object": "list", "data": [model_data()]}

    @router.get("/models/{model}")
    async def one_model(model: str) -> dict[str, Any]:
        """The model, whatever it is called: this server has one."""
        return model_data() | {"id": model}

    return router


def model_data() -> dict[str, Any]:
    """The assistant as an entry of the list of models."""
    return {"id": MODEL, "object": "model", "created": 0, "owned_by": MODEL}


async def stream_response(
    events: AsyncGenerator[Waiting | Event], completion: "Completion", request_id: str
) -> Response:
    """The events as chunks. A question that is refused raises before the response begins."""
    first = await anext(events)

    async def chunks() -> AsyncIterator[str]:
        try:
            yield completion.chunk({"role": "assistant", "content": ""})
            yield completion.of_event(first)
            async for event in events:
                yield await asyncio.to_thread(completion.of_event, event)
        except Exception as error:
            problem = with_openai_error(problem_of(error, request_id))
            yield sse_data(problem)
        finally:
            await events.aclose()
        yield END

    return StreamingResponse(chunks(), media_type=wire.MEDIA_TYPE, headers=wire.HEADERS)


class Completion:
    """One answer in OpenAI's form, whole or in chunks. `count` counts the tokens of a text.

    The usage counts what was sent and what came back, not what the model read of the documents.
    """

    def __init__(self, request: ChatRequest, count: Callable[[str], int]) -> None:
        self._request = request
        self._count = count
        self._bounds = request.bounds(count)
        self._with_usage = bool(request.stream_options and request.stream_options.include_usage)
        self._id = f"chatcmpl-{uuid.uuid4().hex}"
        self._created = int(time.time())
        self._sentences: list[Sentence] = []
        self._sent = ""

    def whole(self, answer: Answer) -> dict[str, Any]:
        """The answer as one completion."""
        content, reason = self._bounds.cut(answer.text)
        message = {"role": "assistant", "content": content, **extra_fields(answer, content)}
        choice = {"index": 0, "message": message, "finish_reason": reason, "logprobs": None}
        return self._data("chat.completion", [choice]) | {"usage": self._usage(content)}

    def of_event(self, event: Waiting | Event) -> str:
        """What an event adds, as chunks; a comment that keeps the connection where nothing."""
        match event:
            case Sentence():
                self._sentences.append(event)
                text = self._new_text(self._bounds.sure(joined(self._sentences)))
                return self.chunk({"content": text}) if text else KEEP_ALIVE
            case Done(answer):
                return self._end(answer)
        return KEEP_ALIVE

    def chunk(self, delta: dict[str, Any], finish_reason: FinishReason | None = None) -> str:
        """One chunk as a server-sent event."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
        data = self._data("chat.completion.chunk", [choice])
        return sse_data(data | {"usage": None} if self._with_usage else data)

    def _end(self, answer: Answer) -> str:
        content, reason = self._bounds.cut(answer.text)
        rest = self._new_text(content)
        chunks = self.chunk({"content": rest, **extra_fields(answer, content)})
        chunks += self.chunk({}, reason)
        if self._with_usage:
            data = self._data("chat.completion.chunk", [])
            chunks += sse_data(data | {"usage": self._usage(self._sent)})
        return chunks

    def _new_text(self, text: str) -> str:
        """What of `text` was not sent yet."""
        new = text[len(self._sent) :] if text.startswith(self._sent) else f"\n\n{text}"
        self._sent += new
        return new

    def _usage(self, content: str) -> dict[str, int]:
        prompt = sum(self._count(message.text()) for message in self._request.messages)
        completion = self._count(content)
        return {
            "prompt_tokens": prompt,
            "completion_tokens": completion,
            "total_tokens": prompt + completion,
        }

    def _data(self, kind: str, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": kind,
            "created": self._created,
            "model": self._request.model,
            "choices": choices,
        }


def sse_data(data: dict[str, Any]) -> str:
    """One server-sent event without a name."""
    return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"


def extra_fields(answer: Answer, content: str) -> dict[str, Any]:
    """What OpenAI's form has no place for: citations with titles, and whether it refused.

    Of an answer that was cut short, only the citations in what is left: `content`.
    """
    titles = {hit.document.id: hit.document.title for hit in answer.hits}
    citations = [
        to_json_data(citation) | {"title": titles.get(citation.document_id, "")}
        for citation in answer.citations
        if content == answer.text or f"[{citation.number}]" in content
    ]
    return {"citations": citations, "abstained": answer.abstained}
