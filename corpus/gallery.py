"""The default gallery: about 200 images that need no download and no binary in the repository.

Photographs that scikit-image and scikit-learn install under open licences, views of them under
the changes that the question bank talks about, handwritten digits, and diagrams of the bank's
topics that the project draws itself. Each has a title, a licence, a credit, a theme and the
numbers of the answers that it illustrates.
"""

import hashlib
import io
import json
import logging
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from corpus.errors import AssistantError
from corpus.types import ImageRecord

if TYPE_CHECKING:
    from PIL.Image import Image

Progress = Callable[[int, int, str], None]

GALLERY_VERSION = 2
"""Raised whenever a picture or its words change: a gallery of another version is made anew."""

IDENTITY_PREFIX = "gallery-"
"""How the ids of the gallery's images begin, and no others."""

MANIFEST = "gallery.json"
"""Names what the folder holds; written last, so a folder with it is a whole gallery."""

_JOURNAL = "gallery.unfinished.jsonl"
_STAGED = ".staged-"
_ABANDONED_AFTER = 3600.0
_LONGEST_SIDE = 512
_JPEG_QUALITY = 88
_DIGITS_OF_EACH = 2
_DIGIT_SCALE, _DIGIT_MARGIN = 24, 1
_OWN = {"licence": "Apache-2.0", "credit": "CV Assistant"}
_DIGITS = {
    "licence": "CC BY 4.0",
    "credit": "E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine "
    "Learning Repository, https://doi.org/10.24432/C50P49, by way of scikit-learn; enlarged by CV "
    "Assistant",
}

_log = logging.getLogger(__name__)


class GalleryError(AssistantError):
    """The gallery cannot be made: a package without its photographs, or a folder not writable."""

    code = "gallery-not-built"


@dataclass(frozen=True, slots=True)
class _Entry:
    """One image to be: its record without the folder, and how its file comes to be.

    `make` returns the bytes of the file.
    """

    id: str
    file: str
    words: Mapping[str, str]
    make: Callable[[], bytes]


def build_gallery(directory: Path, progress: Progress | None = None) -> tuple[ImageRecord, ...]:
    """Write the gallery into a folder, unless it is there already, and return its records.

    The same bytes come out every time, with the same versions of Pillow and NumPy. Each file is
    staged and moved into place; after an interruption only what is missing is made, and files
    that were changed or removed are made again. A gallery of another version is replaced, and
    files of it that are no longer wanted are removed. Files of others are left alone.
    `progress(done, total, words)` counts images.

    Raises:
        GalleryError: a package lacks its photographs, or the folder cannot be written.
    """
    directory = directory.absolute()
    entries = _entries()
    try:
        directory.mkdir(parents=True, exist_ok=True)
        before = _manifest(directory)
        whole = _digests(before) if before.get("version") == GALLERY_VERSION else {}
        known = whole | _journal(directory)
        digests: dict[str, str] = {}
        for done, entry in enumerate(entries):
            path = directory / entry.file
            digest = known.get(entry.file)
            if digest is None or _digest_of(path) != digest:
                if progress is not None:
                    progress(done, len(entries), "Drawing the gallery")
                data = entry.make()
                digest = hashlib.sha256(data).hexdigest()
                if _digest_of(path) != digest:
                    _write(path, data)
                _note(directory, entry.file, digest)
            digests[entry.file] = digest
        _finish(directory, entries, digests, before)
    except OSError as error:
        raise GalleryError(
            f"The gallery could not be written to {directory}: {error.strerror or error}.",
            hint="Check that the folder can be written and that the disk has 30 MB to spare; "
            "what was drawn is kept.",
        ) from error
    if progress is not None:
        progress(len(entries), len(entries), "Drawing the gallery")
    return gallery_records(directory)


def gallery_records(directory: Path) -> tuple[ImageRecord, ...]:
    """The images of the gallery that was built into a folder; empty if none was finished.

    `metadata` holds `theme`; `kind`: photo, view, digit or diagram; `view`: the name of the
    change, empty for the others; `original`: the id of the photo that a view was made of, or the
    image's own id; `answers`: numbers of the question bank, joined by commas, the one that it
    illustrates best first; `caption`: words that people would search by.
    """
    records, missing = [], []
    directory = directory.absolute()
    for image in _manifest(directory).get("images", []):
        path, words = directory / image["file"], image["words"]
        if not path.is_file():
            missing.append(path.name)
            continue
        records.append(
            ImageRecord(
                id=image["id"],
                path=path,
                title=words["title"],
                licence=words["licence"],
                credit=words["credit"],
                metadata={name: words[name] for name in _METADATA},
            )
        )
    if missing:
        _log.warning(
            "%d images of the gallery in %s are missing, %s first; build it again",
            len(missing),
            directory,
            missing[0],
        )
    return tuple(records)


def diagrams_for(
    answer_numbers: Iterable[int], records: Iterable[ImageRecord], *, closest: bool = False
) -> tuple[ImageRecord, ...]:
    """The diagrams among `records` that illustrate the answers, each of them once.

    They come in the order of the answers; for one answer the diagrams that were made for it come
    before those that touch it, which `closest` leaves out. The first one is the one to show.
    """
    diagrams = [
        (record, str(record.metadata["answers"]).split(","))
        for record in records
        if record.metadata.get("kind") == "diagram"
    ]
    found: dict[str, ImageRecord] = {}
    for number in dict.fromkeys(answer_numbers):
        fitting = sorted(
            (
                (answers.index(str(number)), record)
                for record, answers in diagrams
                if str(number) in answers
            ),
            key=lambda ranked: ranked[0],
        )
        for place, record in fitting:
            if not closest or place == fitting[0][0]:
                found.setdefault(record.id, record)
    return tuple(found.values())


_METADATA = ("theme", "kind", "view", "original", "answers", "caption")


def _entries() -> tuple[_Entry, ...]:
    import tomllib
    from importlib.resources import files

    table = tomllib.loads((files("corpus") / "gallery.toml").read_text("utf-8"))
    return (
        *_photographs(table["photograph"]),
        *_handwritten_digits(),
        *(_diagram(row) for row in table["diagram"]),
    )


def _photographs(rows: Iterable[Mapping[str, Any]]) -> Iterator[_Entry]:
    from corpus.gallery_views import changes_of

    for position, row in enumerate(rows):
        identity, file = f"{IDENTITY_PREFIX}{row['name']}", row["file"]
        about = {name: row[name] for name in ("title", "licence", "credit", "theme", "caption")}
        yield _Entry(
            identity,
            f"{row['name']}.jpg",
            about
            | {"kind": "photo", "view": "", "original": identity}
            | {"answers": _joined(row["answers"])},
            lambda file=file: _jpeg(_photograph(file)),  # type: ignore[misc]
        )
        for change in changes_of(position):
            yield _Entry(
                f"{identity}-{change.name}",
                f"{row['name']}-{change.name}.jpg",
                about
                | {
                    "title": f"{row['title']}, {change.words}",
                    "credit": f"{row['credit']}; {change.words} by CV Assistant",
                    "caption": f"{row['caption']} {change.caption}",
                    "answers": _joined(change.answers),
                    "kind": "view",
                    "view": change.name,
                    "original": identity,
                },
                lambda file=file, change=change: _jpeg(  # type: ignore[misc]
                    change.apply(_photograph(file))
                ),
            )


def _handwritten_digits() -> Iterator[_Entry]:
    names = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
    for digit, name in enumerate(names):
        for nth in range(_DIGITS_OF_EACH):
            identity = f"{IDENTITY_PREFIX}digit-{digit}-{nth + 1}"
            yield _Entry(
                identity,
                f"digit-{digit}-{nth + 1}.png",
                {
                    "title": f"Handwritten {digit}, sample {nth + 1}",
                    "theme": "writing",
                    "caption": f"handwritten digit {digit} {name} number character OCR handwriting",
                    "answers": "8,25",
                    "kind": "digit",
                    "view": "",
                    "original": identity,
                }
                | _DIGITS,
                lambda digit=digit, nth=nth: _png(_digit(digit, nth)),  # type: ignore[misc]
            )


def _diagram(row: Mapping[str, Any]) -> _Entry:
    def make() -> bytes:
        from corpus.diagrams import draw

        return _png(draw(row["name"], row["title"]))

    slug = row["name"].replace("_", "-")
    return _Entry(
        f"{IDENTITY_PREFIX}diagram-{slug}",
        f"diagram-{slug}.png",
        {
            "title": row["title"],
            "theme": row["theme"],
            "caption": f"diagram of {row['caption']}",
            "answers": _joined(row["answers"]),
            "kind": "diagram",
            "view": "",
            "original": f"{IDENTITY_PREFIX}diagram-{slug}",
        }
        | _OWN,
        make,
    )


def _photograph(file: str) -> "Image":
    """Read a photograph of an installed package: RGB, its longest side 512 pixels."""
    from importlib.util import find_spec

    from PIL import Image

    package, _, inside = file.partition("/")
    # The photographs are plain files: importing the whole package for one would cost seconds.
    spec = find_spec(package)
    folders = spec.submodule_search_locations if spec is not None else None
    path = Path(next(iter(folders))) / inside if folders else None
    if path is None or not path.is_file():
        raise GalleryError(
            f"The photograph {file} is not installed.",
            hint="Install scikit-image and scikit-learn in the versions that constraints.txt "
            "names; both bring their photographs along.",
        )
    with Image.open(path) as opened:
        image: Image.Image = opened.convert("RGBA")
    image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    scale = _LONGEST_SIDE / max(image.size)
    size = (round(image.width * scale), round(image.height * scale))
    return image.resize(size, Image.Resampling.LANCZOS)


def _digit(digit: int, nth: int) -> "Image":
    """The nth sample of a digit, 8 x 8 cells of 0 to 16, as dark ink on paper."""
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    digits = load_digits()
    cells = digits.images[np.flatnonzero(digits.target == digit)[nth]]
    ink = np.pad(cells, _DIGIT_MARGIN) / 16
    small = Image.fromarray(np.rint(255 * (1 - ink)).astype(np.uint8), "L")
    side = small.width * _DIGIT_SCALE
    return small.resize((side, side), Image.Resampling.BICUBIC).convert("RGB")


def _jpeg(image: "Image") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=_JPEG_QUALITY)
    return buffer.getvalue()


def _png(image: "Image") -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, "PNG", optimize=True)
    return buffer.getvalue()


def _joined(numbers: Iterable[int]) -> str:
    return ",".join(str(number) for number in numbers)


def _manifest(directory: Path) -> dict[str, Any]:
    """What the manifest says, and nothing when it is not one or names a file elsewhere."""
    try:
        said = json.loads((directory / MANIFEST).read_text("utf-8"))
        images = said["images"]
        plain = all(
            Path(image["file"]).name == image["file"] not in ("", "..")
            and isinstance(image["id"], str)
            and isinstance(image["sha256"], str)
            and {"title", "licence", "credit", *_METADATA} <= image["words"].keys()
            for image in images
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return said if plain else {}


def _digests(manifest: Mapping[str, Any]) -> dict[str, str]:
    return {image["file"]: image["sha256"] for image in manifest.get("images", [])}


def _journal(directory: Path) -> dict[str, str]:
    """The files that an interrupted build of this version finished, and their digests."""
    known = {}
    try:
        lines = (directory / _JOURNAL).read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    for line in lines:
        # The last line may be cut off.
        try:
            version, file, digest = json.loads(line)
        except (ValueError, TypeError):
            continue
        if version == GALLERY_VERSION:
            known[str(file)] = str(digest)
    return known


def _note(directory: Path, file: str, digest: str) -> None:
    with (directory / _JOURNAL).open("a", encoding="utf-8") as journal:
        journal.write(json.dumps([GALLERY_VERSION, file, digest]) + "\n")


def _finish(
    directory: Path,
    entries: Iterable[_Entry],
    digests: Mapping[str, str],
    before: Mapping[str, Any],
) -> None:
    """Write the manifest, then drop the journal and what only the gallery before it had."""
    images = [
        {"id": entry.id, "file": entry.file, "sha256": digests[entry.file], "words": entry.words}
        for entry in entries
    ]
    after = {"version": GALLERY_VERSION, "images": images}
    if after != before:
        text = json.dumps(after, ensure_ascii=False, indent=1)
        _write(directory / MANIFEST, text.encode("utf-8"))
    for file in _digests(before).keys() - digests.keys():
        (directory / file).unlink(missing_ok=True)
    (directory / _JOURNAL).unlink(missing_ok=True)
    for staged in directory.glob(f"{_STAGED}*"):
        # A younger one may belong to another process that is at it just now.
        if time.time() - staged.stat().st_mtime > _ABANDONED_AFTER:
            staged.unlink(missing_ok=True)


def _digest_of(path: Path) -> str | None:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except FileNotFoundError:
        return None


def _write(path: Path, data: bytes) -> None:
    descriptor, staged = tempfile.mkstemp(prefix=_STAGED, dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(staged).chmod(0o644)
        Path(staged).replace(path)
    except BaseException:
        Path(staged).unlink(missing_ok=True)
        raise
