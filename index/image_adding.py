"""How pictures get into the store: decoded and encoded ahead, committed batch by batch."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from corpus.types import ImageRecord
from index.image_batches import Batch, encoded_ahead
from index.image_encoders import ImageTextEncoder
from index.image_files import ImageLimits
from index.image_intake import Decoded, Known, Unchanged, Wanted, decoded_ahead
from index.image_store import FileState, ImageStore, StoredImage
from index.image_types import DuplicateImage, ImageAddReport, SkippedImage

Progress = Callable[[int, int], None]


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
    by_digest: dict[str, NDArray[np.float32]] = {}
    vectors: dict[str, NDArray[np.float32]] = {}
    skipped: list[SkippedImage] = []
    done = 0
    with (
        decoded_ahead(wanted, lambda _: False, limits) as items,
        closing(encoded_ahead(items, encoder, set())) as batches,
    ):
        for batch in batches:
            by_digest |= batch.vectors
            for item in batch.items:
                if isinstance(item, Decoded):
                    vectors[item.wanted.record.id] = by_digest[item.state.digest]
                elif isinstance(item, SkippedImage):
                    skipped.append(item)
            done = _tell(progress, done, batch, len(wanted))
    rows.replace_vectors(vectors)
    gone = tuple(each.record.id for each in wanted if each.record.id not in vectors)
    return ImageAddReport(changed=tuple(vectors), removed=gone, skipped=tuple(skipped))


class _Adding:
    def __init__(self, rows: ImageStore, encoder: ImageTextEncoder) -> None:
        self._rows = rows
        self._encoder = encoder
        self._ids: set[str] = set()
        self._again: list[ImageRecord] = []
        self._added: list[str] = []
        self._changed: list[str] = []
        self._unchanged = 0
        self._duplicates: list[DuplicateImage] = []
        self._skipped: list[SkippedImage] = []

    def run(
        self, records: Iterable[ImageRecord], limits: ImageLimits, progress: Progress | None
    ) -> ImageAddReport:
        self._pass(records, limits, progress)
        # Those whose bytes only another file had, which has changed in this very pass (files that
        # were renamed to one another's names): by now nothing has these bytes.
        again, self._again = self._again, []
        if again:
            self._pass(again, limits, None)
        self._skipped += [
            SkippedImage(record.path, "changed", f"{record.path} changed meanwhile.")
            for record in self._again
        ]
        return ImageAddReport(
            tuple(self._added),
            tuple(self._changed),
            self._unchanged,
            (),
            tuple(self._duplicates),
            tuple(self._skipped),
        )

    def _pass(
        self, records: Iterable[ImageRecord], limits: ImageLimits, progress: Progress | None
    ) -> None:
        states = self._rows.states()
        self._ids |= {found for found, _ in states.values()}
        # Stored, or on the way: what is on the way is stored before its copies come along.
        digests = {state.digest for _, state in states.values()}
        wanted = [_wanted(record, states) for record in records]
        done = 0
        with (
            decoded_ahead(wanted, digests.__contains__, limits) as items,
            closing(encoded_ahead(items, self._encoder, digests)) as batches,
        ):
            for batch in batches:
                self._store(batch)
                done = _tell(progress, done, batch, len(wanted))

    @cached_property
    def _known(self) -> dict[str, ImageRecord]:
        return {record.id: record for record in self._rows.all_records()}

    def _store(self, batch: Batch) -> None:
        ready: list[StoredImage] = []
        first: dict[str, str] = {}
        for item in batch.items:
            if isinstance(item, Decoded) and item.state.digest in batch.vectors:
                vector = batch.vectors[item.state.digest]
                ready.append(StoredImage(_with_size(item), item.state, vector, item.thumbnail))
            elif isinstance(item, Decoded | Known):
                self._put(ready, first)
                self._share(item)
            elif isinstance(item, Unchanged):
                self._keep(item)
            else:
                self._skipped.append(item)
        self._put(ready, first)

    def _put(self, images: list[StoredImage], first: dict[str, str]) -> None:
        """Store pictures and empty the list; `first` has the ids of the batch by digest."""
        if images:
            self._rows.put(images)
        for image in images:
            self._count(image.record, first.setdefault(image.state.digest, image.record.id))
        images.clear()

    def _share(self, item: Decoded | Known) -> None:
        """Store a file whose bytes are there already, with the vector that they have."""
        record = item.wanted.record
        found = self._rows.first_with_digest(item.state.digest)
        if found is None:
            self._again.append(record)
            return
        shared = replace(record, metadata={**record.metadata, **_sizes(found.record)})
        self._rows.put([replace(found, record=shared, state=item.state)])
        self._count(record, found.record.id)

    def _count(self, record: ImageRecord, of: str) -> None:
        (self._changed if record.id in self._ids else self._added).append(record.id)
        if of != record.id:
            self._duplicates.append(DuplicateImage(record.path, of))

    def _keep(self, item: Unchanged) -> None:
        record = item.wanted.record
        known = self._known.get(record.id)
        if known is None:  # removed since the pass began
            self._again.append(record)
            return
        if item.touched is not None:
            self._rows.touch(record.id, item.touched)
        described = replace(record, metadata={**_sizes(known), **record.metadata})
        if item.wanted.describes and described != known:
            self._rows.describe(described)
            self._changed.append(record.id)
        else:
            self._unchanged += 1


def _wanted(record: ImageRecord, states: dict[str, tuple[str, FileState]]) -> Wanted:
    """The record under the id that its file has already, if it was added another way."""
    found, stored = states.get(str(record.path), (record.id, None))
    return Wanted(replace(record, id=found), stored, describes=found == record.id)


def _with_size(item: Decoded) -> ImageRecord:
    width, height = item.size
    record = item.wanted.record
    return replace(record, metadata={**record.metadata, "width": width, "height": height})


def _sizes(record: ImageRecord) -> dict[str, str | int | float | bool]:
    return {key: record.metadata[key] for key in ("width", "height") if key in record.metadata}


def _tell(progress: Progress | None, done: int, batch: Batch, total: int) -> int:
    """Count the files of a batch one by one; return how many are done with it."""
    for _ in batch.items:
        done += 1
        if progress is not None:
            progress(done, total)
    return done
