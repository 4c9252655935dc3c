"""The passages that a question would be answered from, found as the naive chain finds them."""

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from index.text_embedders import TextEmbedder


@dataclass(frozen=True, slots=True)
class Found:
    """The best passages for one question, best first, and the top scores of both retrievers."""

    passages: tuple[int, ...]
    top_cosine: float
    top_bm25: float


def find_passages(
    questions: Sequence[str], passages: Sequence[str], embedder: TextEmbedder, depth: int
) -> list[Found]:
    """The `depth` best passages of each question: half cosine, half BM25, each divided by its
    best (the fusion that measured best on outside sets)."""
    vectors = embedder.embed_passages(passages)
    database = sqlite3.connect(":memory:")
    database.execute("CREATE VIRTUAL TABLE texts USING fts5(text, tokenize='porter unicode61')")
    database.executemany("INSERT INTO texts(text) VALUES (?)", [(text,) for text in passages])
    found = []
    for question in questions:
        cosines = vectors @ embedder.embed_query(question)
        lexical = np.zeros(len(passages))
        terms = " OR ".join(f'"{word}"' for word in re.findall(r"\w+", question))
        for row, score in database.execute(
            "SELECT rowid, bm25(texts) FROM texts WHERE texts MATCH ?", (terms or '""',)
        ):
            lexical[row - 1] = -score
        fused = cosines / max(cosines.max(), 1e-6) + lexical / max(lexical.max(), 1e-6)
        found.append(
            Found(
                tuple(int(i) for i in np.argsort(-fused)[:depth]),
                float(cosines.max()),
                float(lexical.max()),
            )
        )
    return found
