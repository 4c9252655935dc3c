"""Pictures that users add themselves: kept in one folder of the home, and indexed from there."""

import os
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from stat import S_ISREG
from typing import TYPE_CHECKING, Literal
from unicodedata import normalize

from assistant.errors import AssistantError, DocumentError, StoreError, UploadError
from assistant.serving.document_routes import too_large
from assistant.serving.uploads import safe_name, safe_suffix

if TYPE_CHECKING:
    from assistant.assistant import Progress
    from assistant.settings import Settings
    from corpus.types import ImageRecord
    from index.image_types import ImageAddReport
    from index.images import ImageIndex

Outcome = Literal["added", "renamed", "unchanged", "same", "skipped", "removed"]

# File systems count bytes, and few take more than 255 of them.
LONGEST_STEM_BYTES = 200
# To see that a JPEG can be read it need not be unpacked at its full size.
LOOKED_AT_PIXELS = 400
THE_PICTURE = "The picture"


@dataclass(frozen=True, slots=True)
class PictureResult:
    """What became of one file.

    `name` is the file's name here, or the sender's where it was skipped. `detail` is the sender's
    name of what was renamed, which other picture it is the same as, or why it was skipped.
    """

    name: str
    outcome: Outcome
    detail: str = ""


def own_pictures(images: "ImageIndex", settings: "Settings") -> "list[ImageRecord]":
    """The pictures that were added here, in the order in which they came."""
    folder = _folder_of(settings)
    return [record for record in images.images() if record.path.parent == folder]


def add_pictures(
    images: "ImageIndex",
    settings: "Settings",
    files: Sequence[tuple[str, Path]],
    progress: "Progress | None" = None,
) -> list[PictureResult]:
    """Keep and index the files, given as (sender's name, where the bytes are); a result for each.

    A file is kept once it was seen to be a picture, and never in the place of another: where its
    name is taken it gets a number. What is skipped stops no others.

    Raises:
        UploadError: there are more files than the settings allow.
        StoreError: the folder or the index cannot be written; what is not indexed is not kept.
    """
    if len(files) > settings.upload_files:
        raise UploadError(
            f"{len(files)} files were chosen; {settings.upload_files} are accepted at once."
        )
    keeping = _Keeping(settings)
    arrived: list[_Kept | PictureResult] = []
    for number, (name, path) in enumerate(files, start=1):
        if progress is not None:
            progress(number, len(files), "Checking pictures")
        arrived.append(keeping.keep(name, path))
    kept = [one for one in arrived if isinstance(one, _Kept)]

    def indexing(done: int, total: int) -> None:
        if progress is not None:
            progress(done, total, "Indexing pictures")

    try:
        report = images.add(dict.fromkeys(one.path for one in kept), indexing)
    finally:
        _forget_strays(images, [one.path for one in kept if one.is_new])
    results = _Results(images, settings, report)
    return [one if isinstance(one, PictureResult) else results.of(one) for one in arrived]


def remove_pictures(
    images: "ImageIndex", settings: "Settings", ids: Iterable[str]
) -> list[PictureResult]:
    """Remove pictures that were added here, from the index and from their folder.

    Ids of other images, and what is no id at all, are passed over.
    """
    chosen = frozenset(ids)
    results: list[PictureResult] = []
    gone: list[str] = []
    for record in own_pictures(images, settings):
        if record.id not in chosen:
            continue
        try:
            # The file first: while it is there, the picture is listed and can be removed again.
            record.path.unlink(missing_ok=True)
        except OSError as error:
            results.append(PictureResult(record.path.name, "skipped", _words_of(error)))
            continue
        gone.append(record.id)
        results.append(PictureResult(record.path.name, "removed"))
    images.remove(gone)
    return results


def file_name(name: str) -> str:
    """The name under which a picture is kept: no folders, not hidden, of a picture, not too long.

    Raises:
        DocumentError: nothing is left of it, or it is not a picture's.
    """
    from index.image_files import SUFFIXES

    name = normalize("NFC", safe_name(name))
    suffix = safe_suffix(name)
    if suffix.lower() not in SUFFIXES:
        raise DocumentError("Its name does not end as a picture's.", hint=_known(SUFFIXES))
    stem = name.removesuffix(suffix).encode()[:LONGEST_STEM_BYTES].decode(errors="ignore")
    return f"{stem}{suffix}"


@dataclass(frozen=True, slots=True)
class _Kept:
    """Where a file is kept, what its sender called it, and whether it was put there just now."""

    path: Path
    name: str
    is_new: bool


class _Keeping:
    """Puts the files of one upload into the folder, those that are pictures."""

    def __init__(self, settings: "Settings") -> None:
        from index.image_files import DEFAULT_LIMITS

        self._settings = settings
        self._limits = replace(
            DEFAULT_LIMITS, bytes=min(settings.upload_bytes, DEFAULT_LIMITS.bytes)
        )
        self._folder = _folder_of(settings)
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            # Some file systems take Cat.png and cat.png for the same file.
            self._present = {_key(path.name): path for path in self._folder.iterdir()}
        except OSError as error:
            raise StoreError(
                f"The folder of your pictures cannot be used: {error.strerror}.",
                hint="It is the folder `pictures` in the home of the assistant.",
            ) from error

    def keep(self, name: str, source: Path) -> _Kept | PictureResult:
        """Where the file is now, or why it is not kept."""
        # A name that is not Unicode can be neither shown nor indexed.
        name = name.encode(errors="ignore").decode()
        try:
            wanted = file_name(name)
            return self._put(wanted, self._checked(name, source))
        except (AssistantError, OSError) as error:
            return PictureResult(name, "skipped", _words_of(error, source))

    def _put(self, wanted: str, content: bytes) -> _Kept:
        """Keep the bytes under the first free name, unless they are there under one before it."""
        number = 1
        while True:
            name = _numbered(wanted, number)
            path = self._present.get(_key(name))
            if path is None:
                path = self._folder / name
                # Whoever else is putting one there meanwhile, it is not overwritten.
                _write_new(path, content)
                self._present[_key(name)] = path
                return _Kept(path, wanted, is_new=True)
            if _holds(path, content):
                return _Kept(path, wanted, is_new=False)
            number += 1

    def _checked(self, name: str, source: Path) -> bytes:
        """The bytes of a picture; their number is looked at before anything is decoded."""
        from index.image_files import decode_image, read_image_bytes

        if source.stat().st_size > self._settings.upload_bytes:
            large = too_large(name, self._settings.upload_megabytes)
            raise UploadError(
                large.reason, hint="Save it smaller, or raise the setting upload_megabytes."
            )
        content = read_image_bytes(source, self._limits)
        decode_image(content, THE_PICTURE, self._limits, LOOKED_AT_PIXELS)
        return content


class _Results:
    """Reads from the index's report what became of each file."""

    def __init__(
        self, images: "ImageIndex", settings: "Settings", report: "ImageAddReport"
    ) -> None:
        self._images = images
        self._folder = _folder_of(settings)
        # Changed: one was there whose file was gone.
        self._added = {*report.added, *report.changed}
        self._same = {one.path: one.of for one in report.duplicates}
        self._skipped = {one.path: one.message for one in report.skipped}

    def of(self, kept: _Kept) -> PictureResult:
        """What became of a file that was kept."""
        from index.images import image_id

        path, name = kept.path, kept.path.name
        if path in self._skipped:
            words = self._skipped[path].replace(str(path), THE_PICTURE)
            return PictureResult(kept.name, "skipped", words)
        if image_id(path) not in self._added:
            return PictureResult(name, "unchanged")
        # Where the same file comes twice in one upload, it is there already the second time.
        self._added.remove(image_id(path))
        if path in self._same:
            return PictureResult(name, "same", self._name_of(self._same[path]))
        if name != kept.name:
            return PictureResult(name, "renamed", kept.name)
        return PictureResult(name, "added")

    def _name_of(self, other: str) -> str:
        """What users know a picture by; what files elsewhere are called is nobody's business."""
        record = self._images.image(other)
        if record is None:
            return "another"
        return record.path.name if record.path.parent == self._folder else record.title


def _folder_of(settings: "Settings") -> Path:
    """The folder by its real place, as the index knows files."""
    from index.image_files import real_path

    return real_path(settings.pictures_directory)


def _forget_strays(images: "ImageIndex", kept: Iterable[Path]) -> None:
    """Delete what the index does not know: it would never be listed, and so never be removed."""
    from index.images import image_id

    for path in kept:
        if images.image(image_id(path)) is None:
            with suppress(OSError):
                path.unlink()


def _key(name: str) -> str:
    """By what names are compared: file systems differ in what they take for the same one."""
    return normalize("NFC", name).casefold()


def _numbered(name: str, number: int) -> str:
    """The name itself, or the same with a number from 2 on."""
    path = Path(name)
    return name if number == 1 else f"{path.stem} ({number}){path.suffix}"


def _holds(path: Path, content: bytes) -> bool:
    """Whether these are the bytes of a file. Links are not followed: they are no files of ours."""
    status = path.lstat()
    if not S_ISREG(status.st_mode) or status.st_size != len(content):
        return False
    return path.read_bytes() == content


def _write_new(path: Path, content: bytes) -> None:
    """Make a file, whole or not at all; what is there already, be it a link, is left alone."""
    file = path.open("xb")
    try:
        with file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise


def _words_of(error: AssistantError | OSError, source: Path | None = None) -> str:
    """Why a file was skipped, without a place on this machine."""
    if isinstance(error, OSError):
        return f"The file cannot be kept or removed: {error.strerror or type(error).__name__}."
    words = f"{error.message} {error.hint}".strip()
    return words if source is None else words.replace(str(source), THE_PICTURE)


def _known(suffixes: Iterable[str]) -> str:
    return f"Known are {', '.join(sorted(suffixes))}."
