"""A deterministic embedder for tests: texts that share words are near."""

import hashlib
import re
from collections.abc import Sequence

import numpy as np

from index.identity import EmbedderIdentity
from index.text_embedders import Progress, Vectors, normalise


class ToyEmbedder:
    """The sum of one pseudo-random direction for each word."""

    def __init__(self, revision: str = "toy", dimension: int = 64) -> None:
        self.identity = EmbedderIdentity("toy", revision, dimension)
        self.embedded = 0

    def embed_passages(self, texts: Sequence[str], progress: Progress | None = None) -> Vectors:
        self.embedded += len(texts)
        if progress is not None:
            progress(len(texts), len(texts))
        vectors = np.zeros((len(texts), self.identity.dimension), np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self.embed_query(text)
        return vectors

    def embed_query(self, text: str) -> Vectors:
        total = np.full(self.identity.dimension, 1e-3)
        for word in re.findall(r"\w+", text.lower()):
            seed = hashlib.blake2b(f"{self.identity.revision}:{word}".encode()).digest()[:8]
            total += np.random.default_rng(int.from_bytes(seed)).normal(
                size=self.identity.dimension
            )
        return normalise(total)
