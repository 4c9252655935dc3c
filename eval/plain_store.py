"""What a user has without us: LangChain's splitter and in-memory vector store."""

from typing import TYPE_CHECKING, Any

from corpus.types import Passage
from eval.corpora import Bench
from index.types import Hit

if TYPE_CHECKING:
    from langchain_core.documents import Document as LangChainDocument
    from langchain_core.vectorstores import InMemoryVectorStore

# The sizes of LangChain's own retrieval tutorial.
CHUNK = 1000
OVERLAP = 200
PASSAGES = 4


class PlainStore:
    """The documents in chunks, by the cosine of their embeddings.

    It has our embedder, so that only the way of using it differs. Titles are part of the text, as
    in a file that a user would load; other ways to ask for a document are not.
    """

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._documents = {document.id: document for document in bench.assistant.documents()}
        self._store: InMemoryVectorStore | None = None
        self._spans: list[tuple[str, int, int]] = []

    def fill(self) -> "InMemoryVectorStore":
        """Split and embed the documents, once."""
        if self._store is not None:
            return self._store
        from langchain_core.documents import Document
        from langchain_core.vectorstores import InMemoryVectorStore
        from langchain_text_splitters import RecursiveCharacterTextSplitter

        splitter = RecursiveCharacterTextSplitter(
            chunk_size=CHUNK, chunk_overlap=OVERLAP, add_start_index=True
        )
        chunks = splitter.split_documents(
            [
                Document(f"{one.title}\n{one.text}", metadata={"document": one.id})
                for one in self._documents.values()
            ]
        )
        store = InMemoryVectorStore(_embeddings(self._bench))
        store.add_documents(chunks)
        self._spans = [self._span(chunk) for chunk in chunks]
        self._store = store
        return store

    def chunks(self, query: str, k: int) -> "list[LangChainDocument]":
        """The nearest `k` chunks, best first."""
        return self.fill().similarity_search(query, k=k)

    def hit(self, chunk: "LangChainDocument") -> Hit:
        """A chunk as a passage of its document."""
        name, start, end = self._span(chunk)
        document = self._documents[name]
        passage = Passage(f"{name}:{start}", name, start, end, document.text[start:end])
        return Hit(passage, document, 0.0)

    def spans(self) -> list[tuple[str, int, int]]:
        """Where every chunk lies: (document id, start, end)."""
        self.fill()
        return self._spans

    def _span(self, chunk: "LangChainDocument") -> tuple[str, int, int]:
        document = self._documents[chunk.metadata["document"]]
        # Places are counted in title, line break and text.
        shift = len(document.title) + 1
        start = max(0, chunk.metadata["start_index"] - shift)
        end = max(start, chunk.metadata["start_index"] + len(chunk.page_content) - shift)
        return document.id, start, end


def _embeddings(bench: Bench) -> Any:
    from langchain_core.embeddings import Embeddings

    class OurEmbeddings(Embeddings):
        """Our embedder as LangChain calls one."""

        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            return bench.passages.embedder.embed_passages(texts).tolist()

        def embed_query(self, text: str) -> list[float]:
            return bench.passages.embedder.embed_query(text).tolist()

    return OurEmbeddings()
