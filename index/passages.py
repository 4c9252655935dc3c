"""Hybrid search over passages, and the way documents take into it and out of it."""

import threading
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Self

import numpy as np
from numpy.typing import NDArray

from corpus.chunking import ChunkingSettings, chunk
from corpus.closing import Closing
from corpus.types import Document
from index.distinct import distinct_passages
from index.full_text import match_query, query_terms
from index.fusion import coverage, dense_scores, fuse, inverse_document_frequency, ranks_of
from index.passage_store import (
    EmbeddedDocument,
    EmbeddedPassage,
    PassageStore,
    document_digest,
)
from index.store import Recipe, Store
from index.text_embedders import Progress, TextEmbedder
from index.types import DocumentList, Hit
from index.vectors import Device, VectorIndex
from index.views import IDENTITY, passage_views

Retriever = Literal["dense", "bm25"]

# How many passages each retriever hands to the fusion, at least.
_POOL = 50
# Passages asked for beyond k before near-duplicates are left out.
_DISTINCT_FACTOR = 4
_DISTINCT_MORE = 10
# Documents are embedded and committed in groups of about this many texts (a few seconds each).
_TEXTS_PER_COMMIT = 256
_CHECKPOINT_AFTER = 5_000
_CACHED_DOCUMENTS = 256


@dataclass(frozen=True, slots=True)
class AddReport:
    """What an add did, by document id: new, changed and stored anew, or already there as is."""

    added: tuple[str, ...] = ()
    replaced: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()


class PassageIndex(Closing):
    """Documents to be searched by meaning and by words. Make one with `PassageIndex.open`.

    Safe to share by the threads of a process; other processes may use the same store, and what
    they change is seen at the next search. Embedding happens outside every lock and transaction.
    A context manager; closing saves a checkpoint of the vectors and leaves the store open.
    """

    def __init__(
        self,
        store: Store,
        embedder: TextEmbedder,
        settings: ChunkingSettings,
        device: Device = "auto",
    ) -> None:
        self._embedder = embedder
        self._settings = settings
        self._device = device
        recipe = Recipe(embedder.identity, f"{settings.identity}; {IDENTITY}")
        self._rows = PassageStore(store, recipe)
        self._checkpoint = store.path.with_name(f"{store.path.stem}-passages.faiss")
        self._lock = threading.RLock()
        self._vectors = VectorIndex(embedder.identity.dimension, device)
        self._table = self._rows.vector_table()
        self._generation = -1
        self._saved_generation = -1
        self._vectors_since_saved = 0
        self._containing: dict[str, int] = {}
        self._documents: dict[int, Document] = {}

    @classmethod
    def open(
        cls,
        store: Store,
        embedder: TextEmbedder,
        settings: ChunkingSettings | None = None,
        device: Device = "auto",
        *,
        rebuild: bool = False,
        progress: Progress | None = None,
    ) -> Self:
        """Open the passages of a store for an embedder and a way of chunking.

        Raises EmbedderMismatchError when the store was made with others, unless `rebuild`, which
        makes everything anew from the stored documents.
        """
        index = cls(store, embedder, settings or ChunkingSettings(), device)
        if rebuild:
            index.rebuild(progress)
        else:
            index._follow()
        return index

    def close(self) -> None:
        """Save a checkpoint of the vectors, so that the next start need not build them."""
        with self._lock:
            self._save()

    def add(self, documents: Iterable[Document], progress: Progress | None = None) -> AddReport:
        """Add documents, in place of stored ones with the same ids; the same again costs nothing.

        Commits in groups, each document whole: when it is interrupted, what was committed stays,
        and adding the same documents again goes on from there. `progress(done, total)` counts
        passages. Of documents with the same id in one call, the last counts.

        Raises StoreError when the store cannot be written, EmbedderMismatchError when another
        process has rebuilt it with another embedder.
        """
        wanted = {document.id: document for document in documents}
        stored = self._rows.digests(wanted.keys())
        unchanged = {
            document.id
            for document in wanted.values()
            if stored.get(document.id) == document_digest(document)
        }
        changed = [document for document in wanted.values() if document.id not in unchanged]
        for group in self._embedded_groups(changed, progress):
            self._rows.put(group)
            self._vectors_since_saved += sum(
                len(passage.vectors) for document in group for passage in document.passages
            )
            self._follow()
        if self._vectors_since_saved >= _CHECKPOINT_AFTER:
            self.close()
        return AddReport(
            tuple(document.id for document in changed if document.id not in stored),
            tuple(document.id for document in changed if document.id in stored),
            tuple(document_id for document_id in wanted if document_id in unchanged),
        )

    def remove(self, document_ids: Iterable[str]) -> tuple[str, ...]:
        """Remove documents; return the ids that were there."""
        known = self._rows.digests(list(document_ids))
        if not known:
            return ()
        removed = self._rows.remove(known)
        self._follow()
        return tuple(removed)

    def rebuild(self, progress: Progress | None = None) -> None:
        """Chunk and embed every stored document anew, with this embedder and these settings.

        The old passages serve until the new ones are committed, all at once.
        """
        documents = self._rows.documents()
        groups = list(self._embedded_groups(documents, progress))
        self._rows.put_all(document for group in groups for document in group)
        with self._lock:
            self._vectors = VectorIndex(self._embedder.identity.dimension, self._device)
            self._follow()
            self._save()

    def documents(self) -> list[Document]:
        """Every document, in the order in which they were stored."""
        return self._rows.documents()

    def document_ids(self) -> list[str]:
        """The id of every document, in the order in which they were stored."""
        return self._rows.document_ids()

    def list_documents(self, query: str = "", offset: int = 0, limit: int = 100) -> DocumentList:
        """A page of the documents whose id or title holds every word of `query`, without texts."""
        return self._rows.list_documents(query, offset, limit)

    def document(self, document_id: str) -> Document | None:
        """One document by its id, None when there is no such document."""
        return self._rows.document(document_id)

    @property
    def embedder(self) -> TextEmbedder:
        """The model that makes the vectors, for others who compare texts by meaning."""
        return self._embedder

    def counts(self) -> tuple[int, int, int]:
        """How many documents, passages and vectors there are."""
        return self._rows.counts()

    def search(
        self,
        query: str,
        k: int = 5,
        *,
        distinct: bool = False,
        retrievers: Collection[Retriever] = ("dense", "bm25"),
    ) -> list[Hit]:
        """The best `k` passages for a question, best first.

        `distinct` leaves out passages that say the same as a better-placed one. `retrievers`
        restricts the search to one side, for comparison. A query without a letter or digit
        finds nothing.

        Raises StoreError when the store cannot be read.
        """
        # What cannot be UTF-8 (half of a surrogate pair) can be neither embedded nor looked up.
        query = query.encode("utf-8", "replace").decode("utf-8")
        expression = match_query(query)
        if expression is None or k < 1:
            return []
        vector = self._embedder.embed_query(query)
        wanted = _DISTINCT_FACTOR * k + _DISTINCT_MORE if distinct else k
        pool = max(_POOL, wanted)
        with self._lock:
            self._follow()
            if not len(self._vectors):
                return []
            near: set[int] = set()
            if "dense" in retrievers:
                # A passage has several vectors; with as many times more of them, the nearest are
                # likely to belong to a full pool of passages.
                numbers, _ = self._vectors.search(vector, pool * self._table.per_passage)
                near = self._table.owners(numbers)
            matched, bm25 = self._rows.match(expression, pool)
            candidates = near | set(matched.tolist() if "bm25" in retrievers else ())
            table = self._table.of_passages(candidates)
            vectors = self._vectors.vectors(table.numbers)
            frequencies = self._frequencies(query)
        if not len(vectors):
            return []
        numbers, starts = np.unique(table.passages, return_index=True)
        cosines = np.clip(vectors @ vector, -1.0, 1.0)
        best = np.maximum.reduceat(cosines, starts)
        dense = dense_scores(cosines, table.passages, table.kinds)
        by_words = dict(zip(matched.tolist(), bm25.tolist(), strict=True))
        words = np.array([by_words.get(number, 0.0) for number in numbers.tolist()])
        covered = coverage(words, frequencies)
        scores = fuse(
            dense if "dense" in retrievers else np.zeros_like(dense),
            covered if "bm25" in retrievers else np.zeros_like(covered),
        )
        dense_ranks = ranks_of(dense, np.isin(numbers, list(near)))
        word_ranks = {number: place for place, number in enumerate(matched.tolist(), start=1)}
        order = np.argsort(-scores, kind="stable")[:wanted]
        chosen: Sequence[int] = numbers[order].tolist()
        if distinct:
            chosen = list(_first(distinct_passages(chosen, table, vectors), k))
        place_of = {number: place for place, number in enumerate(numbers.tolist())}
        rows = self._passages(chosen)
        hits = []
        for number in chosen:
            if number not in rows:
                continue
            place = place_of[number]
            passage, document = rows[number]
            ranks = {}
            raw = {"dense": float(best[place])}
            if "dense" in retrievers and dense_ranks[place]:
                ranks["dense"] = int(dense_ranks[place])
            if "bm25" in retrievers and number in word_ranks:
                ranks["bm25"] = word_ranks[number]
                raw["bm25"] = by_words[number]
            hits.append(Hit(passage, document, float(scores[place]), ranks, raw))
        return hits

    def _frequencies(self, query: str) -> NDArray[np.float64]:
        terms = query_terms(query)
        for term in terms:
            if term not in self._containing:
                self._containing[term] = self._rows.count_matching(f'"{term}"')
        containing = np.array([self._containing[term] for term in terms], np.float64)
        return inverse_document_frequency(containing, self._rows.counts()[1])

    def _passages(self, numbers: Sequence[int]) -> dict:
        with self._lock:
            rows = self._rows.passages(numbers, self._documents)
            if len(self._documents) > _CACHED_DOCUMENTS:
                self._documents.clear()
            # Numbers are never given out twice, so what is cached under one cannot go stale.
            self._documents |= {owner: document for owner, _, document in rows.values()}
        return {number: (passage, document) for number, (_, passage, document) in rows.items()}

    def _embedded_groups(
        self, documents: Sequence[Document], progress: Progress | None
    ) -> Iterator[list[EmbeddedDocument]]:
        chunked = [(document, chunk(document, self._settings)) for document in documents]
        total = sum(len(passages) for _, passages in chunked)
        done = 0
        group: list = []
        texts: list[str] = []

        def report(embedded: int, texts_in_group: int) -> None:
            if progress is not None:
                passages = sum(len(views) for _, views in group)
                progress(done + passages * embedded // max(1, texts_in_group), total)

        for place, (document, passages) in enumerate(chunked):
            views = [(passage, list(passage_views(document, passage))) for passage in passages]
            group.append((document, views))
            texts += [view.text for _, of_passage in views for view in of_passage]
            if len(texts) < _TEXTS_PER_COMMIT and place + 1 < len(chunked):
                continue
            vectors = iter(self._embedder.embed_passages(texts, report))
            yield [
                EmbeddedDocument(
                    document,
                    tuple(
                        EmbeddedPassage(
                            passage, tuple((view.kind, next(vectors)) for view in of_passage)
                        )
                        for passage, of_passage in views
                    ),
                )
                for document, views in group
            ]
            done += sum(len(views) for _, views in group)
            group, texts = [], []
            if progress is not None:
                progress(done, total)

    def _follow(self) -> None:
        """Bring the vectors to the store's generation, whoever changed it."""
        with self._lock:
            generation = self._rows.generation()
            if generation == self._generation:
                return
            self._rows.check_recipe()
            if self._generation < 0:
                loaded = VectorIndex.read_checkpoint(
                    self._checkpoint, generation, self._embedder.identity, self._device
                )
                if loaded is not None:
                    self._vectors = loaded
                    self._saved_generation = generation
            table = self._rows.vector_table()
            held = np.fromiter(self._vectors.ids, np.int64, len(self._vectors))
            self._vectors.remove(np.setdiff1d(held, table.numbers))
            missing = np.setdiff1d(table.numbers, held)
            self._vectors.add(*self._rows.vectors(missing.tolist()))
            # A vector that another process removed in between is in neither.
            self._table = table.of_numbers(self._vectors.ids)
            self._generation = generation
            self._containing.clear()

    def _save(self) -> None:
        if self._generation > 0 and self._generation != self._saved_generation:
            saved = self._vectors.write_checkpoint(
                self._checkpoint, self._generation, self._embedder.identity
            )
            if saved:
                self._saved_generation = self._generation
                self._vectors_since_saved = 0


def _first(numbers: Iterator[int], count: int) -> Iterator[int]:
    for _, number in zip(range(count), numbers, strict=False):
        yield number
