"""From folders and files to decoded pictures, one step ahead of the encoder.

A thread of its own finds files, compares them with what is stored, hashes, decodes and scales
them, so that the encoder never waits for a disk; a bounded queue keeps memory flat.
"""

import hashlib
import io
import os
import queue
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.types import ImageRecord
from index.errors import ImageRefusedError
from index.image_files import SUFFIXES, ImageLimits, decode_image, read_image_bytes
from index.image_store import FileState
from index.image_types import SkippedImage

if TYPE_CHECKING:
    from PIL import Image

# Encoders see 224 to 400 pixels. What is much larger is scaled down once, in the decoding thread;
# what is a little larger costs more to scale than to keep.
_SHORTER_SIDE, _KEPT_SIDE = 400, 640
_THUMBNAIL_SIDE = 256
_THUMBNAIL_QUALITY = 82
_AHEAD = 48


@dataclass(frozen=True, slots=True)
class Wanted:
    """A file to be added, with what is known about it.

    `describes` says whether the record's words replace those stored for an unchanged file.
    """

    record: ImageRecord
    stored: FileState | None = None
    describes: bool = False


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A file that is stored as it is. `touched` holds its state if only the time differs."""

    wanted: Wanted
    touched: FileState | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """A new or changed file whose bytes belong to an image that is stored already."""

    wanted: Wanted
    state: FileState


@dataclass(frozen=True, slots=True)
class Decoded:
    """A new or changed picture, scaled for the encoder, with its thumbnail."""

    wanted: Wanted
    state: FileState
    image: "Image.Image"
    thumbnail: bytes
    size: tuple[int, int]


Item = Unchanged | Known | Decoded | SkippedImage


def find_files(sources: Iterable[Path]) -> tuple[list[Path], list[Path], list[SkippedImage]]:
    """Picture files in folders (by suffix) and files named one by one, resolved and sorted.

    Returns files, the folders that were searched, and what was left out: what does not exist, and
    links inside a folder that lead out of it. Hidden files and folders are passed over.
    """
    files: dict[Path, None] = {}
    folders: list[Path] = []
    skipped: list[SkippedImage] = []
    for source in sources:
        found = _resolved(Path(source))
        if isinstance(found, SkippedImage):
            skipped.append(found)
        elif not found.is_dir():
            files[found] = None
        else:
            folders.append(found)
            for path in _walk(found):
                target = _resolved(path, found)
                if isinstance(target, SkippedImage):
                    skipped.append(target)
                else:
                    files[target] = None
    return list(files), folders, skipped


def _resolved(path: Path, folder: Path | None = None) -> Path | SkippedImage:
    try:
        found = path.resolve(strict=True)
        str(found).encode("utf-8")
    except UnicodeEncodeError:
        name = ascii(path.name)
        return SkippedImage(path, "name", f"The name {name} is not UTF-8; rename the file.")
    except (OSError, RuntimeError, ValueError) as error:
        reason = "missing" if isinstance(error, FileNotFoundError) else "unreadable"
        return SkippedImage(path, reason, f"{path} leads to no file.")
    if folder is not None and not found.is_relative_to(folder):
        return SkippedImage(path, "outside", f"{path} is a link that leaves the folder.")
    return found


def _walk(folder: Path) -> Iterator[Path]:
    # os.walk does not follow links to folders, so it ends.
    for parent, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if Path(name).suffix.lower() in SUFFIXES and not name.startswith("."):
                yield Path(parent, name)


def scaled(image: "Image.Image") -> "Image.Image":
    """The picture as encoders get it, from files and as queries alike."""
    from PIL import Image

    shorter = min(image.size)
    if shorter <= _KEPT_SIDE:
        return image
    factor = _SHORTER_SIDE / shorter
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def thumbnail(image: "Image.Image") -> bytes:
    """A JPEG of at most 256 pixels each way."""
    from PIL import Image

    factor = min(1.0, _THUMBNAIL_SIDE / max(image.size))
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    small = image.resize(size, Image.Resampling.BILINEAR, reducing_gap=1.5)
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=_THUMBNAIL_QUALITY)
    return buffer.getvalue()


@contextmanager
def decoded_ahead(
    wanted: Sequence[Wanted], is_known: Callable[[str], bool], limits: ImageLimits
) -> Iterator[Iterator[Item]]:
    """Items in the order of `wanted`, decoded in another thread while the caller works.

    `is_known` says whether the bytes of a digest are stored already. Leaving the context stops
    the thread.
    """
    ahead = _Ahead(wanted, is_known, limits)
    ahead.start()
    try:
        yield ahead.items()
    finally:
        ahead.stop()


class _Ahead(threading.Thread):
    def __init__(
        self, wanted: Sequence[Wanted], is_known: Callable[[str], bool], limits: ImageLimits
    ) -> None:
        super().__init__(name="image-intake", daemon=True)
        self._wanted = wanted
        self._is_known = is_known
        self._limits = limits
        self._ready: queue.Queue[Item | BaseException | None] = queue.Queue(_AHEAD)
        self._stopped = threading.Event()

    def run(self) -> None:
        try:
            for wanted in self._wanted:
                if self._stopped.is_set():
                    return
                self._offer(_examine(wanted, self._is_known, self._limits))
            self._offer(None)
        except BaseException as error:  # handed to the caller's thread, which raises it
            self._offer(error)

    def items(self) -> Iterator[Item]:
        while (item := self._ready.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item

    def stop(self) -> None:
        self._stopped.set()
        self.join()

    def _offer(self, item: Item | BaseException | None) -> None:
        while not self._stopped.is_set():
            try:
                self._ready.put(item, timeout=0.1)
            except queue.Full:
                continue
            return


def _examine(wanted: Wanted, is_known: Callable[[str], bool], limits: ImageLimits) -> Item:
    path = wanted.record.path
    stored = wanted.stored
    try:
        try:
            status = path.stat()
        except (OSError, ValueError):
            status = None  # read_image_bytes says why
        if (
            stored is not None
            and status is not None
            and (status.st_mtime_ns, status.st_size) == (stored.mtime_ns, stored.size)
        ):
            return Unchanged(wanted)
        content = read_image_bytes(path, limits)
        state = FileState(
            status.st_mtime_ns if status is not None else 0,
            len(content),
            hashlib.sha256(content).hexdigest(),
        )
        if stored is not None and state.digest == stored.digest:
            return Unchanged(wanted, state)
        if is_known(state.digest):
            return Known(wanted, state)
        image = decode_image(content, str(path), limits, at_least=_SHORTER_SIDE)
        small = scaled(image)
        return Decoded(wanted, state, small, thumbnail(small), image.size)
    except ImageRefusedError as error:
        return SkippedImage(path, error.reason, error.message)
