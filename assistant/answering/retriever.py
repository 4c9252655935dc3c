"""The passage index as a LangChain retriever."""

from collections.abc import Sequence
from typing import Any, Protocol

from langchain_core.callbacks import CallbackManagerForRetrieverRun
from langchain_core.documents import Document as LangChainDocument
from langchain_core.retrievers import BaseRetriever
from pydantic import ConfigDict, Field

from index.types import Hit


class PassageSearch(Protocol):
    """What the answering needs of the index."""

    def search(self, query: str, k: int = 5, *, distinct: bool = False) -> list[Hit]:
        """The `k` best passages, best first; `distinct` leaves out those that repeat another."""


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
