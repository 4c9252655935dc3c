"""What HTTP routes accept and return beside the assistant's own types."""

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from assistant.answering.types import Message

Text = Annotated[str, Field(max_length=1_000_000)]


class Turn(BaseModel):
    """One message of the conversation before the question."""

    role: Literal["user", "assistant"]
    text: Text


class AskRequest(BaseModel):
    """A question and the conversation before it, oldest message first."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"question": "Why do detectors use anchor boxes?"}]}
    )

    question: Text
    history: list[Turn] = Field(default_factory=list, max_length=200)
    stream: bool = Field(False, description="Answer with server-sent events.")
    document_text: bool = Field(
        True, description="Send the whole text of each passage's document with it."
    )

    def messages(self) -> list[Message]:
        """The history as the assistant takes it."""
        return [Message(turn.role, turn.text) for turn in self.history]


class SearchRequest(BaseModel):
    """A search for passages."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"query": "anchor boxes"}]})

    query: Text
    k: int = Field(5, ge=1, le=100, description="How many passages.")
    distinct: bool = Field(False, description="Leave out passages that repeat a better one.")
    document_text: bool = Field(
        True, description="Send the whole text of each passage's document with it."
    )


class FeedbackRequest(BaseModel):
    """What somebody thinks of an answer."""

    question: Annotated[str, Field(max_length=20_000)]
    answer: Annotated[str, Field(max_length=50_000)]
    verdict: Literal["like", "dislike"]
    comment: Annotated[str, Field(max_length=2_000)] = ""
    model: Annotated[str, Field(max_length=500)] = ""


@dataclass(frozen=True, slots=True)
class Removed:
    """Ids of the documents that were removed."""

    removed: list[str]


@dataclass(frozen=True, slots=True)
class Health:
    """The process is alive."""

    status: Literal["alive"] = "alive"


@dataclass(frozen=True, slots=True)
class Readiness:
    """Whether questions can be answered: the index is open and the language model loaded."""

    ready: bool
    index: bool
    language_model: bool
    problem: str = ""
