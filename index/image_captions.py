"""Words of titles and captions, for pictures that words describe better than pixels do.

A full-text table in memory, made from the store's rows whenever they change.
"""

import sqlite3
import threading
from collections.abc import Iterable

import numpy as np

from index.full_text import query_terms


class CaptionWords:
    """Which images have which words in their captions; safe to share by threads."""

    def __init__(self, captions: Iterable[tuple[int, str]]) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._connection.execute(
            "CREATE VIRTUAL TABLE captions USING fts5 "
            "(caption, tokenize = 'porter unicode61 remove_diacritics 2')"
        )
        self._connection.executemany(
            "INSERT INTO captions (rowid, caption) VALUES (?, ?)", captions
        )
        (self._total,) = self._connection.execute("SELECT count(*) FROM captions").fetchone()

    def coverage(self, text: str) -> dict[int, float]:
        """By image number: the share of the query's words found, in (0, 1].

        Words weigh by their rarity among the captions (inverse document frequency); one that no
        caption holds weighs most, so a query whose chief word is missing is never covered.
        """
        weights, covered = 0.0, dict[int, float]()
        with self._lock:
            for term in query_terms(text):
                found = self._connection.execute(
                    "SELECT rowid FROM captions WHERE captions MATCH ?", (f'"{term}"',)
                ).fetchall()
                weight = float(np.log1p(self._total / (0.5 + len(found))))
                weights += weight
                for (number,) in found:
                    covered[number] = covered.get(number, 0.0) + weight
        return {number: weight / weights for number, weight in covered.items()}

    def close(self) -> None:
        """Give the memory back."""
        with self._lock:
            self._connection.close()
