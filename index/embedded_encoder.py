"""The image-text encoder for machines that reach no model hub. It is not CLIP.

Pictures: EfficientNet-Lite2, trained on ImageNet. Its classifier's rows are class vectors in the
space of its features, so words can be placed there without a single picture (DeViSE, Frome et al.
2013): a sentence embedding of the query is compared with those of 17,000 WordNet nouns, each of
which is known to be some mixture of ImageNet classes (ConSE, Norouzi et al. 2014, turned round),
and the query becomes the mixture of their mixtures. So it knows things and animals, not
compositions, counts or scenes with people, and says "not CLIP" in its name.

`python -m eval.build_image_encoder` makes the files in the folder `embedded_encoder`.
"""

import hashlib
import json
import os
import re
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from index.efficientnet_lite import EfficientNetLite
from index.errors import EmbedderError
from index.identity import EmbedderIdentity, file_digest
from index.image_calibration import Background, Calibration

if TYPE_CHECKING:
    from PIL import Image

    from index.text_embedders import TextEmbedder

Vectors = NDArray[np.float32]

NAME = "embedded-imagenet-devise (not CLIP)"
SHIPPED_FOLDER = Path(__file__).with_name("embedded_encoder")
SETTINGS_NAME, TENSORS_NAME = "encoder.json", "text_side.safetensors"
TEMPLATE = "a photo of a {}."

_SIZE = 260
# Small pictures are blown up less: their features then resemble those of real ones more.
_TINY_SIDE, _TINY_SIZE = 100, 160
# Wider or taller pictures lose their ends instead of being squashed further.
_WIDEST = 1.5
_PREPARATION = f"{_SIZE}px bicubic, {_TINY_SIZE}px with mirror image under {_TINY_SIDE}px"
_LEADING_WORDS = re.compile(
    r"^(this is )?((an? |the )?(photo|photograph|picture|image|drawing)s? of )?(an? |the |some )?",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Understanding:
    """What the encoder takes a text for: a class name and its share of the mixture."""

    name: str
    share: float


class EmbeddedEncoder:
    """Pictures by EfficientNet-Lite2, words by a sentence embedder and WordNet.

    `weights` is the publisher's efficientnet_lite2.pth. `text_embedder` must be the very model
    that the shipped files were made with (all-MiniLM-L6-v2). `cache` is where the picture model's
    ONNX file goes, beside the weights by default. `threads` is how many pictures are encoded at
    a time, each by one thread; 0 means as many as there are cores.

    Raises EmbedderError when a part is missing, damaged or not the one that belongs here.
    """

    def __init__(
        self,
        weights: Path,
        text_embedder: "TextEmbedder",
        threads: int = 0,
        cache: Path | None = None,
        folder: Path = SHIPPED_FOLDER,
    ) -> None:
        settings, self._tensors = _read_folder(folder)
        # Threads that share a picture wait for one another at each of its layers, and for long
        # when something else has one of their cores; threads with a picture each never wait.
        self._tower = EfficientNetLite(weights, 1, cache)
        self._threads = ThreadPoolExecutor(threads or os.cpu_count() or 1, "image-encoder")
        self._text_embedder = text_embedder
        for part, found, wanted in (
            (str(weights), self._tower.digest, settings["tower_sha256"]),
            (
                text_embedder.identity.name,
                text_embedder.identity.revision,
                settings["text_embedder_sha256"],
            ),
        ):
            if found != wanted:
                raise EmbedderError(
                    f"The embedded encoder was not made for {part}: SHA-256 {found[:12]}, "
                    f"expected {wanted[:12]}.",
                    hint="Fetch its parts with `assistant weights pull efficientnet-lite2 "
                    "all-MiniLM-L6-v2`.",
                )
        # Once, as widening half precision takes longer than the product with it.
        self._projection = self._tensors["projection"].astype(np.float32)
        self._class_vectors = self._tensors["class_vectors"].astype(np.float32)
        self._sharpness = tuple(float(value) for value in settings["sharpness"])
        self._calibration = _calibration(settings["calibration"])
        self._class_names = tuple(settings["class_names"])
        parts = (self._tower.digest, file_digest(folder / TENSORS_NAME))
        self._identity = EmbedderIdentity(
            NAME,
            hashlib.sha256("".join(parts).encode()).hexdigest(),
            int(self._tensors["projection"].shape[1]),
        )
        self._lock = threading.Lock()
        self._vocabulary: Vectors | None = None

    @property
    def identity(self) -> EmbedderIdentity:
        """Which weights make the vectors."""
        return self._identity

    @property
    def preparation(self) -> str:
        """How pictures are prepared."""
        return _PREPARATION

    @property
    def calibration(self) -> Calibration:
        """Measured when the encoder was built."""
        return self._calibration

    def embed_images(self, images: "Sequence[Image.Image]") -> Vectors:
        """Unit vectors of RGB pictures of any size, float32 (n, 384)."""
        # One by one: on a CPU a batch is slower than its pictures, for lack of cache.
        rows = list(self._threads.map(self._vector, images))
        return np.array(rows, np.float32).reshape(len(rows), self._identity.dimension)

    def _vector(self, image: "Image.Image") -> Vectors:
        features = self._tower.features(_pixels(image)).mean(0, keepdims=True)
        return project(features, self._tensors["feature_mean"], self._projection)[0]

    def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of descriptions, float32 (n, 384)."""
        classes = self._class_vectors
        rows = [np.empty((0, classes.shape[1]), np.float32)]
        for text in texts:
            vector = sum(_unit(mixture @ classes) for mixture in self._mixtures(text))
            rows.append(_unit(np.asarray(vector, np.float32))[None])
        return np.concatenate(rows)

    def understand(self, text: str, count: int = 5) -> tuple[Understanding, ...]:
        """The classes that a text is taken for, most first: why a search found what it found."""
        mixture = np.mean(self._mixtures(text), axis=0)
        best = np.argsort(-mixture)[:count]
        return tuple(
            Understanding(self._class_names[index], float(mixture[index])) for index in best
        )

    def _mixtures(self, text: str) -> list[Vectors]:
        query = self._text_embedder.embed_query(TEMPLATE.format(plain_words(text)))
        query = _unit(query - self._tensors["text_mean"])
        closeness = self._term_vectors() @ query
        return [self._mixture(closeness * sharpness) for sharpness in self._sharpness]

    def _mixture(self, logits: Vectors) -> Vectors:
        weights = np.exp(logits - logits.max())
        weights /= weights.sum()
        bounds = self._tensors["mixture_bounds"]
        shares = np.repeat(weights, np.diff(bounds)) * self._tensors["mixture_shares"]
        mixture = np.bincount(
            self._tensors["mixture_classes"], shares, minlength=len(self._class_names)
        )
        return np.asarray(mixture, np.float32)

    def _term_vectors(self) -> Vectors:
        with self._lock:
            if self._vocabulary is None:
                vectors = self._tensors["term_vectors"].astype(np.float32)
                self._vocabulary = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
            return self._vocabulary


def project(features: Vectors, mean: Vectors, projection: Vectors) -> Vectors:
    """Tower features, float32 (n, 1280), as unit vectors, float32 (n, d).

    The square root keeps a few strong features from drowning the rest (Arandjelovic and Zisserman
    2012, after Perronnin et al. 2010).
    """
    rooted = np.sqrt(np.maximum(features, 0)) - mean
    # Not `@`: for so small a product the matrix library wakes threads that spin on the cores where
    # other pictures are encoded. That took a quarter of all the time of adding.
    vectors = np.einsum("nf,fd->nd", rooted, projection)
    return (vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)).astype(
        np.float32
    )


def plain_words(text: str) -> str:
    """A query without the words that say no more than that a picture is wanted."""
    words = " ".join(text.split()).rstrip(".!? ")
    return _LEADING_WORDS.sub("", words, count=1) or words


def _pixels(image: "Image.Image") -> Vectors:
    from PIL import Image

    width, height = image.size
    box = None
    if max(width, height) > _WIDEST * min(width, height):
        half_width = min(width, _WIDEST * height) / 2
        half_height = min(height, _WIDEST * width) / 2
        box = (
            width / 2 - half_width,
            height / 2 - half_height,
            width / 2 + half_width,
            height / 2 + half_height,
        )
    tiny = min(width, height) < _TINY_SIDE
    size = _TINY_SIZE if tiny else _SIZE
    resized = image.resize((size, size), Image.Resampling.BICUBIC, box, reducing_gap=2.0)
    pixels = np.asarray(resized, np.float32).transpose(2, 0, 1)[None] / 127.5 - 1
    if tiny:
        pixels = np.concatenate([pixels, pixels[..., ::-1]])
    return np.ascontiguousarray(pixels)


def _unit(vector: Vectors) -> Vectors:
    return vector / max(float(np.linalg.norm(vector)), 1e-12)


def _calibration(values: dict[str, Any]) -> Calibration:
    return Calibration(
        image=Background(**values["image"]),
        text=Background(**values["text"]),
        near=values["near"],
        related=values["related"],
    )


def _read_folder(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        settings = json.loads((folder / SETTINGS_NAME).read_text("utf-8"))
        tensors = load_file(folder / TENSORS_NAME)
    except (OSError, ValueError, SafetensorError) as error:
        raise EmbedderError(
            f"The embedded encoder in {folder} is incomplete or damaged: {error}",
            hint="Install the program again.",
        ) from error
    return settings, tensors
