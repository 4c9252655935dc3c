"""Embeddings of sentences, each computed once: passages come back question after question."""

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

# Texts to unit vectors, float32 (n, d).
EmbedTexts = Callable[[Sequence[str]], NDArray[np.float32]]

# 8,192 vectors of 384 float32 are 13 MB.
KEPT_SENTENCES = 8192


class SentenceEmbeddings:
    """Keeps the vectors of the texts seen last. Safe to share by threads."""

    def __init__(self, embed: EmbedTexts, kept: int = KEPT_SENTENCES) -> None:
        self._embed = embed
        self._kept = kept
        self._vectors: OrderedDict[str, NDArray[np.float32]] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Unit vectors of the texts, float32 (n, d). `texts` must not be empty."""
        with self._lock:
            found = {text: self._vectors[text] for text in texts if text in self._vectors}
        missing = [text for text in dict.fromkeys(texts) if text not in found]
        if missing:
            found |= dict(zip(missing, self._embed(missing), strict=True))
        with self._lock:
            for text in dict.fromkeys(texts):
                self._vectors[text] = found[text]
                self._vectors.move_to_end(text)
            while len(self._vectors) > self._kept:
                self._vectors.popitem(last=False)
        return np.stack([found[text] for text in texts])
