"""How pictures get into the store: decoded ahead, encoded in batches, committed every few."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corpus.types import ImageRecord
from index.image_encoders import ImageTextEncoder
from index.image_files import ImageLimits
from index.image_intake import Decoded, Item, Known, Unchanged, Wanted, decoded_ahead
from index.image_store import FileState, ImageStore, StoredImage
from index.image_types import DuplicateImage, ImageAddReport, SkippedImage

Progress = Callable[[int, int], None]

# The first batches are small, so that the encoder need not wait for 32 pictures to be decoded.
_FIRST_BATCH, _LARGEST_BATCH = 4, 32


def add_images(
    rows: ImageStore,
    encoder: ImageTextEncoder,
    records: Sequence[ImageRecord],
    limits: ImageLimits,
    progress: Progress | None = None,
) -> ImageAddReport:
    """Add or update these images; see `ImageIndex.add_records`."""
    return _Adding(rows, encoder).run(records, limits, progress)


def rebuild_images(
    rows: ImageStore,
    encoder: ImageTextEncoder,
    limits: ImageLimits,
    progress: Progress | None = None,
) -> ImageAddReport:
    """Encode every stored image anew from its file; see `ImageIndex.rebuild`."""
    wanted = [Wanted(record) for record in rows.all_records()]
    vectors: dict[str, NDArray[np.float32]] = {}
    skipped: list[SkippedImage] = []
    with decoded_ahead(wanted, lambda _: False, limits) as items:
        for done, item in enumerate(items, start=1):
            if isinstance(item, Decoded):
                vectors[item.wanted.record.id] = encoder.embed_images([item.image])[0]
            elif isinstance(item, SkippedImage):
                skipped.append(item)
            if progress is not None:
                progress(done, len(wanted))
    rows.replace_vectors(vectors)
    gone = tuple(each.record.id for each in wanted if each.record.id not in vectors)
    return ImageAddReport(changed=tuple(vectors), removed=gone, skipped=tuple(skipped))


class _Adding:
    def __init__(self, rows: ImageStore, encoder: ImageTextEncoder) -> None:
        self._rows = rows
        self._encoder = encoder
        self._known = {record.id: record for record in rows.all_records()}
        self._digests: set[str] = set()
        self._waiting: list[Decoded] = []
        self._batch = _FIRST_BATCH
        self._added: list[str] = []
        self._changed: list[str] = []
        self._unchanged = 0
        self._duplicates: list[DuplicateImage] = []
        self._skipped: list[SkippedImage] = []

    def run(
        self, records: Iterable[ImageRecord], limits: ImageLimits, progress: Progress | None
    ) -> ImageAddReport:
        states = self._rows.states()
        self._digests = {state.digest for _, state in states.values()}
        wanted = [_wanted(record, states) for record in records]
        with decoded_ahead(wanted, self._digests.__contains__, limits) as items:
            for done, item in enumerate(items, start=1):
                self._take(item)
                if progress is not None:
                    progress(done, len(wanted))
        self._commit()
        return ImageAddReport(
            tuple(self._added),
            tuple(self._changed),
            self._unchanged,
            (),
            tuple(self._duplicates),
            tuple(self._skipped),
        )

    def _take(self, item: Item) -> None:
        if isinstance(item, Decoded):
            self._waiting.append(item)
            if len(self._waiting) >= self._batch:
                self._commit()
                self._batch = min(2 * self._batch, _LARGEST_BATCH)
        elif isinstance(item, Known):
            self._commit()
            self._share(item)
        elif isinstance(item, Unchanged):
            self._keep(item)
        else:
            self._skipped.append(item)

    def _commit(self) -> None:
        """Encode and store; the second of two equal files in one batch becomes a duplicate."""
        first: dict[str, Decoded] = {}
        for item in self._waiting:
            first.setdefault(item.state.digest, item)
        if not first:
            return
        vectors = self._encoder.embed_images([item.image for item in first.values()])
        by_digest = dict(zip(first, vectors, strict=True))
        self._rows.put(
            StoredImage(_with_size(item), item.state, by_digest[item.state.digest], item.thumbnail)
            for item in self._waiting
        )
        for item in self._waiting:
            self._count(item.wanted.record, first[item.state.digest].wanted.record.id)
        self._digests |= first.keys()
        self._waiting = []

    def _share(self, item: Known) -> None:
        """Store a file whose bytes are there already, with the vector that they have."""
        record = item.wanted.record
        found = self._rows.first_with_digest(item.state.digest)
        if found is None:
            self._skipped.append(
                SkippedImage(record.path, "changed", f"{record.path} changed meanwhile.")
            )
            return
        of, vector, thumbnail = found
        self._rows.put([StoredImage(record, item.state, vector, thumbnail)])
        self._count(record, of)

    def _count(self, record: ImageRecord, of: str) -> None:
        (self._changed if record.id in self._known else self._added).append(record.id)
        if of != record.id:
            self._duplicates.append(DuplicateImage(record.path, of))

    def _keep(self, item: Unchanged) -> None:
        record = item.wanted.record
        known = self._known[record.id]
        if item.touched is not None:
            self._rows.touch(record.id, item.touched)
        described = replace(record, metadata={**_sizes(known), **record.metadata})
        if item.wanted.describes and described != known:
            self._rows.describe(described)
            self._changed.append(record.id)
        else:
            self._unchanged += 1


def _wanted(record: ImageRecord, states: dict[Path, tuple[str, FileState]]) -> Wanted:
    """The record under the id that its file has already, if it was added another way."""
    found, stored = states.get(record.path, (record.id, None))
    return Wanted(replace(record, id=found), stored, describes=found == record.id)


def _with_size(item: Decoded) -> ImageRecord:
    width, height = item.size
    record = item.wanted.record
    return replace(record, metadata={**record.metadata, "width": width, "height": height})


def _sizes(record: ImageRecord) -> dict[str, str | int | float | bool]:
    return {key: record.metadata[key] for key in ("width", "height") if key in record.metadata}
