"""Pictures to be found by example, by words, by both, and less of something.

The same store and the same vector index as for passages. Pixels decide; where a picture has a
title or caption, its words count too when somebody searches by words.
"""

import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Self

from corpus.closing import Closing
from corpus.types import ImageRecord
from index.errors import ImageRefusedError
from index.image_adding import Progress, add_images, rebuild_images
from index.image_encoders import ImageTextEncoder
from index.image_files import DEFAULT_LIMITS, ImageLimits, real_path
from index.image_intake import find_files
from index.image_map import project_map
from index.image_queries import ImageQueries
from index.image_search import ImageQuery, ImageSearch
from index.image_serving import ServedImages
from index.image_store import ImageStore
from index.image_types import ImageAddReport, ImageMap, MapPoint
from index.store import Recipe, Store
from index.types import ImageHit
from index.vectors import Device

if TYPE_CHECKING:
    from PIL import Image

    from index.image_queries import Example

_CHECKPOINT_AFTER = 2_000
_MAPPED = 2_000


class ImageIndex(Closing):
    """Images to be searched. Make one with `ImageIndex.open`.

    Safe to share by the threads of a process; what other processes change in the same store is
    seen at the next search. Encoding happens outside every lock and transaction. A context
    manager; closing saves a checkpoint of the vectors and leaves the store open.
    """

    def __init__(
        self,
        store: Store,
        encoder: ImageTextEncoder,
        device: Device = "auto",
        limits: ImageLimits = DEFAULT_LIMITS,
    ) -> None:
        self._encoder = encoder
        self._limits = limits
        self._queries = ImageQueries(encoder, limits)
        self._rows = ImageStore(store, Recipe(encoder.identity, encoder.preparation))
        self._served = ServedImages(self._rows, limits)
        self._search = ImageSearch(
            self._rows,
            encoder.identity,
            store.path.with_name(f"{store.path.stem}-images.faiss"),
            device,
        )

    @classmethod
    def open(
        cls,
        store: Store,
        encoder: ImageTextEncoder,
        device: Device = "auto",
        limits: ImageLimits = DEFAULT_LIMITS,
        *,
        rebuild: bool = False,
        progress: Progress | None = None,
    ) -> Self:
        """Open the images of a store for an encoder.

        Raises EmbedderMismatchError when they were indexed with another one, unless `rebuild`,
        which indexes them anew.
        """
        index = cls(store, encoder, device, limits)
        if rebuild:
            index.rebuild(progress)
        else:
            index._search.follow()
        return index

    def close(self) -> None:
        """Save a checkpoint of the vectors, so that the next start need not build them."""
        self._search.save()

    @property
    def encoder(self) -> ImageTextEncoder:
        """The model that makes the vectors."""
        return self._encoder

    def __len__(self) -> int:
        return self._rows.count()

    def add(
        self, sources: Path | str | Iterable[Path | str], progress: Progress | None = None
    ) -> ImageAddReport:
        """Add picture files and whole folders; what is there already costs a look at the file.

        A file counts as changed when its time or size and then its bytes differ. Images of an
        added folder whose files are gone are removed. Broken and hostile files are skipped and
        reported. `progress(done, total)` counts files. Commits every few images: what was
        committed before an interruption stays, and adding again goes on from there.

        Raises StoreError when the store cannot be written.
        """
        named = [sources] if isinstance(sources, Path | str) else list(sources)
        files, folders, skipped = find_files(Path(source) for source in named)
        records = [ImageRecord(image_id(path), path, _title(path)) for path in files]
        report = self.add_records(records, progress)
        present = {str(path) for path in files}
        gone = [
            found
            for path, (found, _) in self._rows.states().items()
            if path not in present
            and not Path(path).exists()
            and any(Path(path).is_relative_to(folder) for folder in folders)
        ]
        removed = self.remove(gone) if gone else ()
        return replace(report, removed=removed, skipped=(*skipped, *report.skipped))

    def add_records(
        self, records: Sequence[ImageRecord], progress: Progress | None = None
    ) -> ImageAddReport:
        """Add images with titles, licences and captions of their own (metadata `caption`).

        Otherwise as `add`. What a record says anew about an unchanged file is stored; a file that
        is there under another id keeps it, and what was said about it.
        """
        report = add_images(self._rows, self._encoder, records, self._limits, progress)
        self._search.follow()
        if len(report.added) + len(report.changed) >= _CHECKPOINT_AFTER:
            self.close()
        return report

    def remove(self, targets: Path | str | Iterable[Path | str]) -> tuple[str, ...]:
        """Forget images by id, by file or by folder; the files stay. Return the ids removed."""
        named = [targets] if isinstance(targets, Path | str) else list(targets)
        states = self._rows.states()
        known = {found for found, _ in states.values()}
        chosen: dict[str, None] = {}
        for target in named:
            if str(target) in known:
                chosen[str(target)] = None
                continue
            places = {Path(target).absolute(), real_path(Path(target))}
            chosen |= {
                found: None
                for stored, (found, _) in states.items()
                if any(Path(stored).is_relative_to(place) for place in places)
            }
        removed = self._rows.remove(chosen) if chosen else ()
        self._search.follow()
        return removed

    def rebuild(self, progress: Progress | None = None) -> ImageAddReport:
        """Index every stored image anew with this encoder, from its file.

        The old vectors serve until the new ones are committed, all at once. Images whose files
        are gone or broken are forgotten and reported.
        """
        report = rebuild_images(self._rows, self._encoder, self._limits, progress)
        self._search.follow()
        self._search.save()
        return report

    def images(self) -> list[ImageRecord]:
        """Every image, in the order in which they were added."""
        return self._rows.all_records()

    def image(self, image_id: str) -> ImageRecord | None:
        """One image by its id, None when there is no such image."""
        found = self._rows.find(image_id)
        return None if found is None else found[1]

    def thumbnail(self, image_id: str) -> bytes | None:
        """An image's thumbnail, a JPEG of at most 336 pixels each way.

        Most are made from the image's file when they are first asked for, and kept. None when
        there is no such image, and when one must be made and the file cannot serve any more.
        """
        return self._served.thumbnail(image_id)

    def picture(self, image_id: str) -> bytes:
        """An image as a JPEG of at most 1600 pixels each way, without the file's metadata.

        Raises ImageRefusedError when there is no such image or its file cannot serve any more.
        """
        return self._served.picture(image_id)

    def search(
        self,
        example: "Example | None" = None,
        text: str | None = None,
        minus: "str | Path | bytes | Image.Image | None" = None,
        weights: Mapping[str, float] | None = None,
        k: int = 12,
    ) -> list[ImageHit]:
        """The `k` best images, best first; of files with the same bytes only the first.

        `example` is a file, its bytes or a PIL image; `text` says what is wanted; with both, both
        count ("this, but at night"). `minus` is what there should be less of: words, or a
        picture (a str is always words here). `weights` sets the parts against each other, by
        default `{"example": 1, "text": 1, "minus": 0.5}` (the weights of Rocchio 1971 are alike).

        Raises ImageRefusedError for an example that is no picture, ValueError without anything to
        search for.
        """
        query = self._queries.query(example, text, minus, weights or {})
        return self._search.hits(query, k, self._encoder.calibration)

    def more_like(self, image_id: str, k: int = 12) -> list[ImageHit]:
        """Images like one that is there, without itself and its exact copies.

        Raises ImageRefusedError when there is no such image.
        """
        found = self._rows.find(image_id)
        if found is None:
            raise ImageRefusedError(f"There is no image {image_id!r}.", reason="missing")
        number = found[0]
        _, vectors = self._rows.vectors([number])
        digest = self._rows.records([number])[number][1]
        query = ImageQuery(vectors[0], "image", without=digest)
        return self._search.hits(query, k, self._encoder.calibration)

    def map2d(self, example: "Example | None" = None, text: str | None = None) -> ImageMap:
        """The images on a plane, with the query on it if there is one.

        The plane is spanned by the first two principal components of the vectors (Pearson 1901);
        of more than 2000 images an even selection is shown.
        """
        numbers = self._rows.numbers()
        step = max(1, -(-len(numbers) // _MAPPED))
        shown, vectors = self._rows.vectors(numbers[::step].tolist())
        query = None
        if example is not None:
            query = self._queries.embed_example(example)
        elif text and text.strip():
            query = self._queries.embed_text(text)
        places, of_query, explained = project_map(vectors, query)
        records = self._rows.records(shown.tolist())
        points = [
            MapPoint(records[number][0], float(x), float(y))
            for number, (x, y) in zip(shown.tolist(), places, strict=True)
            if number in records
        ]
        return ImageMap(tuple(points), of_query, explained)


def image_id(path: Path) -> str:
    """The id of an image that was added as a file: of its path, without telling it."""
    return f"image/{hashlib.sha256(os.fsencode(path)).hexdigest()[:16]}"


def _title(path: Path) -> str:
    words = path.stem.replace("_", " ").replace("-", " ").strip() or path.name
    return words.encode("utf-8", "replace").decode("utf-8")
