"""The passage index as a LangChain retriever."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest
from typing import Any, Protocol

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from assistant.answering.question_parts import ROOM_FOR_PARTS, question_parts
from assistant.answering.spelling import corrected
from index.types import Hit


class PassageSearch(Protocol):
    """What the answering needs of the index."""

    def search(self, query: str, k: int = 5, *, distinct: bool = False) -> list[Hit]:
        """The `k` best passages, best first; `distinct` leaves out those that repeat another."""


@dataclass(frozen=True, slots=True)
class Found:
    """The passages found for a question: `hits` for all of it, best first.

    `question` is what was searched for, typing errors mended. `by_part` has, for each part of it,
    the score of each hit for that part alone; 0 where the search for that part did not find it.
    """

    question: str
    hits: tuple[Hit, ...]
    by_part: Mapping[str, tuple[float, ...]]


def find_passages(search: PassageSearch, question: str, k: int) -> Found:
    """Search for each part of a question by itself, so that every part gets its passages.

    A question of one part brings `k` hits; one of several brings up to half as many more, the best
    of each part in turn. A question with typing errors is searched for again without them.
    """
    found = _find(search, question, k)
    meant = corrected(
        question, [text for hit in found.hits for text in (hit.document.title, hit.passage.text)]
    )
    return found if meant == question else _find(search, meant, k)


def _find(search: PassageSearch, question: str, k: int) -> Found:
    parts = question_parts(question)
    found = {part: search.search(part, k) for part in parts}
    most = k if len(parts) == 1 else int(k * ROOM_FOR_PARTS)
    best: dict[str, Hit] = {}
    for hit in chain.from_iterable(zip_longest(*found.values())):
        if hit is not None and (hit.passage.id in best or len(best) < most):
            held = best.get(hit.passage.id)
            best[hit.passage.id] = hit if held is None or hit.score > held.score else held
    hits = tuple(sorted(best.values(), key=lambda hit: -hit.score))
    scores = {part: {hit.passage.id: hit.score for hit in found[part]} for part in parts}
    return Found(
        question,
        hits,
        {part: tuple(scores[part].get(hit.passage.id, 0.0) for hit in hits) for part in parts},
    )


class PassageRetriever(BaseRetriever):
    """Gives passages as LangChain documents.

    The metadata of each holds document_id, title, source, start and end (the span in the
    document's text), passage_id and score.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    index: Any
    k: int = Field(default=5, ge=1)
    distinct: bool = False

    def hits(self, query: str) -> Sequence[Hit]:
        """The hits themselves, with exact spans and the score of each retriever."""
        search: PassageSearch = self.index
        return search.search(query, self.k, distinct=self.distinct)

    def _get_relevant_documents(
        self, query: str, *, run_manager: CallbackManagerForRetrieverRun
    ) -> list[LangChainDocument]:
        return [as_langchain_document(hit) for hit in self.hits(query)]


def as_langchain_document(hit: Hit) -> LangChainDocument:
    """A hit as a LangChain document."""
    return LangChainDocument(
        id=hit.passage.id,
        page_content=hit.passage.text,
        metadata={
            "document_id": hit.document.id,
            "passage_id": hit.passage.id,
            "title": hit.document.title,
            "source": hit.document.source,
            "start": hit.passage.start,
            "end": hit.passage.end,
            "score": hit.score,
        },
    )
