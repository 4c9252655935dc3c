"""Decoded pictures become vectors in batches, one batch ahead of whoever stores them."""

from collections import deque
from collections.abc import Generator, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

from index.image_encoders import ImageTextEncoder, Vectors
from index.image_intake import Decoded, Item

if TYPE_CHECKING:
    from PIL import Image

# The first batches are small, so that the encoder need not wait for 16 pictures to be decoded.
_FIRST_BATCH, _LARGEST_BATCH = 4, 16
# Under way at a time, so that no thread of an encoder is without work at the end of a batch.
_AT_ONCE = 2
# Of files that need no encoding more go into one batch, and not so many that progress stands still.
_MOST_ITEMS = 256


@dataclass(frozen=True, slots=True)
class Batch:
    """Items in their order, and the vectors of new pictures, float32 (d,), by their digests."""

    items: tuple[Item, ...]
    vectors: dict[str, Vectors]


def encoded_ahead(
    items: Iterable[Item], encoder: ImageTextEncoder, digests: set[str]
) -> Generator[Batch]:
    """Batches in the order of `items`; while the caller stores one, the next is encoded.

    Of pictures with the same bytes only the first is encoded, and none whose digest is in
    `digests` before; the digests of those encoded are added to it. Close it to stop early.
    """
    executor = ThreadPoolExecutor(_AT_ONCE, "image-batches")
    waiting: deque[_Waiting] = deque()
    try:
        for batch in _batches(items):
            new: dict[str, Image.Image] = {}
            for item in batch:
                if isinstance(item, Decoded) and item.state.digest not in digests:
                    new.setdefault(item.state.digest, item.image)
            digests.update(new)
            encoding = executor.submit(encoder.embed_images, list(new.values())) if new else None
            waiting.append(_Waiting(batch, tuple(new), encoding))
            if len(waiting) == _AT_ONCE:
                yield waiting.popleft().done()
        while waiting:
            yield waiting.popleft().done()
    finally:
        executor.shutdown(cancel_futures=True)


@dataclass(frozen=True, slots=True)
class _Waiting:
    items: tuple[Item, ...]
    digests: tuple[str, ...]
    encoding: "Future[Vectors] | None"

    def done(self) -> Batch:
        vectors = () if self.encoding is None else self.encoding.result()
        return Batch(self.items, dict(zip(self.digests, vectors, strict=True)))


def _batches(items: Iterable[Item]) -> Iterator[tuple[Item, ...]]:
    size = _FIRST_BATCH
    batch: list[Item] = []
    pictures = 0
    for item in items:
        batch.append(item)
        pictures += isinstance(item, Decoded)
        if pictures >= size or len(batch) >= _MOST_ITEMS:
            yield tuple(batch)
            batch, pictures = [], 0
            size = min(2 * size, _LARGEST_BATCH)
    if batch:
        yield tuple(batch)
