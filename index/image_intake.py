"""From folders and files to decoded pictures, one step ahead of the encoder.

Threads of their own compare files with what is stored, hash, decode and scale them, so that the
encoder never waits for a disk; how many run ahead is bounded, which keeps memory flat.
"""

import hashlib
import io
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from corpus.types import ImageRecord
from index.errors import ImageRefusedError
from index.image_files import (
    DEFAULT_LIMITS,
    SUFFIXES,
    ImageLimits,
    decode_image,
    open_image,
    read_image_bytes,
)
from index.image_store import FileState
from index.image_types import SkippedImage

if TYPE_CHECKING:
    from PIL import Image

# Encoders see 224 to 400 pixels. What is much larger is scaled down once, in the decoding thread;
# what is a little larger costs more to scale than to keep.
_SHORTER_SIDE, _KEPT_SIDE = 400, 640
_THUMBNAIL_SIDE, SMALLEST_THUMBNAIL = 224, 168
_THUMBNAIL_QUALITY = 82
# What decodes to more takes 20 ms and more, or half a second for a HEIC of a phone. A gallery of
# such pictures would wait for seconds, so they get their thumbnails while they are here.
_SLOW_PIXELS = 1_000_000
_AHEAD = 16
# More would hardly be faster than any encoder, and each may hold the largest picture allowed.
_MOST_DECODERS = 4
# Pillow keeps so many blocks of memory of pictures that are done for the next ones, each of so many
# bytes at most: 32 MB in all. The system would take them back and clear them again, which takes a
# thirtieth of the time of decoding.
_KEPT_BLOCKS, _LARGEST_BLOCK = 8, 4 << 20


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
    """A new or changed picture, scaled for the encoder, with its full size.

    `thumbnail` is None where making one from the file is quick enough once somebody looks.
    """

    wanted: Wanted
    state: FileState
    image: "Image.Image"
    thumbnail: bytes | None
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
        # In a folder that is resolved itself only a link leads elsewhere; resolving takes longer.
        found = path if folder is not None and not path.is_symlink() else path.resolve(strict=True)
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


def open_scaled(source: Path | str | bytes, limits: ImageLimits = DEFAULT_LIMITS) -> "Image.Image":
    """The picture in a file or in bytes as encoders get it, when added and as a query alike.

    Raises ImageRefusedError as `open_image` does.
    """
    return scaled(open_image(source, limits, _SHORTER_SIDE))


def scaled(image: "Image.Image") -> "Image.Image":
    """A picture as encoders get it."""
    from PIL import Image

    shorter = min(image.size)
    if shorter <= _KEPT_SIDE:
        return image
    factor = _SHORTER_SIDE / shorter
    size = (max(1, round(image.width * factor)), max(1, round(image.height * factor)))
    return image.resize(size, Image.Resampling.BICUBIC, reducing_gap=2.0)


def thumbnail(image: "Image.Image") -> bytes:
    """A JPEG whose longer side has about 224 pixels, 168 to 336 where the picture is that large."""
    # By a whole number, which takes a fifth of the time of scaling to a given size.
    small = image.reduce(max(1, round(max(image.size) / _THUMBNAIL_SIDE)))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=_THUMBNAIL_QUALITY)
    return buffer.getvalue()


@contextmanager
def decoded_ahead(
    wanted: Sequence[Wanted], is_known: Callable[[str], bool], limits: ImageLimits
) -> Iterator[Iterator[Item]]:
    """Items in the order of `wanted`, decoded in other threads while the caller works.

    `is_known` says whether the bytes of a digest are stored already. Leaving the context stops
    the threads.
    """
    from PIL import Image

    executor = ThreadPoolExecutor(min(os.cpu_count() or 1, _MOST_DECODERS), "image-intake")
    Image.core.set_block_size(_LARGEST_BLOCK)
    Image.core.set_blocks_max(_KEPT_BLOCKS)
    try:
        yield _in_order(executor, wanted, is_known, limits)
    finally:
        executor.shutdown(cancel_futures=True)


def _in_order(
    executor: ThreadPoolExecutor,
    wanted: Sequence[Wanted],
    is_known: Callable[[str], bool],
    limits: ImageLimits,
) -> Iterator[Item]:
    ahead: deque[Future[Item]] = deque()
    for each in wanted:
        ahead.append(executor.submit(_examine, each, is_known, limits))
        if len(ahead) == _AHEAD:
            yield ahead.popleft().result()
    while ahead:
        yield ahead.popleft().result()


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
        image, size = decode_image(content, str(path), limits, at_least=_SHORTER_SIDE)
        small = scaled(image)
        made = thumbnail(small) if image.width * image.height > _SLOW_PIXELS else None
        return Decoded(wanted, state, small, made, size)
    except ImageRefusedError as error:
        return SkippedImage(path, error.reason, error.message)
