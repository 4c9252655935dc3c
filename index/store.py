"""The SQLite file that holds everything committed. What is not in it can be made from it.

One `Store` is one connection behind one lock, shared by the threads of a process: statements here
take a millisecond or less, and embedding, which takes long, happens outside. Processes are kept
apart by SQLite: many may read (write-ahead log), one writes, a second writer waits its turn.
Nothing is pickled: metadata is JSON, embeddings are raw little-endian float32.
"""

import json
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from corpus.closing import Closing
from index.errors import StoreError
from index.identity import EmbedderIdentity
from index.schema import APPLICATION_ID, FORMAT_VERSION, SCHEMA

Area = Literal["passages", "images"]
_LOCK_SECONDS = 10.0
_RETRY_SECONDS = 0.01

_DAMAGED = (
    "{path} is damaged and cannot be read.",
    "Move the file away and add the documents again, or put back a copy of it.",
)
_UNWRITABLE = (
    "{path} cannot be written. What was stored before is unharmed.",
    "Check the permissions of the file and its folder, and that the disk is not mounted read-only.",
)
_FULL = (
    "The disk is full or a size limit was reached, so nothing was changed in {path}.",
    "Free some space and do the same again.",
)
# By primary result code (the low byte), https://www.sqlite.org/rescode.html
_MESSAGES = {
    sqlite3.SQLITE_BUSY: (
        "{path} is being written by another process.",
        "Wait for it to finish and do the same again.",
    ),
    sqlite3.SQLITE_LOCKED: (
        "{path} is being written by another process.",
        "Wait for it to finish and do the same again.",
    ),
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_IOERR: (
        "{path} cannot be read or written: {error}. What was stored before is unharmed.",
        "Check that the disk has free space and is in order.",
    ),
    sqlite3.SQLITE_READONLY: _UNWRITABLE,
    sqlite3.SQLITE_PERM: _UNWRITABLE,
    sqlite3.SQLITE_CANTOPEN: (
        "{path} cannot be opened.",
        "Check that its folder exists and that you may write to it.",
    ),
    sqlite3.SQLITE_CORRUPT: _DAMAGED,
    sqlite3.SQLITE_NOTADB: _DAMAGED,
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How the vectors of an area were made; two recipes that differ must not mix.

    `preparation` says how items became vectors: chunker settings and views for passages, the
    preprocessing for images.
    """

    embedder: EmbedderIdentity
    preparation: str


class Store(Closing):
    """An open store; a context manager. Raises StoreError when the file cannot serve."""

    def __init__(self, path: Path) -> None:
        self.path = Path(path)
        self._lock = threading.RLock()
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(
                f"The folder {self.path.parent} cannot be made: {error}.",
                hint="Name another place with CV_ASSISTANT_HOME.",
            ) from error
        with self._translated():
            self._connection = sqlite3.connect(
                self.path, timeout=_LOCK_SECONDS, isolation_level=None, check_same_thread=False
            )
        try:
            with self._translated():
                self._prepare()
        except BaseException:
            self._connection.close()
            raise

    def close(self) -> None:
        """Close the file. Closing twice does nothing."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for statements that only read. Keep it short: others wait."""
        with self._lock, self._translated():
            yield self._connection

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection, for one statement whose change nobody who searches need notice.

        No generation goes up. Raises StoreError when it cannot be written.
        """
        with self.reading() as connection:
            yield connection

    @contextmanager
    def transaction(self, area: Area) -> Iterator[sqlite3.Connection]:
        """The connection, for one change of an area: all of it is committed, or nothing.

        The area's generation goes up by one with the commit. Raises StoreError when the change
        cannot be written; the store is then as it was before.
        """
        with self._lock, self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute(
                    "INSERT INTO meta VALUES (?, 1) "
                    "ON CONFLICT (key) DO UPDATE SET value = value + 1",
                    (f"{area}.generation",),
                )
                self._connection.execute("COMMIT")
            except BaseException:
                # SQLite has already rolled back by itself after some errors (a full disk).
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def generation(self, area: Area) -> int:
        """How many changes the area has seen, by any process."""
        return int(self._meta(f"{area}.generation") or 0)

    def recipe(self, area: Area) -> Recipe | None:
        """How the area's vectors were made, None while nothing was recorded."""
        stored = self._meta(f"{area}.recipe")
        if stored is None:
            return None
        try:
            values = json.loads(stored)
            embedder = EmbedderIdentity(
                values["name"], values["revision"], int(values["dimension"])
            )
            return Recipe(embedder, values["preparation"])
        except (ValueError, KeyError, TypeError) as error:
            raise self._error(*_DAMAGED) from error

    def record_recipe(self, connection: sqlite3.Connection, area: Area, recipe: Recipe) -> None:
        """Say how the area's vectors are made, within a transaction."""
        values = {
            "name": recipe.embedder.name,
            "revision": recipe.embedder.revision,
            "dimension": recipe.embedder.dimension,
            "preparation": recipe.preparation,
        }
        connection.execute(
            "INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"{area}.recipe", json.dumps(values))
        )

    def note(self, key: str) -> str | None:
        """What was last noted under `key` by whoever uses the store."""
        return self._meta(f"note.{key}")

    def write_note(self, key: str, value: str) -> None:
        """Note something about the store's content; no generation changes."""
        with self._lock, self._translated():
            self._connection.execute(
                "INSERT OR REPLACE INTO meta VALUES (?, ?)", (f"note.{key}", value)
            )

    def check_integrity(self) -> None:
        """Let SQLite examine the whole file. Raises StoreError when it is damaged."""
        with self.reading() as connection:
            (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise self._error(*_DAMAGED)

    def _meta(self, key: str) -> Any:
        with self.reading() as connection:
            row = connection.execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else row[0]

    def _prepare(self) -> None:
        connection = self._connection
        connection.execute("PRAGMA foreign_keys = ON")
        self._check_format()
        # A power cut loses nothing that was committed; the default of some builds may.
        connection.execute("PRAGMA synchronous = FULL")
        self._switch_to_write_ahead_log()
        if self._format() == 0:
            self._create()

    def _switch_to_write_ahead_log(self) -> None:
        # SQLite does not wait for its turn here, as it does for every other statement.
        from tenacity import Retrying, retry_if_exception, stop_after_delay, wait_fixed

        Retrying(
            retry=retry_if_exception(_is_busy),
            stop=stop_after_delay(_LOCK_SECONDS),
            wait=wait_fixed(_RETRY_SECONDS),
            reraise=True,
        )(self._connection.execute, "PRAGMA journal_mode = WAL")

    def _create(self) -> None:
        connection = self._connection
        connection.execute("BEGIN IMMEDIATE")
        try:
            # Another process may have made the tables while this one waited for the lock.
            if self._format() == 0:
                for statement in _statements(SCHEMA):
                    connection.execute(statement)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise

    def _format(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    def _check_format(self) -> None:
        connection = self._connection
        # One transaction: another process may be making the tables between the two looks.
        connection.execute("BEGIN")
        (owner,) = connection.execute("PRAGMA application_id").fetchone()
        (tables,) = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        connection.execute("COMMIT")
        if tables and owner != APPLICATION_ID:
            raise StoreError(
                f"{self.path} is a database of another program.",
                hint="Name another place with CV_ASSISTANT_HOME.",
            )
        if self._format() > FORMAT_VERSION:
            raise StoreError(
                f"{self.path} has format {self._format()}; this version knows formats up to "
                f"{FORMAT_VERSION}.",
                hint="Update the program: a newer version wrote this store.",
            )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.ProgrammingError as error:
            if "closed" in str(error):
                raise self._error("{path} was closed already.", "") from error
            raise
        except sqlite3.DatabaseError as error:
            code = getattr(error, "sqlite_errorcode", None)
            if code is None or (code & 0xFF) not in _MESSAGES:
                raise
            raise self._error(*_MESSAGES[code & 0xFF], error=str(error)) from error

    def _error(self, message: str, hint: str, error: str = "") -> StoreError:
        return StoreError(message.format(path=self.path, error=error), hint=hint)


def _is_busy(error: BaseException) -> bool:
    code = getattr(error, "sqlite_errorcode", 0)
    return bool(code & 0xFF == sqlite3.SQLITE_BUSY)


def encode_vector(vector: NDArray[np.float32]) -> bytes:
    """A vector as its stored bytes: little-endian float32."""
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def decode_vectors(blobs: list[bytes], dimension: int) -> NDArray[np.float32]:
    """Stored vectors as float32 (n, dimension). Raises StoreError for one of another length."""
    if any(len(blob) != 4 * dimension for blob in blobs):
        raise StoreError(
            f"A stored vector does not have {dimension} dimensions.",
            hint="Run `assistant index rebuild`.",
        )
    vectors = np.frombuffer(b"".join(blobs), dtype="<f4").reshape(len(blobs), dimension)
    return vectors.astype(np.float32)


def encode_metadata(metadata: Mapping[str, Any]) -> str:
    """Metadata as its stored JSON."""
    return json.dumps(dict(metadata), ensure_ascii=False, sort_keys=True)


def _statements(script: str) -> Iterator[str]:
    statement = ""
    for line in script.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
