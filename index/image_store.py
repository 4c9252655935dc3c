"""Images and their vectors as rows of the store."""

import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.types import ImageRecord
from index.errors import EmbedderMismatchError, StoreError
from index.store import Recipe, Store, decode_vectors, encode_metadata, encode_vector

_RECORD_COLUMNS = "id, path, title, licence, credit, metadata"


@dataclass(frozen=True, slots=True)
class FileState:
    """What tells whether a file changed. `digest` is the SHA-256 of its bytes."""

    mtime_ns: int
    size: int
    digest: str


@dataclass(frozen=True, slots=True)
class StoredImage:
    """An image ready to be stored. `embedding` is float32 (d,), `thumbnail` a JPEG if made."""

    record: ImageRecord
    state: FileState
    embedding: NDArray[np.float32]
    thumbnail: bytes | None = None


class ImageStore:
    """The images' side of a store. Every write is one transaction; errors are StoreErrors."""

    def __init__(self, store: Store, recipe: Recipe) -> None:
        self._store = store
        self._recipe = recipe

    def generation(self) -> int:
        """How many changes the images have seen."""
        return self._store.generation("images")

    def check_recipe(self) -> None:
        """Raise EmbedderMismatchError when what is stored was made another way."""
        stored = self._store.recipe("images")
        if stored is None or stored == self._recipe or not self.count():
            return
        if stored.embedder != self._recipe.embedder:
            made, asked = str(stored.embedder), str(self._recipe.embedder)
        else:
            made, asked = stored.preparation, self._recipe.preparation
        raise EmbedderMismatchError(
            f"The images in {self._store.path} were indexed with {made}, not with {asked}.",
            hint="Run `assistant images rebuild` to index them anew, or go back to the old "
            "setting.",
        )

    def put(self, images: Iterable[StoredImage]) -> None:
        """Store images, in place of those with the same ids, in one transaction."""
        with self._store.transaction("images") as connection:
            self.check_recipe()
            self._store.record_recipe(connection, "images", self._recipe)
            for image in images:
                record = image.record
                connection.execute("DELETE FROM images WHERE id = ?", (record.id,))
                connection.execute(
                    f"INSERT INTO images ({_RECORD_COLUMNS}, mtime_ns, size, digest, embedding, "
                    "thumbnail) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        record.id,
                        str(record.path),
                        record.title,
                        record.licence,
                        record.credit,
                        encode_metadata(record.metadata),
                        image.state.mtime_ns,
                        image.state.size,
                        image.state.digest,
                        encode_vector(image.embedding),
                        image.thumbnail,
                    ),
                )

    def touch(self, image_id: str, state: FileState) -> None:
        """Note that a file with the same bytes has another time."""
        with self._store.transaction("images") as connection:
            connection.execute(
                "UPDATE images SET mtime_ns = ?, size = ? WHERE id = ? AND digest = ?",
                (state.mtime_ns, state.size, image_id, state.digest),
            )

    def describe(self, record: ImageRecord) -> None:
        """Store other words about an image; its vector stays."""
        with self._store.transaction("images") as connection:
            connection.execute(
                "UPDATE images SET title = ?, licence = ?, credit = ?, metadata = ? WHERE id = ?",
                (
                    record.title,
                    record.licence,
                    record.credit,
                    encode_metadata(record.metadata),
                    record.id,
                ),
            )

    def remove(self, image_ids: Iterable[str]) -> tuple[str, ...]:
        """Remove images; return the ids that were there."""
        with self._store.transaction("images") as connection:
            return tuple(
                image_id
                for image_id in dict.fromkeys(image_ids)
                if connection.execute("DELETE FROM images WHERE id = ?", (image_id,)).rowcount
            )

    def replace_vectors(self, vectors: Mapping[str, NDArray[np.float32]]) -> None:
        """Give every image another vector, by id, and forget those without, all at once.

        Each gets a new number: what another process holds under the old one is the old vector.
        """
        columns = f"{_RECORD_COLUMNS}, mtime_ns, size, digest, thumbnail"
        with self._store.transaction("images") as connection:
            rows = connection.execute(f"SELECT {columns} FROM images ORDER BY number").fetchall()
            connection.execute("DELETE FROM images")
            connection.executemany(
                f"INSERT INTO images ({columns}, embedding) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [(*row, encode_vector(vectors[row[0]])) for row in rows if row[0] in vectors],
            )
            self._store.record_recipe(connection, "images", self._recipe)

    def count(self) -> int:
        """How many images there are."""
        with self._store.reading() as connection:
            return int(connection.execute("SELECT count(*) FROM images").fetchone()[0])

    def states(self) -> dict[str, tuple[str, FileState]]:
        """By path (a str, as making paths takes long): id, and the file's state when added."""
        with self._store.reading() as connection:
            rows = connection.execute("SELECT path, id, mtime_ns, size, digest FROM images")
            return {row[0]: (row[1], FileState(*row[2:])) for row in rows}

    def first_with_digest(self, digest: str) -> StoredImage | None:
        """The oldest image with these bytes."""
        with self._store.reading() as connection:
            row = connection.execute(
                f"SELECT {_RECORD_COLUMNS}, mtime_ns, size, digest, embedding, thumbnail "
                "FROM images WHERE digest = ? ORDER BY number LIMIT 1",
                (digest,),
            ).fetchone()
        if row is None:
            return None
        (vector,) = decode_vectors([row[9]], self._recipe.embedder.dimension)
        return StoredImage(_record(row[:6]), FileState(*row[6:9]), vector, row[10])

    def numbers(self) -> NDArray[np.int64]:
        """Every image's number, ascending."""
        with self._store.reading() as connection:
            rows = connection.execute("SELECT number FROM images ORDER BY number").fetchall()
        return np.array([row[0] for row in rows], np.int64)

    def captions(self) -> list[tuple[int, str, str]]:
        """Every image's number, title and caption."""
        with self._store.reading() as connection:
            return connection.execute(
                "SELECT number, title, coalesce(json_extract(metadata, '$.caption'), '') "
                "FROM images"
            ).fetchall()

    def vectors(self, numbers: Sequence[int]) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Vectors by number: those still there, int64 (n,) and float32 (n, d)."""
        rows = list(self._in_list("SELECT number, embedding FROM images WHERE number IN", numbers))
        vectors = decode_vectors([row[1] for row in rows], self._recipe.embedder.dimension)
        return np.array([row[0] for row in rows], np.int64), vectors

    def records(self, numbers: Collection[int]) -> dict[int, tuple[ImageRecord, str]]:
        """Records with the digests of their files, by number: those still there."""
        return {
            row[0]: (_record(row[1:7]), row[7])
            for row in self._in_list(
                f"SELECT number, {_RECORD_COLUMNS}, digest FROM images WHERE number IN", numbers
            )
        }

    def all_records(self) -> list[ImageRecord]:
        """Every image, in the order in which they were added."""
        with self._store.reading() as connection:
            rows = connection.execute(
                f"SELECT {_RECORD_COLUMNS} FROM images ORDER BY number"
            ).fetchall()
        return [_record(row) for row in rows]

    def find(self, image_id: str) -> tuple[int, ImageRecord] | None:
        """An image's number and record by its id."""
        with self._store.reading() as connection:
            row = connection.execute(
                f"SELECT number, {_RECORD_COLUMNS} FROM images WHERE id = ?", (image_id,)
            ).fetchone()
        return None if row is None else (row[0], _record(row[1:]))

    def thumbnail(self, image_id: str) -> bytes | None:
        """The thumbnail that is kept of an image, a JPEG."""
        with self._store.reading() as connection:
            row = connection.execute(
                "SELECT thumbnail FROM images WHERE id = ?", (image_id,)
            ).fetchone()
        return None if row is None else row[0]

    def keep_thumbnail(self, image_id: str, digest: str, thumbnail: bytes) -> None:
        """Keep a thumbnail unless there is one, or the image is no longer that of this digest.

        No generation changes: nobody who searches need read anything anew.
        """
        with self._store.writing() as connection:
            connection.execute(
                "UPDATE images SET thumbnail = ? WHERE id = ? AND digest = ? AND thumbnail IS NULL",
                (thumbnail, image_id, digest),
            )

    def _in_list(self, statement: str, values: Collection[int]) -> Iterator[tuple]:
        # JSON carries any number of values in one parameter.
        with self._store.reading() as connection:
            rows = connection.execute(
                f"{statement} (SELECT value FROM json_each(?)) ORDER BY number",
                (json.dumps([int(value) for value in values]),),
            ).fetchall()
        yield from rows


def stored_among(store: Store, image_ids: Iterable[str]) -> set[str]:
    """Which of these ids belong to a stored image, whatever encoder it was indexed with."""
    with store.reading() as connection:
        rows = connection.execute(
            "SELECT id FROM images WHERE id IN (SELECT value FROM json_each(?))",
            (json.dumps(list(image_ids)),),
        ).fetchall()
    return {row[0] for row in rows}


def _record(row: Sequence[str]) -> ImageRecord:
    image_id, path, title, licence, credit, metadata = row
    try:
        return ImageRecord(image_id, Path(path), title, licence, credit, json.loads(metadata))
    except ValueError as error:
        raise StoreError(
            f"The stored image {image_id} is damaged.",
            hint="Remove it and add it again.",
        ) from error
