"""What every question set becomes, whatever its format."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from assistant.answering.types import Message
from assistant.errors import AssistantError
from corpus.types import Document


class DataSetError(AssistantError):
    """A data set cannot be read."""

    code = "data-set-invalid"
    exit_code = 2


@dataclass(frozen=True, slots=True)
class GoldSpan:
    """Characters `start` to `end` of a document that hold (a part of) the answer."""

    document_id: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class EvalQuestion:
    """One question with what is known about its answer; empty fields mean "not known".

    `answerable` is None where the data set does not say. `relevant` grades documents by id as
    TREC does (above 0 is relevant). `references` are written answers; `key_facts` is what a
    complete answer states: facts, each a tuple of phrases of which any one will do.
    """

    id: str
    text: str
    kind: str = "answerable"
    history: tuple[Message, ...] = ()
    answerable: bool | None = None
    relevant: Mapping[str, int] = field(default_factory=dict)
    spans: tuple[GoldSpan, ...] = ()
    key_facts: tuple[tuple[str, ...], ...] = ()
    references: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class QuestionSet:
    """A named set of questions and the documents they are asked of.

    `documents` None means that the questions are asked of the user's own corpus. `note`
    says in words what is to be known about the figures on this set.
    """

    name: str
    part: str
    questions: tuple[EvalQuestion, ...]
    documents: tuple[Document, ...] | None
    note: str = ""
