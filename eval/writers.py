"""Who writes answers: the assistant, and what a user would have without it."""

import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.answering.types import Answer, Done, Token
from corpus.sentences import split_sentences
from eval.corpora import Bench
from eval.datasets.types import EvalQuestion
from eval.plain_store import PASSAGES, PlainStore
from eval.retrieval_stage import standalone
from index.types import Hit

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

LABELS = {
    "ours": "our assistant",
    "bare": "the bare language model, no passages",
    "langchain": "LangChain's plain chain, in-memory vector store",
}

# The prompt of LangChain's own retrieval tutorial (hub name rlm/rag-prompt).
TUTORIAL_PROMPT = (
    "You are an assistant for question-answering tasks. Use the following pieces of retrieved "
    "context to answer the question. If you don't know the answer, just say that you don't know. "
    "Use three sentences maximum and keep the answer concise.\n"
    "Question: {question} \nContext: {context} \nAnswer:"
)

_REFUSAL = re.compile(
    r"(?:do(?:es)? not|don\W?t|doesn\W?t|cannot|can\W?t|could not|unable to) "
    r"(?:know|answer|find|have (?:any |enough )?information|contain|provide|mention|specify)"
    r"|(?:is|are) not (?:mentioned|provided|specified|stated|given)"
    r"|no (?:information|mention|answer)|i\W?m sorry|the corpus does not",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class WrittenSentence:
    """A sentence without marks, and where the words are that it cites: (document, start, end)."""

    text: str
    cited: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Written:
    """An answer of any writer. `draft` is what the language model wrote before any check."""

    text: str
    sentences: tuple[WrittenSentence, ...]
    hits: tuple[Hit, ...]
    abstained: bool
    draft: str
    pieces: int
    timings: dict[str, float] = field(default_factory=dict)
    answer: Answer | None = None


def written_by_us(bench: Bench, question: EvalQuestion) -> Written:
    """The assistant's answer, through the same door that users take."""
    draft: list[str] = []
    answer = None
    for event in bench.assistant.stream(question.text, question.history):
        if isinstance(event, Token):
            draft.append(event.text)
        elif isinstance(event, Done):
            answer = event.answer
    if answer is None:
        raise AssertionError("A stream of events ends with Done or an error.")
    return Written(
        text=answer.text,
        sentences=tuple(
            WrittenSentence(
                without_number(sentence.text),
                tuple((one.document_id, one.start, one.end) for one in sentence.citations),
            )
            for sentence in answer.sentences
        ),
        hits=answer.hits,
        abstained=answer.abstained,
        draft="".join(draft),
        pieces=len(draft),
        timings=dict(answer.timings),
        answer=answer,
    )


def written_bare(bench: Bench, model: "BaseChatModel", question: EvalQuestion) -> Written:
    """The language model's own answer to the conversation; evidence is what we would find."""
    turns = [("human" if one.role == "user" else "ai", one.text) for one in question.history]
    text, pieces, timings = _streamed(model, [*turns, ("human", question.text)])
    hits = bench.assistant.search(standalone(question), k=bench.assistant.settings.passages)
    return _plain(text, tuple(hits), pieces, timings)


class PlainChain:
    """LangChain's plain chain: split, embed, take the nearest four, ask our language model."""

    def __init__(self, store: PlainStore, model: "BaseChatModel") -> None:
        self._store = store
        self._model = model

    def write(self, question: EvalQuestion) -> Written:
        """Answer from the four nearest chunks."""
        self._store.fill()
        started = time.perf_counter()
        chunks = self._store.chunks(question.text, PASSAGES)
        searched = time.perf_counter() - started
        prompt = TUTORIAL_PROMPT.format(
            question=question.text,
            context="\n\n".join(chunk.page_content for chunk in chunks),
        )
        text, pieces, timings = _streamed(self._model, [("human", prompt)])
        timings |= {"search": searched, "total": timings["total"] + searched}
        return _plain(text, tuple(map(self._store.hit, chunks)), pieces, timings)


def without_number(text: str) -> str:
    """A sentence without its `[n]` marks."""
    return re.sub(r"\s*\[\d+\]", "", text).strip()


def is_refusal(text: str) -> bool:
    """Whether free text says that it has no answer: by its first sentence."""
    spans = split_sentences(text)
    first = text[spans[0][0] : spans[0][1]] if spans else text
    return not text.strip() or bool(_REFUSAL.search(first))


def _plain(text: str, hits: tuple[Hit, ...], pieces: int, timings: dict[str, float]) -> Written:
    sentences = tuple(WrittenSentence(text[start:end]) for start, end in split_sentences(text))
    return Written(text, sentences, hits, is_refusal(text), text, pieces, timings)


def _streamed(
    model: "BaseChatModel", messages: Sequence[tuple[str, str]]
) -> tuple[str, int, dict[str, float]]:
    started = time.perf_counter()
    timings: dict[str, float] = {}
    pieces: list[str] = []
    for chunk in model.stream(list(messages)):
        if chunk.text:
            timings.setdefault("first_token", time.perf_counter() - started)
            pieces.append(chunk.text)
    timings["generate"] = timings["total"] = time.perf_counter() - started
    return "".join(pieces).strip(), len(pieces), timings
