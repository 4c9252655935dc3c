"""What the image index reports."""

from dataclasses import dataclass
from pathlib import Path

from corpus.types import ImageRecord


@dataclass(frozen=True, slots=True)
class SkippedImage:
    """A file that was left out. `reason` is a stable word, `message` says it to a person."""

    path: Path
    reason: str
    message: str


@dataclass(frozen=True, slots=True)
class DuplicateImage:
    """A file with the very bytes of an image that was there before, `of` (its id)."""

    path: Path
    of: str


@dataclass(frozen=True, slots=True)
class ImageAddReport:
    """What an add did. `added` and `changed` are ids, and so is `removed`: files that vanished."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: int = 0
    removed: tuple[str, ...] = ()
    duplicates: tuple[DuplicateImage, ...] = ()
    skipped: tuple[SkippedImage, ...] = ()


@dataclass(frozen=True, slots=True)
class MapPoint:
    """Where an image lies on the map, about -1 to 1 each way."""

    image: ImageRecord
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class ImageMap:
    """The two directions in which the images differ most. `explained` is their share in [0, 1]."""

    points: tuple[MapPoint, ...]
    query: tuple[float, float] | None
    explained: float
