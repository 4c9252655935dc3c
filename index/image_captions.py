"""Words of titles and captions, for pictures that words describe better than pixels do.

A full-text table in memory, made from the store's rows whenever they change.
"""

import sqlite3
import threading
from collections.abc import Iterable

import numpy as np

from index.full_text import query_terms

_CAPTION_SHARE = 0.9


class CaptionWords:
    """Which images have which words in their captions; safe to share by threads."""

    def __init__(self, captions: Iterable[tuple[int, str, str]]) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(":memory:", check_same_thread=False)
        self._connection.execute(
            "CREATE VIRTUAL TABLE captions USING fts5 "
            "(title, caption, tokenize = 'porter unicode61 remove_diacritics 2')"
        )
        self._connection.executemany(
            "INSERT INTO captions (rowid, title, caption) VALUES (?, ?, ?)", captions
        )
        (self._total,) = self._connection.execute("SELECT count(*) FROM captions").fetchone()

    def coverage(self, text: str) -> dict[int, float]:
        """By image number: the share of the query's words found, in (0, 1].

        Words weigh by their rarity among the captions (inverse document frequency); one that no
        caption holds weighs most, so a query whose chief word is missing is never covered. A word
        of the title counts a little more than one of the caption.
        """
        weights, covered = 0.0, dict[int, float]()
        with self._lock:
            for term in query_terms(text):
                in_title = self._matching(f'title : "{term}"')
                anywhere = self._matching(f'"{term}"')
                weight = float(np.log1p(self._total / (0.5 + len(anywhere))))
                weights += weight
                for number in anywhere:
                    share = 1.0 if number in in_title else _CAPTION_SHARE
                    covered[number] = covered.get(number, 0.0) + share * weight
        return {number: weight / weights for number, weight in covered.items()}

    def _matching(self, query: str) -> set[int]:
        rows = self._connection.execute(
            "SELECT rowid FROM captions WHERE captions MATCH ?", (query,)
        )
        return {row[0] for row in rows}

    def close(self) -> None:
        """Give the memory back."""
        with self._lock:
            self._connection.close()
