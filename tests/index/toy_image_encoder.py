"""A deterministic stand-in for an image-text model, for tests of what surrounds it."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from index.identity import EmbedderIdentity
from index.image_calibration import Background, Calibration

COLOURS = {"red": (1, 0, 0), "green": (0, 1, 0), "blue": (0, 0, 1), "dark": (-1, -1, -1)}


class ToyImageEncoder:
    """Mean colour as direction; knows the words of `COLOURS`. Counts what it embeds."""

    def __init__(self, revision: str = "toy") -> None:
        self.identity = EmbedderIdentity("toy colours", revision, 4)
        self.preparation = "mean colour"
        self.calibration = Calibration(Background(0.5, 0.2, 0.3), Background(0.5, 0.2, 0.3))
        self.embedded = 0

    def embed_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        self.embedded += len(images)
        rows = [np.asarray(image, np.float32).reshape(-1, 3).mean(0) / 255 for image in images]
        return self._unit([np.append(row - 0.2, 0.1) for row in rows])

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        rows = []
        for text in texts:
            known = [COLOURS[word] for word in text.lower().split() if word in COLOURS]
            rows.append(np.append(np.sum([(0.0, 0.0, 0.0), *known], axis=0), 0.1))
        return self._unit(rows)

    def _unit(self, rows: Sequence[NDArray]) -> NDArray[np.float32]:
        vectors = np.array(rows, np.float32).reshape(len(rows), 4)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
