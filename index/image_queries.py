"""What is looked for, as a direction among the vectors: an example, words, less of something."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.image_encoders import ImageTextEncoder
from index.image_files import ImageLimits
from index.image_intake import open_scaled, scaled
from index.image_search import ImageQuery

if TYPE_CHECKING:
    from PIL import Image

    Example = Path | str | bytes | Image.Image

Vector = NDArray[np.float32]

_WEIGHTS = {"example": 1.0, "text": 1.0, "minus": 0.5}
_CAPTION_BESIDE_EXAMPLE = 0.1


class ImageQueries:
    """Makes queries with one encoder; pictures that come with them are read within `limits`."""

    def __init__(self, encoder: ImageTextEncoder, limits: ImageLimits) -> None:
        self._encoder = encoder
        self._limits = limits

    def query(
        self,
        example: "Example | None",
        text: str | None,
        minus: "str | Path | bytes | Image.Image | None",
        weights: Mapping[str, float],
    ) -> ImageQuery:
        """The query of a search; see `ImageIndex.search`, which takes and raises the same."""
        parts = _WEIGHTS | dict(weights)
        words = text.strip() if text else ""
        vector: Vector = np.zeros(self._encoder.identity.dimension, np.float32)
        if example is not None:
            vector = vector + parts["example"] * self.embed_example(example)
        if words:
            vector = vector + parts["text"] * self._text_scale(example) * self.embed_text(words)
        if not vector.any():
            raise ValueError("a search needs an example or words")
        if minus is not None and minus != "":
            less = (
                self._text_scale(example) * self.embed_text(minus)
                if isinstance(minus, str)
                else self.embed_example(minus)
            )
            vector = vector - parts["minus"] * less
        # Beside an example words say how the result should look; captions only break ties.
        share = 1.0
        if example is not None:
            share = _CAPTION_BESIDE_EXAMPLE * parts["text"] / (parts["text"] + parts["example"])
        return ImageQuery(vector, "text" if example is None else "image", words, share)

    def embed_example(self, example: "Example") -> Vector:
        """The vector of a picture, float32 (d,). ImageRefusedError when it is none."""
        image = (
            open_scaled(example, self._limits)
            if isinstance(example, Path | str | bytes)
            else scaled(example.convert("RGB"))
        )
        return self._encoder.embed_images([image])[0]

    def embed_text(self, text: str) -> Vector:
        """The vector of words, float32 (d,)."""
        return self._encoder.embed_texts([text.encode("utf-8", "replace").decode("utf-8")])[0]

    def _text_scale(self, example: "Example | None") -> float:
        """Words beside a picture: one deviation of theirs weighs as much as one of its own."""
        if example is None:
            return 1.0
        calibration = self._encoder.calibration
        return calibration.image.spread / calibration.text.spread
