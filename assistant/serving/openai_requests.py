"""What programs send that speak OpenAI's chat completions, and what of it cannot be done here.

Source of the names and their meaning: OpenAI's API reference, "Create chat completion".
"""

from bisect import bisect_right
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_core import PydanticCustomError

from assistant.answering.types import Message, Sampling
from assistant.errors import QuestionError

MODEL = "cv-assistant"
TEXT_PARTS = ("text", "refusal")

# Options that would change the answer and are not known here, with what asks for nothing.
REFUSED_UNLESS: dict[str, tuple[Any, ...]] = {
    "n": (None, 1),
    "tools": (None, []),
    "functions": (None, []),
    "response_format": (None, {"type": "text"}),
    "logprobs": (None, False),
    "top_logprobs": (None, 0),
    "logit_bias": (None, {}),
    "presence_penalty": (None, 0),
    "frequency_penalty": (None, 0),
    "modalities": (None, ["text"]),
    "audio": (None,),
    "prediction": (None,),
    "web_search_options": (None,),
}

Role = Literal["system", "developer", "user", "assistant", "tool", "function"]
FinishReason = Literal["stop", "length"]
Words = Annotated[str, Field(min_length=1, max_length=200)]


class ContentPart(BaseModel):
    """A part of a message: text. Pictures and sounds are refused."""

    type: Annotated[str, Field(max_length=100)]
    text: Annotated[str, Field(max_length=1_000_000)] = ""

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.type not in TEXT_PARTS:
            raise PydanticCustomError(
                "part-refused",
                "Parts of the type {type} are not read here; /v1/images/search finds pictures.",
                {"type": self.type},
            )
        return self


class ChatMessage(BaseModel):
    """A message of the conversation."""

    role: Role
    content: Annotated[str, Field(max_length=1_000_000)] | list[ContentPart] | None = None

    def text(self) -> str:
        """Its text, whatever form the content has."""
        if isinstance(self.content, str):
            return self.content
        return "\n".join(part.text for part in self.content or ())


class StreamOptions(BaseModel):
    """What a stream holds beside the answer."""

    include_usage: bool | None = False


class ChatRequest(BaseModel):
    """A chat completion.

    `temperature`, `top_p` and `seed` go to the language model; `max_tokens` (or
    `max_completion_tokens`) and `stop` end the answer. Options that ask for something else (tools,
    several answers, JSON, log-probabilities, penalties) are refused. Messages of the system are
    not followed: answers are made from the documents alone.
    """

    model_config = ConfigDict(
        extra="allow",
        json_schema_extra={
            "examples": [
                {"model": MODEL, "messages": [{"role": "user", "content": "What is an R-CNN?"}]}
            ]
        },
    )

    model: Annotated[str, Field(max_length=500)] = MODEL
    messages: list[ChatMessage] = Field(min_length=1, max_length=400)
    stream: bool | None = False
    stream_options: StreamOptions | None = None
    temperature: Annotated[float, Field(ge=0, le=2)] | None = None
    top_p: Annotated[float, Field(gt=0, le=1)] | None = None
    seed: Annotated[int, Field(ge=-(2**63), lt=2**63)] | None = None
    max_tokens: Annotated[int, Field(ge=1)] | None = None
    max_completion_tokens: Annotated[int, Field(ge=1)] | None = None
    stop: Words | Annotated[list[Words], Field(max_length=16)] | None = None

    @model_validator(mode="after")
    def _check(self) -> Self:
        extra = self.model_extra or {}
        for name, harmless in REFUSED_UNLESS.items():
            unused = name == "tools" and extra.get("tool_choice") == "none"
            if extra.get(name) not in harmless and not unused:
                raise PydanticCustomError(
                    "option-refused",
                    "The option {name} is not known here; leave it out.",
                    {"name": name},
                )
        return self

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

    def sampling(self) -> Sampling:
        """How the model is to choose its words. Seeds are taken as 32 bits."""
        seed = None if self.seed is None else self.seed % 2**32
        return Sampling(self.temperature, self.top_p, seed)

    def bounds(self, count: Callable[[str], int]) -> "Bounds":
        """Where the answer is to end, tokens counted by `count`."""
        stop = (self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ())
        return Bounds(stop, self.max_completion_tokens or self.max_tokens, count)


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a text ends: before the first of the words in `stop`, or after `max_tokens`."""

    stop: tuple[str, ...]
    max_tokens: int | None
    count: Callable[[str], int]

    def cut(self, text: str) -> tuple[str, FinishReason]:
        """As much of `text` as is within the bounds, and what ended it."""
        text = text[: min((text.find(word) for word in self.stop if word in text), default=None)]
        if self.max_tokens is None or self.count(text) <= self.max_tokens:
            return text, "stop"
        ends = range(len(text) + 1)
        end = bisect_right(ends, self.max_tokens, key=lambda end: self.count(text[:end])) - 1
        return text[: max(0, end)], "length"

    def sure(self, text: str) -> str:
        """As much of a text that still grows as will be in the answer whatever follows."""
        within, _ = self.cut(text)
        longest = max(
            (
                length
                for word in self.stop
                for length in range(1, len(word))
                if text.endswith(word[:length])
            ),
            default=0,
        )
        return within[: len(text) - longest]
