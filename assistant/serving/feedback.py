"""What people think of answers, kept in a file of its own for the evaluation."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from assistant.errors import StoreError

FILE = "feedback.sqlite"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS feedback (
    id INTEGER PRIMARY KEY,
    at TEXT NOT NULL,
    verdict TEXT NOT NULL CHECK (verdict IN ('like', 'dislike')),
    question TEXT NOT NULL,
    answer TEXT NOT NULL,
    comment TEXT NOT NULL,
    model TEXT NOT NULL
)
"""

Verdict = Literal["like", "dislike"]


@dataclass(frozen=True, slots=True)
class Feedback:
    """One opinion. `at` is the time in ISO 8601, UTC; `comment` may be empty."""

    at: str
    verdict: Verdict
    question: str
    answer: str
    comment: str = ""
    model: str = ""


class FeedbackStore:
    """Opinions in a SQLite file. Safe to use from any thread: each call opens the file."""

    def __init__(self, home: Path) -> None:
        self._path = home / FILE

    def add(
        self, verdict: Verdict, question: str, answer: str, comment: str = "", model: str = ""
    ) -> int:
        """Keep one opinion; returns its number.

        Raises:
            StoreError: the file cannot be written.
        """
        now = datetime.now(UTC).isoformat(timespec="seconds")
        with self._open() as connection, connection:
            cursor = connection.execute(
                "INSERT INTO feedback (at, verdict, question, answer, comment, model)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                (now, verdict, question, answer, comment, model),
            )
            return cursor.lastrowid or 0

    def comment(self, number: int, comment: str) -> None:
        """Put a comment beside the opinion `number`.

        Raises:
            StoreError: the file cannot be written.
        """
        with self._open() as connection, connection:
            connection.execute("UPDATE feedback SET comment = ? WHERE id = ?", (comment, number))

    def all(self) -> list[Feedback]:
        """All opinions, oldest first.

        Raises:
            StoreError: the file cannot be read.
        """
        with self._open() as connection:
            rows = connection.execute(
                "SELECT at, verdict, question, answer, comment, model FROM feedback ORDER BY id"
            )
            return [Feedback(*row) for row in rows]

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with closing(sqlite3.connect(self._path, timeout=10)) as connection:
                connection.execute(_SCHEMA)
                yield connection
        except (sqlite3.Error, OSError) as error:
            raise StoreError(f"The feedback cannot be kept in {self._path}: {error}.") from error
