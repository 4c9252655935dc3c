"""Documents, passages and their vectors as rows of the store."""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

from corpus.types import Document, Passage, Section
from index.errors import EmbedderMismatchError, StoreError
from index.store import Recipe, Store, decode_vectors, encode_metadata, encode_vector
from index.types import DocumentList, DocumentSummary
from index.views import VIEW_KINDS, ViewKind, known_questions

_DOCUMENT_COLUMNS = "id, title, text, source, media_type, metadata, sections"
_SUMMARIES = """
SELECT number, id, title, source, media_type, length(text),
    (SELECT count(*) FROM passages WHERE passages.document = documents.number),
    (SELECT coalesce(max(json_extract(value, '$.page')), 0) FROM json_each(sections))
FROM documents
"""


@dataclass(frozen=True, slots=True)
class EmbeddedPassage:
    """A passage ready to be stored: one vector, float32 (d,), for each of its views."""

    passage: Passage
    vectors: tuple[tuple[ViewKind, NDArray[np.float32]], ...]


@dataclass(frozen=True, slots=True)
class EmbeddedDocument:
    """A document ready to be stored, with all of its passages."""

    document: Document
    passages: tuple[EmbeddedPassage, ...]


@dataclass(frozen=True, slots=True)
class VectorTable:
    """What vectors stand for, rows aligned and sorted by passage: numbers, not the vectors.

    `kinds` holds places in `VIEW_KINDS`. Small enough (17 bytes a vector) to be kept in memory.
    """

    numbers: NDArray[np.int64]
    passages: NDArray[np.int64]
    kinds: NDArray[np.int8]

    @property
    def per_passage(self) -> int:
        """How many vectors a passage has on average, rounded up; 0 when there are none."""
        passages = int(np.count_nonzero(np.diff(self.passages))) + 1
        return -(-len(self.passages) // passages)

    def owners(self, numbers: NDArray[np.int64]) -> set[int]:
        """The passages that some vectors, int64 (n,), belong to."""
        return set(self.passages[np.isin(self.numbers, numbers)].tolist())

    def of_numbers(self, numbers: frozenset[int]) -> Self:
        """The rows of some vectors."""
        if len(numbers) == len(self.numbers):
            return self
        rows = np.isin(self.numbers, np.fromiter(numbers, np.int64, len(numbers)))
        return type(self)(self.numbers[rows], self.passages[rows], self.kinds[rows])

    def of_passages(self, passages: Collection[int]) -> Self:
        """The rows of some passages."""
        wanted = np.array(sorted(passages), np.int64)
        starts = np.searchsorted(self.passages, wanted, "left")
        ends = np.searchsorted(self.passages, wanted, "right")
        rows = np.concatenate(
            [np.arange(start, end) for start, end in zip(starts, ends, strict=True)]
            or [np.empty(0, np.int64)]
        )
        return type(self)(self.numbers[rows], self.passages[rows], self.kinds[rows])


def document_digest(document: Document) -> str:
    """SHA-256 over everything a document says, so that any change to it is seen."""
    content = json.dumps(
        [
            document.title,
            document.text,
            document.source,
            document.media_type,
            dict(document.metadata),
            [asdict(section) for section in document.sections],
        ],
        sort_keys=True,
    )
    return hashlib.sha256(content.encode()).hexdigest()


class PassageStore:
    """The passages' side of a store. Every write is one transaction; errors are StoreErrors."""

    def __init__(self, store: Store, recipe: Recipe) -> None:
        self._store = store
        self._recipe = recipe

    def generation(self) -> int:
        """How many changes the passages have seen."""
        return self._store.generation("passages")

    def check_recipe(self) -> None:
        """Raise EmbedderMismatchError when what is stored was made another way."""
        stored = self._store.recipe("passages")
        if stored is None or stored == self._recipe or not self.counts()[0]:
            return
        if stored.embedder != self._recipe.embedder:
            made, asked = str(stored.embedder), str(self._recipe.embedder)
        else:
            made, asked = stored.preparation, self._recipe.preparation
        raise EmbedderMismatchError(
            f"The index {self._store.path} was made with {made}, not with {asked}.",
            hint="Run `assistant index rebuild` to make it anew, or go back to the old setting.",
        )

    def put(self, documents: Iterable[EmbeddedDocument]) -> None:
        """Store documents, in place of those with the same ids, in one transaction."""
        with self._store.transaction("passages") as connection:
            self.check_recipe()
            self._store.record_recipe(connection, "passages", self._recipe)
            for document in documents:
                _delete(connection, document.document.id)
                _insert(connection, document)

    def put_all(self, documents: Iterable[EmbeddedDocument]) -> None:
        """Store these documents in place of all there are, made by this recipe."""
        with self._store.transaction("passages") as connection:
            connection.execute("DELETE FROM documents")
            self._store.record_recipe(connection, "passages", self._recipe)
            for document in documents:
                _insert(connection, document)

    def remove(self, document_ids: Iterable[str]) -> list[str]:
        """Remove documents with their passages; return the ids that were there."""
        removed = []
        with self._store.transaction("passages") as connection:
            for document_id in dict.fromkeys(document_ids):
                if _delete(connection, document_id):
                    removed.append(document_id)
        return removed

    def counts(self) -> tuple[int, int, int]:
        """How many documents, passages and vectors there are."""
        with self._store.reading() as connection:
            return connection.execute(
                "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM passages), "
                "(SELECT count(*) FROM passage_vectors)"
            ).fetchone()

    def digests(self, document_ids: Collection[str]) -> dict[str, str]:
        """The digests of those documents that are stored."""
        return dict(self._in_list("SELECT id, digest FROM documents WHERE id IN", document_ids))

    def documents(self) -> list[Document]:
        """Every document, in the order in which they were stored."""
        with self._store.reading() as connection:
            rows = connection.execute(
                f"SELECT {_DOCUMENT_COLUMNS} FROM documents ORDER BY number"
            ).fetchall()
        return [_document(row) for row in rows]

    def document_ids(self) -> list[str]:
        """The id of every document, in the order in which they were stored."""
        with self._store.reading() as connection:
            rows = connection.execute("SELECT id FROM documents ORDER BY number").fetchall()
        return [row[0] for row in rows]

    def list_documents(self, query: str, offset: int, limit: int) -> DocumentList:
        """A page of those documents whose id or title holds every word of `query`."""
        words = query.casefold().split()
        with self._store.reading() as connection:
            # Id and title stand before the text in each row: long texts are not read for this.
            rows = connection.execute("SELECT number, id, title FROM documents ORDER BY number")
            numbers = [
                number
                for number, document_id, title in rows
                if all(word in f"{document_id} {title}".casefold() for word in words)
            ]
        summaries = self._in_list(f"{_SUMMARIES} WHERE number IN", numbers[offset : offset + limit])
        ordered = sorted(summaries)
        return DocumentList(tuple(DocumentSummary(*row[1:]) for row in ordered), len(numbers))

    def document(self, document_id: str) -> Document | None:
        """One document by its id."""
        with self._store.reading() as connection:
            row = connection.execute(
                f"SELECT {_DOCUMENT_COLUMNS} FROM documents WHERE id = ?", (document_id,)
            ).fetchone()
        return None if row is None else _document(row)

    def passages(
        self, numbers: Sequence[int], known: Mapping[int, Document]
    ) -> dict[int, tuple[int, Passage, Document]]:
        """By passage number: the document's number, the passage, the document.

        Documents in `known`, by number, are taken from there instead of being read again.
        """
        rows = list(
            self._in_list(
                "SELECT number, id, document, start, end FROM passages WHERE number IN", numbers
            )
        )
        documents = dict(known)
        missing = {row[2] for row in rows} - known.keys()
        for number, *row in self._in_list(
            f"SELECT number, {_DOCUMENT_COLUMNS} FROM documents WHERE number IN", missing
        ):
            documents[number] = _document(row)
        found = {}
        for number, passage_id, owner, start, end in rows:
            if (document := documents.get(owner)) is not None:
                text = document.text[start:end]
                passage = Passage(passage_id, document.id, start, end, text)
                found[number] = (owner, passage, document)
        return found

    def vector_table(self) -> VectorTable:
        """What every vector stands for."""
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT number, passage, view FROM passage_vectors ORDER BY passage, number"
            ).fetchall()
        return VectorTable(
            np.array([row[0] for row in rows], np.int64),
            np.array([row[1] for row in rows], np.int64),
            np.array([VIEW_KINDS.index(row[2]) for row in rows], np.int8),
        )

    def vectors(self, numbers: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Vectors by number: those still there, int64 (n,) and float32 (n, d)."""
        rows = list(
            self._in_list("SELECT number, embedding FROM passage_vectors WHERE number IN", numbers)
        )
        vectors = decode_vectors([row[1] for row in rows], self._recipe.embedder.dimension)
        return np.array([row[0] for row in rows], np.int64), vectors

    def match(self, query: str, limit: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """The passages that an FTS5 query finds, best first, with their BM25 scores (>= 0)."""
        with self._store.reading() as connection:
            rows = connection.execute(
                "SELECT rowid, -rank FROM passage_words WHERE passage_words MATCH ? "
                "ORDER BY rank LIMIT ?",
                (query, limit),
            ).fetchall()
        return (
            np.array([row[0] for row in rows], np.int64),
            np.maximum(np.array([row[1] for row in rows], np.float64), 0.0),
        )

    def count_matching(self, query: str) -> int:
        """How many passages an FTS5 query finds."""
        with self._store.reading() as connection:
            (count,) = connection.execute(
                "SELECT count(*) FROM passage_words WHERE passage_words MATCH ?", (query,)
            ).fetchone()
        return int(count)

    def _in_list(
        self, statement: str, values: Collection[str] | Collection[int]
    ) -> Iterator[tuple]:
        # JSON carries any number of values in one parameter.
        with self._store.reading() as connection:
            rows = connection.execute(
                f"{statement} (SELECT value FROM json_each(?))", (json.dumps(list(values)),)
            ).fetchall()
        yield from rows


def _delete(connection: sqlite3.Connection, document_id: str) -> bool:
    return connection.execute("DELETE FROM documents WHERE id = ?", (document_id,)).rowcount > 0


def _insert(connection: sqlite3.Connection, embedded: EmbeddedDocument) -> None:
    document = embedded.document
    owner = connection.execute(
        f"INSERT INTO documents ({_DOCUMENT_COLUMNS}, digest) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            document.id,
            document.title,
            document.text,
            document.source,
            document.media_type,
            encode_metadata(document.metadata),
            json.dumps([asdict(section) for section in document.sections]),
            document_digest(document),
        ),
    ).lastrowid
    for item in embedded.passages:
        passage = item.passage
        number = connection.execute(
            "INSERT INTO passages (id, document, start, end) VALUES (?, ?, ?, ?)",
            (passage.id, owner, passage.start, passage.end),
        ).lastrowid
        connection.execute(
            "INSERT INTO passage_words (rowid, title, text) VALUES (?, ?, ?)",
            (
                number,
                "\n".join([document.title, *known_questions(document, passage)]),
                passage.text,
            ),
        )
        connection.executemany(
            "INSERT INTO passage_vectors (passage, view, embedding) VALUES (?, ?, ?)",
            [(number, kind, encode_vector(vector)) for kind, vector in item.vectors],
        )


def _document(row: Sequence[str]) -> Document:
    document_id, title, text, source, media_type, metadata, sections = row
    try:
        return Document(
            document_id,
            title,
            text,
            source,
            media_type,
            json.loads(metadata),
            tuple(Section(**section) for section in json.loads(sections)),
        )
    except (ValueError, TypeError) as error:
        raise StoreError(
            f"The stored document {document_id} is damaged.",
            hint="Remove it with `assistant remove` and add it again.",
        ) from error
