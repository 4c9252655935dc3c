"""The weights that lie on this machine: find them, check their bytes, list them.

A full check is recorded beside the weights (size and time of change of every file), so that the
next opening costs no reading. A file that changed since is read again before it is used.
"""

import contextlib
import hashlib
import json
import tempfile
from pathlib import Path
from typing import Any

from assistant.errors import WeightsError
from assistant.weights.catalogue import CATALOGUE, DEFAULTS, entry_of
from assistant.weights.types import Weights, WeightsFile, WeightsStatus

_RECORDS = ".verified"


def locate(name: str | Weights, directory: Path) -> Path | None:
    """The folder or file to load, None when the weights are not (or not wholly) in `directory`.

    Reads the bytes only of files that changed since they were last checked.

    Raises:
        WeightsError: a file is not the publisher's (it is deleted), or the name is unknown.
    """
    weights = entry_of(name)
    directory = Path(directory)
    return weights.place(directory) if _check(weights, directory, every_byte=False) else None


def verify(name: str | Weights, directory: Path) -> Path:
    """Read every byte of the weights and compare with the catalogue.

    Raises:
        WeightsError: a file is not the publisher's (it is deleted), or is not there.
    """
    weights = entry_of(name)
    directory = Path(directory)
    if not _check(weights, directory, every_byte=True):
        raise not_here(weights, directory)
    return weights.place(directory)


def status(directory: Path) -> tuple[WeightsStatus, ...]:
    """All weights of the catalogue, and whether they are in `directory`."""
    directory = Path(directory)
    return tuple(
        WeightsStatus(
            name=weights.name,
            aliases=weights.aliases,
            role=weights.role,
            licence=weights.licence,
            about=weights.about,
            size=weights.size,
            is_default=weights.name in DEFAULTS,
            present=all(
                place.is_file() and place.stat().st_size == file.size
                for file in weights.files
                for place in [weights.file_place(file, directory)]
            ),
            path=weights.place(directory),
            sources=tuple(str(source) for source in weights.sources),
        )
        for weights in CATALOGUE.values()
    )


def not_here(name: str | Weights, directory: Path) -> WeightsError:
    """The error that says how to get weights that are not there."""
    weights = entry_of(name)
    return WeightsError(
        f"The weights of {weights.name} are not in {directory}.",
        hint=f"Get them with `assistant weights pull {weights.name}` "
        f"({weights.size / 1e6:,.0f} MB).",
    )


def is_intact(path: Path, file: WeightsFile) -> bool:
    """Whether the bytes at `path` are the publisher's."""
    return path.stat().st_size == file.size and sha256(path) == file.sha256


def sha256(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def record_check(weights: Weights, directory: Path) -> None:
    """Record that every file of the weights was just found to be the publisher's."""
    entries = {
        file.path: _fingerprint(weights.file_place(file, directory), file) for file in weights.files
    }
    # A read-only folder only costs that the bytes are read again next time.
    with contextlib.suppress(OSError):
        folder = directory / _RECORDS
        folder.mkdir(exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", dir=folder, encoding="utf-8", delete=False
        ) as temporary:
            json.dump(entries, temporary, indent=1)
        Path(temporary.name).replace(folder / f"{weights.name}.json")


def _check(weights: Weights, directory: Path, *, every_byte: bool) -> bool:
    """Whether all files are there; raises WeightsError for one with other bytes."""
    places = [(file, weights.file_place(file, directory)) for file in weights.files]
    if not all(place.is_file() for _, place in places):
        return False
    record = {} if every_byte else _read_record(weights, directory)
    try:
        changed = [
            (file, place)
            for file, place in places
            if record.get(file.path) != _fingerprint(place, file)
        ]
        for file, place in changed:
            if not is_intact(place, file):
                raise _refused(weights, file, place)
    except OSError as error:
        raise WeightsError(
            f"The weights of {weights.name} cannot be read: {error}.",
            hint=f"Check the permissions of {weights.place(directory)}.",
        ) from error
    if changed:
        record_check(weights, directory)
    return True


def _refused(weights: Weights, file: WeightsFile, place: Path) -> WeightsError:
    """Delete a file with other bytes than the publisher's; the error that says so."""
    again = f"Get it again with `assistant weights pull {weights.name}`."
    try:
        place.unlink()
    except OSError as error:
        return WeightsError(
            f"{place} is not the publisher's file, and cannot be deleted: {error}.",
            hint=f"Delete it. {again}",
        )
    return WeightsError(
        f"{place} was not the publisher's file (its SHA-256 is not {file.sha256}) "
        "and has been deleted.",
        hint=again,
    )


def _fingerprint(place: Path, file: WeightsFile) -> dict[str, Any]:
    found = place.stat()
    return {"size": found.st_size, "mtime_ns": found.st_mtime_ns, "sha256": file.sha256}


def _read_record(weights: Weights, directory: Path) -> dict[str, Any]:
    try:
        text = (directory / _RECORDS / f"{weights.name}.json").read_text(encoding="utf-8")
        record = json.loads(text)
    except (OSError, ValueError):
        return {}
    return record if isinstance(record, dict) else {}
