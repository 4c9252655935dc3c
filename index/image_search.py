"""The part of the image index that is derived: vectors, caption words, a sample for readings."""

import threading
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.identity import EmbedderIdentity
from index.image_calibration import Calibration, Kind
from index.image_captions import CaptionWords
from index.image_store import ImageStore
from index.types import ImageHit
from index.vectors import Device, VectorIndex

Vector = NDArray[np.float32]

_POOL = 64
_SAMPLE = 1_000
_READ_AT_ONCE = 2_000
# A caption that holds all the words counts twice as much as a picture that is near; one that holds
# half of them, less than such a picture.
_CAPTION_WEIGHT, _CAPTION_POWER = 2.0, 1.5
# Beyond "near" looks count little more: an encoder may be sure of words that it does not know.
_BEYOND_NEAR = 0.05


@dataclass(frozen=True, slots=True)
class ImageQuery:
    """A direction to look into, float32 (d,) of any length, and words for the captions.

    `kind` says which background the cosines are read against. `caption_weight`, 0 to 1, is the
    share of the words in the wish. Images with the digest `without` are left out.
    """

    vector: Vector
    kind: Kind
    words: str = ""
    caption_weight: float = 1.0
    without: str | None = None


class ImageSearch:
    """Follows the store, whoever changes it, and ranks; safe to share by threads."""

    def __init__(
        self, rows: ImageStore, identity: EmbedderIdentity, checkpoint: Path, device: Device
    ) -> None:
        self._rows = rows
        self._identity = identity
        self._checkpoint = checkpoint
        self._device = device
        self._lock = threading.RLock()
        self._vectors = VectorIndex(identity.dimension, device)
        self._captions = CaptionWords(())
        self._sample = np.empty((0, identity.dimension), np.float32)
        self._generation = -1
        self._saved_generation = -1

    def hits(self, query: ImageQuery, k: int, calibration: Calibration) -> list[ImageHit]:
        """The best `k` images, best first; of files with the same bytes only the first."""
        numbers, cosines, sample, covered = self._candidates(query, k)
        if not len(numbers):
            return []
        standardised = calibration.standardise(cosines, sample, query.kind)
        captions = np.array([covered.get(number, 0.0) for number in numbers.tolist()])
        ranked = _looks(standardised / calibration.near) + (
            _CAPTION_WEIGHT * query.caption_weight * captions**_CAPTION_POWER
        )
        hits: list[ImageHit] = []
        seen = {query.without}
        order = np.argsort(-ranked, kind="stable").tolist()
        # Few candidates become hits, so records are read a few at a time.
        for start in range(0, len(order), 2 * k):
            part = order[start : start + 2 * k]
            records = self._rows.records([int(numbers[place]) for place in part])
            for place in part:
                record, digest = records.get(int(numbers[place]), (None, query.without))
                if record is None or digest in seen:
                    continue
                seen.add(digest)
                scores = {"standardised": float(standardised[place])}
                if query.words:
                    scores["caption"] = float(captions[place])
                reading = calibration.read(scores["standardised"])
                hits.append(ImageHit(record, float(cosines[place]), reading, scores))
                if len(hits) == k:
                    return hits
        return hits

    def follow(self) -> None:
        """Bring everything to the store's generation."""
        with self._lock:
            generation = self._rows.generation()
            if generation == self._generation:
                return
            self._rows.check_recipe()
            if self._generation < 0:
                loaded = VectorIndex.read_checkpoint(
                    self._checkpoint, generation, self._identity, self._device
                )
                if loaded is not None:
                    self._vectors = loaded
                    self._saved_generation = generation
            numbers = self._rows.numbers()
            held = np.fromiter(self._vectors.ids, np.int64, len(self._vectors))
            self._vectors.remove(np.setdiff1d(held, numbers))
            missing = np.setdiff1d(numbers, held)
            for start in range(0, len(missing), _READ_AT_ONCE):
                part = missing[start : start + _READ_AT_ONCE].tolist()
                self._vectors.add(*self._rows.vectors(part))
            self._captions.close()
            self._captions = CaptionWords(self._rows.captions())
            # Any even selection will do; a fixed one makes readings repeatable.
            step = max(1, -(-len(numbers) // _SAMPLE))
            _, self._sample = self._rows.vectors(numbers[::step].tolist())
            self._generation = generation

    def save(self) -> None:
        """Save a checkpoint of the vectors unless it is there already."""
        with self._lock:
            fresh = self._generation > 0 and self._generation != self._saved_generation
            if fresh and self._vectors.write_checkpoint(
                self._checkpoint, self._generation, self._identity
            ):
                self._saved_generation = self._generation

    def _candidates(
        self, query: ImageQuery, k: int
    ) -> tuple[NDArray[np.int64], Vector, Vector, dict[int, float]]:
        length = max(float(np.linalg.norm(query.vector)), 1e-12)
        direction = (query.vector / length).astype(np.float32)
        with self._lock:
            self.follow()
            if k < 1 or not len(self._vectors):
                none = np.empty(0, np.float32)
                return np.empty(0, np.int64), none, none, {}
            numbers, _ = self._vectors.search(direction, max(_POOL, 4 * k))
            covered = self._captions.coverage(query.words) if query.words else {}
            worded = sorted(covered, key=lambda number: -covered[number])[: max(_POOL, k)]
            numbers = np.union1d(numbers, np.array(worded, np.int64))
            cosines = np.clip(self._vectors.vectors(numbers) @ direction, -1.0, 1.0)
            return numbers, cosines, self._sample @ direction, covered


def _looks(relative: Vector) -> Vector:
    return np.where(relative > 1, 1 + _BEYOND_NEAR * (relative - 1), relative).astype(np.float32)
