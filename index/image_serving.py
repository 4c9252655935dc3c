"""Stored images as whoever looks at them gets them: thumbnails, and pictures of a bounded size.

What is served is always decoded and encoded here, from a path that was added and still leads where
it led then: never the bytes of a file as they are.
"""

import hashlib
import io
import threading
from contextlib import suppress

from corpus.types import ImageRecord
from index.errors import ImageRefusedError, StoreError
from index.image_files import ImageLimits, decode_image, read_image_bytes, real_path
from index.image_intake import SMALLEST_THUMBNAIL, thumbnail
from index.image_store import ImageStore

_LONGEST_SERVED = 1_600
_SERVED_QUALITY = 90


class ServedImages:
    """Makes them from the images' files, which are read within `limits`; safe to share."""

    def __init__(self, rows: ImageStore, limits: ImageLimits) -> None:
        self._rows = rows
        self._limits = limits
        self._making = threading.Lock()

    def thumbnail(self, image_id: str) -> bytes | None:
        """See `ImageIndex.thumbnail`."""
        kept = self._rows.thumbnail(image_id)
        if kept is not None:
            return kept
        # One at a time, so that many requests take no more memory than one picture does. Whoever
        # has waited for the same thumbnail finds it kept.
        with self._making:
            return self._rows.thumbnail(image_id) or self._made(image_id)

    def picture(self, image_id: str) -> bytes:
        """See `ImageIndex.picture`."""
        record = self._record(image_id)
        image, _ = decode_image(
            self._content(record), str(record.path), self._limits, _LONGEST_SERVED
        )
        image.thumbnail((_LONGEST_SERVED, _LONGEST_SERVED))
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=_SERVED_QUALITY)
        return buffer.getvalue()

    def _made(self, image_id: str) -> bytes | None:
        try:
            record = self._record(image_id)
            content = self._content(record)
            image, _ = decode_image(content, str(record.path), self._limits, SMALLEST_THUMBNAIL)
        except ImageRefusedError:
            return None
        made = thumbnail(image)
        # A store that cannot be written now does not keep anybody from seeing it.
        with suppress(StoreError):
            digest = hashlib.sha256(content).hexdigest()
            self._rows.keep_thumbnail(image_id, digest, made)
        return made

    def _record(self, image_id: str) -> ImageRecord:
        found = self._rows.find(image_id)
        if found is None:
            raise ImageRefusedError(f"There is no image {image_id!r}.", reason="missing")
        return found[1]

    def _content(self, record: ImageRecord) -> bytes:
        if real_path(record.path) != record.path:
            raise ImageRefusedError(
                f"{record.path} leads elsewhere than when it was added.", reason="outside"
            )
        return read_image_bytes(record.path, self._limits)
