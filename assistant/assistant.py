"""The assistant: one object that owns the index, the models and the chain."""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from assistant.answering.types import Answer, Done, Event, Message, Question, Sampling
from assistant.errors import QuestionError
from assistant.library import LibraryReport, document_id, read_documents
from corpus.closing import Closing
from corpus.types import Document
from index.types import DocumentList, Hit

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel
    from langchain_core.retrievers import BaseRetriever

    from assistant.answering.chain import AnsweringChain
    from assistant.settings import Settings
    from corpus.types import ImageRecord
    from index.images import ImageIndex
    from index.passages import PassageIndex
    from index.store import Store

Progress = Callable[[int, int, str], None]


@dataclass(frozen=True, slots=True)
class Status:
    """What is open: counts, sizes and the names of the models in use."""

    version: str
    home: str
    documents: int
    passages: int
    generation: int
    embedder: str
    language_model: str
    device: str
    vectors: int = 0


class Assistant(Closing):
    """Answers from a corpus, with citations. Open it with `Assistant.open()`.

    Use it from any number of threads; answers queue for the one language model.
    """

    def __init__(
        self,
        settings: "Settings",
        store: "Store",
        passages: "PassageIndex",
        model: "Future[BaseChatModel] | None" = None,
    ) -> None:
        self.settings = settings
        self._store = store
        self._passages = passages
        self._model = model
        self._chain: AnsweringChain | None = None
        self._chain_lock = threading.Lock()
        self._images: ImageIndex | None = None
        self._images_lock = threading.Lock()

    @classmethod
    def open(
        cls,
        settings: "Settings | None" = None,
        *,
        progress: Progress | None = None,
        preload: bool = False,
        **overrides: Any,
    ) -> Self:
        """Open the corpus; the bank of questions and answers is indexed on the first opening.

        `overrides` are settings by name, used when `settings` is not given. `preload` loads the
        language model in the background while the index opens. `progress(done, total, what)` is
        called during long work.

        Raises:
            SettingsError: a setting is unknown or impossible.
            WeightsError: the embedding model is not here; the hint says how to get it.
            StoreError: the index cannot be opened.
        """
        from assistant.corpus_index import open_passages, open_store
        from assistant.settings import Settings

        settings = settings or Settings.load(**overrides)
        model = _load_in_background(settings) if preload else None
        store = open_store(settings)
        try:
            return cls(settings, store, open_passages(settings, store, progress), model)
        except BaseException:
            store.close()
            raise

    @property
    def chain(self) -> "AnsweringChain":
        """The way from a question to an answer, a LangChain runnable. Loads the model."""
        from assistant.answering.assemble import assemble_chain

        with self._chain_lock:
            if self._chain is None:
                self._model = self._model or _load_in_background(self.settings)
                self._chain = assemble_chain(self.settings, self._passages, self._model.result())
            return self._chain

    @property
    def images(self) -> "ImageIndex":
        """The images: search by example and by words, add, remove. Opened when first used.

        Raises what `Assistant.open` raises, for the image encoder.
        """
        return self.open_images()

    def open_images(
        self, progress: Progress | None = None, *, rebuild: bool = False
    ) -> "ImageIndex":
        """As `images`, with progress while the default gallery is drawn and indexed.

        `rebuild` indexes every image anew: so a store changes to another image encoder.
        """
        from assistant.image_library import open_images

        with self._images_lock:
            if self._images is None or rebuild:
                self._images = open_images(
                    self.settings,
                    self._store,
                    self._passages.embedder,
                    progress,
                    rebuild=rebuild,
                )
            return self._images

    def illustrations(self, answer: Answer) -> "tuple[ImageRecord, ...]":
        """The diagrams of the default gallery that belong to an answer, the best first, at most 2.

        Empty until the images were opened once. Loads no model.
        """
        from assistant.illustrations import illustrations_of
        from index.image_store import stored_among

        found = illustrations_of(answer, self.settings.gallery_directory)
        stored = stored_among(self._store, [record.id for record in found])
        return tuple(record for record in found if record.id in stored)

    @property
    def retriever(self) -> "BaseRetriever":
        """The hybrid search as a LangChain retriever."""
        from assistant.answering.retriever import PassageRetriever

        return PassageRetriever(index=self._passages, k=self.settings.passages)

    def ask(self, question: str, history: Sequence[Message] = ()) -> Answer:
        """Answer `question`; `history` is the conversation before it, oldest first.

        Raises:
            QuestionError: the question is empty or too long.
            BusyError: too many questions are waiting.
            ModelError: the language model failed.
        """
        for event in self.stream(question, history):
            if isinstance(event, Done):
                return event.answer
        raise AssertionError("A stream of events ends with Done or an error.")

    def stream(
        self,
        question: str,
        history: Sequence[Message] = (),
        *,
        cancel: threading.Event | None = None,
        sampling: Sampling | None = None,
    ) -> Iterator[Event]:
        """Answer `question` event by event: Retrieved, Token and Sentence as they come, Done.

        `sampling` says how the model chooses the words of its draft. Closing the iterator stops
        the model, and so does setting `cancel` from another thread; then the events end without
        Done. Raises what `ask` raises; the question is checked before this returns.
        """
        text = question.strip()
        if not text:
            raise QuestionError("The question is empty.", hint="Ask in a few words or sentences.")
        longest = self.settings.question_characters
        if len(text) > longest:
            raise QuestionError(
                f"The question has {len(text):,} characters; {longest:,} are accepted.",
                hint="Shorten it, or add the text as a document and ask about it.",
            )
        options = sampling.options() if sampling else {}
        return self.chain.stream(Question(text, tuple(history)), cancel=cancel, **options)

    def search(self, query: str, k: int = 5, *, distinct: bool = False) -> list[Hit]:
        """The `k` passages that match best; `distinct` leaves out those that repeat a better one.

        Raises:
            QuestionError: the query is empty or too long.
        """
        if not query.strip():
            raise QuestionError("The query is empty.", hint="Search for at least one word.")
        if len(query) > self.settings.question_characters:
            raise QuestionError(f"The query has {len(query):,} characters; shorten it.")
        return self._passages.search(query.strip(), k=k, distinct=distinct)

    def add(
        self, paths: Iterable[str | Path] | str | Path, *, progress: Progress | None = None
    ) -> LibraryReport:
        """Add files, and folders with all that they hold; each file has its result."""
        if isinstance(paths, str | Path):
            paths = [paths]
        documents, refused = read_documents(paths, progress)
        report = self._passages.add(documents, progress=_embedding_progress(progress))
        return LibraryReport(report.added, report.replaced, report.unchanged, tuple(refused))

    def add_documents(
        self, documents: Iterable[Document], *, progress: Progress | None = None
    ) -> LibraryReport:
        """Add documents made elsewhere; one with a known id replaces the old one."""
        report = self._passages.add(list(documents), progress=_embedding_progress(progress))
        return LibraryReport(report.added, report.replaced, report.unchanged)

    def remove(self, names: Iterable[str | Path] | str | Path) -> tuple[str, ...]:
        """Remove documents by id, by file, or by the folder they are below; their ids."""
        if isinstance(names, str | Path):
            names = [names]
        known = self._passages.document_ids()
        chosen: dict[str, None] = {}
        for name in names:
            place = document_id(Path(name))
            for known_id in known:
                if known_id in (str(name), place) or known_id.startswith(place + "/"):
                    chosen[known_id] = None
        self._passages.remove(list(chosen))
        return tuple(chosen)

    def documents(self) -> list[Document]:
        """All documents, in the order in which they were added."""
        return list(self._passages.documents())

    def list_documents(self, query: str = "", *, offset: int = 0, limit: int = 100) -> DocumentList:
        """A page of the documents whose id or title holds every word of `query`, without texts.

        Costs little however many documents there are, and however long.
        """
        return self._passages.list_documents(query, offset, limit)

    def document(self, document_id: str) -> Document | None:
        """The document with that id, if there is one."""
        return self._passages.document(document_id)

    def status(self) -> Status:
        """What is open. Loads no language model."""
        from importlib.metadata import version

        documents, passages, vectors = self._passages.counts()
        return Status(
            version=version("cv-assistant"),
            home=str(self.settings.home),
            documents=documents,
            passages=passages,
            vectors=vectors,
            generation=self._store.generation("passages"),
            embedder=str(self._passages.embedder.identity),
            language_model=self.settings.llm_url or self.settings.model,
            device=self.settings.device,
        )

    def close(self) -> None:
        """Write the index's checkpoint, then free the models and the store."""
        with self._chain_lock:
            model, self._model, self._chain = self._model, None, None
        if model is not None:
            close = getattr(model.result(), "close", None)
            if close is not None:
                close()
        with self._images_lock:
            if self._images is not None:
                self._images.close()
                self._images = None
        self._passages.close()
        self._store.close()


def rebuild_index(settings: "Settings", *, progress: Progress | None = None) -> int:
    """Cut and embed every stored document again; returns how many there are.

    This is how a store changes to another embedder. Raises what `Assistant.open` raises, but for
    the mismatch that it mends.
    """
    from assistant.corpus_index import open_passages, open_store

    with (
        open_store(settings) as store,
        open_passages(settings, store, progress, rebuild=True) as passages,
    ):
        return passages.counts()[0]


def _load_in_background(settings: "Settings") -> "Future[BaseChatModel]":
    from assistant.answering.assemble import load_chat_model

    executor = ThreadPoolExecutor(1, thread_name_prefix="load-model")
    model = executor.submit(load_chat_model, settings)
    executor.shutdown(wait=False)
    return model


def _embedding_progress(progress: Progress | None) -> Callable[[int, int], None] | None:
    if progress is None:
        return None
    return lambda done, total: progress(done, total, "Embedding passages")
