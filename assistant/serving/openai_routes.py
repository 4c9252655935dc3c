"""The assistant as a model for programs that speak OpenAI's chat completions.

Source of the shapes: OpenAI's API reference, "Create chat completion" and "List models". Citations
come as the extra field `citations` of the message, which other programs ignore.
"""

import json
import time
import uuid
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from assistant.answering.citing import joined
from assistant.answering.types import Answer, Done, Event, Message, Sentence
from assistant.errors import QuestionError
from assistant.serialisation import to_json_data
from assistant.serving import wire
from assistant.serving.answer_line import Waiting
from assistant.serving.answer_routes import CLIENT_CLOSED_REQUEST, unless_disconnected
from assistant.serving.problems import problem_of, request_id_of, with_openai_error
from assistant.serving.service import Service

MODEL = "cv-assistant"
END = "data: [DONE]\n\n"
KEEP_ALIVE = ": waiting\n\n"

Role = Literal["system", "developer", "user", "assistant", "tool", "function"]


class ContentPart(BaseModel):
    """A part of a message; parts that are not text are ignored."""

    type: Annotated[str, Field(max_length=100)]
    text: Annotated[str, Field(max_length=1_000_000)] = ""


class ChatMessage(BaseModel):
    """A message of the conversation."""

    role: Role
    content: Annotated[str, Field(max_length=1_000_000)] | list[ContentPart] | None = None

    def text(self) -> str:
        """Its text, without parts of other kinds."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or () if part.type == "text")


class ChatRequest(BaseModel):
    """A chat completion. Sampling settings are accepted and ignored: answers are grounded."""

    model_config = ConfigDict(
        extra="ignore",
        json_schema_extra={
            "examples": [
                {"model": MODEL, "messages": [{"role": "user", "content": "What is an R-CNN?"}]}
            ]
        },
    )

    model: Annotated[str, Field(max_length=500)] = MODEL
    messages: list[ChatMessage] = Field(min_length=1, max_length=400)
    stream: bool | None = False

    def question(self) -> str:
        """The last message, which must be the user's.

        Raises:
            QuestionError: it is somebody else's.
        """
        if self.messages[-1].role != "user":
            raise QuestionError(
                "The last message is not the user's.", hint="End with what the user asks."
            )
        return self.messages[-1].text()

    def history(self) -> list[Message]:
        """What user and assistant said before."""
        return [
            Message("user" if message.role == "user" else "assistant", message.text())
            for message in self.messages[:-1]
            if message.role in ("user", "assistant") and message.text().strip()
        ]


def openai_routes(service: Service) -> APIRouter:
    """`/v1/chat/completions` and `/v1/models`."""
    router = APIRouter(prefix="/v1", tags=["OpenAI-compatible"])

    @router.post("/chat/completions", response_model=dict[str, Any])
    async def chat_completions(body: ChatRequest, request: Request) -> Response:
        """Answer the last message. Streams checked sentences, never the unchecked draft."""
        question, history = body.question(), body.history()
        completion = Completion(body.model)
        if body.stream:
            events = service.line.events(question, history)
            return await stream_response(events, completion, request_id_of(request.scope))
        answer = await unless_disconnected(request, service.line.answer(question, history))
        if answer is None:
            return Response(status_code=CLIENT_CLOSED_REQUEST)
        return JSONResponse(completion.whole(answer))

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
                yield completion.of_event(event)
        except Exception as error:
            problem = with_openai_error(problem_of(error, request_id))
            yield f"data: {json.dumps(problem, ensure_ascii=False)}\n\n"
        finally:
            await events.aclose()
        yield END

    return StreamingResponse(chunks(), media_type=wire.MEDIA_TYPE, headers=wire.HEADERS)


@dataclass(slots=True)
class Completion:
    """One answer in OpenAI's form, whole or in chunks."""

    model: str
    id: str = field(default_factory=lambda: f"chatcmpl-{uuid.uuid4().hex}")
    created: int = field(default_factory=lambda: int(time.time()))
    sentences: list[Sentence] = field(default_factory=list)
    sent: str = ""

    def whole(self, answer: Answer) -> dict[str, Any]:
        """The answer as one completion."""
        message = {"role": "assistant", "content": answer.text, **extra_fields(answer)}
        choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
        return self._data("chat.completion", choice)

    def of_event(self, event: Waiting | Event) -> str:
        """What an event adds, as a chunk; a comment that keeps the connection where nothing."""
        match event:
            case Sentence():
                self.sentences.append(event)
                return self.chunk({"content": self._new_text(joined(self.sentences))})
            case Done(answer):
                rest = self._new_text(answer.text)
                return self.chunk({"content": rest, **extra_fields(answer)}) + self.chunk(
                    {}, finish_reason="stop"
                )
        return KEEP_ALIVE

    def chunk(self, delta: dict[str, Any], finish_reason: str | None = None) -> str:
        """One chunk as a server-sent event."""
        choice = {"index": 0, "delta": delta, "finish_reason": finish_reason, "logprobs": None}
        data = self._data("chat.completion.chunk", choice)
        return f"data: {json.dumps(data, ensure_ascii=False)}\n\n"

    def _new_text(self, text: str) -> str:
        """What of `text` was not sent yet."""
        new = text[len(self.sent) :] if text.startswith(self.sent) else f"\n\n{text}"
        self.sent += new
        return new

    def _data(self, kind: str, choice: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": self.id,
            "object": kind,
            "created": self.created,
            "model": self.model,
            "choices": [choice],
        }


def extra_fields(answer: Answer) -> dict[str, Any]:
    """What OpenAI's form has no place for: citations with titles, and whether it refused."""
    titles = {hit.document.id: hit.document.title for hit in answer.hits}
    citations = [
        to_json_data(citation) | {"title": titles.get(citation.document_id, "")}
        for citation in answer.citations
    ]
    return {"citations": citations, "abstained": answer.abstained}
