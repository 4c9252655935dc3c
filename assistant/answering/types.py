"""What an answer is made of, and the events that tell of it as it grows."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from index.types import Hit

Role = Literal["user", "assistant"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation before the question."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True)
class Question:
    """What was asked, and the conversation before it, oldest message first."""

    text: str
    history: tuple[Message, ...] = ()


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the model chooses its words; None leaves it as it is set (always the likeliest).

    `temperature` >= 0, `top_p` in (0, 1]. The same `seed` chooses the same words again.
    """

    temperature: float | None = None
    top_p: float | None = None
    seed: int | None = None

    def options(self) -> dict[str, Any]:
        """What is set, by the names that chat models know."""
        values = {"temperature": self.temperature, "top_p": self.top_p, "seed": self.seed}
        return {name: value for name, value in values.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Citation:
    """The words of a document that support a sentence: `document.text[start:end] == quote`.

    `number` is the n of the `[n]` in the answer's text. Numbers count from 1 in the order in which
    the answer first uses a source; a source is one passage, so the citations of several sentences
    may share a number and differ in their spans. `support` is in [0, 1].
    """

    number: int
    document_id: str
    start: int
    end: int
    quote: str
    support: float


@dataclass(frozen=True, slots=True)
class Sentence:
    """One finished sentence of an answer (also an event, sent as soon as it is checked).

    `text` carries its `[n]` marks. `supported` is the verdict of the grounding.
    """

    text: str
    citations: tuple[Citation, ...]
    supported: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What the assistant answered. `timings` are seconds by stage; `model` names the model.

    `citations` holds every cited span once, ordered by number, then by place in the document.
    `abstained` says that nothing was answered: `text` is then the refusal, and `nearest_topics`
    names what the corpus does hold. `missing` says which part of the question a partial answer
    leaves open. `withheld` counts the sentences of the draft that were not shown because nothing
    supports them.
    """

    text: str
    sentences: tuple[Sentence, ...]
    citations: tuple[Citation, ...]
    hits: tuple[Hit, ...]
    abstained: bool
    model: str
    timings: Mapping[str, float] = field(default_factory=dict)
    nearest_topics: tuple[str, ...] = ()
    missing: str = ""
    withheld: int = 0


@dataclass(frozen=True, slots=True)
class Retrieved:
    """The passages that the answer will be made from.

    `question` is the question as it was understood: standing alone, its typing errors mended.
    """

    hits: tuple[Hit, ...]
    question: str


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of the draft, as the model writes it, before it is checked."""

    text: str


@dataclass(frozen=True, slots=True)
class Done:
    """The last event of a stream that went well."""

    answer: Answer


Event = Retrieved | Token | Sentence | Done
