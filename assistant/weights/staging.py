"""What every download shares: the lock, the disk, the move into place, the words for failures."""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from assistant.errors import WeightsError
from assistant.weights.types import Progress

DOWNLOADS = ".downloads"
"""Folder below the weights where unfinished downloads lie."""

_LOCKS = ".locks"
_FULL = (errno.ENOSPC, errno.EDQUOT)


@contextlib.contextmanager
def exclusive(name: str, directory: Path, progress: Progress) -> Iterator[None]:
    """Hold off other processes that want the same weights; the lock dies with its process."""
    from filelock import FileLock, Timeout

    (directory / _LOCKS).mkdir(parents=True, exist_ok=True)
    lock = FileLock(directory / _LOCKS / f"{name}.lock")
    try:
        lock.acquire(timeout=0)
    except Timeout:
        progress(0, 1, f"waiting for another process that gets {name}")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


@contextlib.contextmanager
def explained(name: str, directory: Path, command: str) -> Iterator[None]:
    """Turn an interruption or a refusal of the disk into a WeightsError about `name`.

    `command` says what the user runs to go on.
    """
    try:
        yield
    except KeyboardInterrupt:
        raise WeightsError(
            f"Getting {name} was interrupted; what was downloaded is kept.",
            hint=f"To go on, run {command}.",
        ) from None
    except OSError as error:
        if error.errno in _FULL:
            raise WeightsError(
                f"The disk is full: {name} could not be written to {directory}.",
                hint="Free some space, or set CV_ASSISTANT_WEIGHTS to a folder that has it, then "
                f"run {command}: what was downloaded is kept.",
            ) from error
        raise WeightsError(
            f"{name} could not be written to {directory}: {error}.",
            hint="Check the folder, or set CV_ASSISTANT_WEIGHTS to another one, then "
            f"run {command}.",
        ) from error


def need_space(size: int, name: str, directory: Path) -> None:
    """Refuse at the start what the disk cannot hold. `size` is in bytes.

    Raises:
        WeightsError: less than that is free.
    """
    free = shutil.disk_usage(directory).free
    if free < size:
        raise WeightsError(
            f"{name} needs {size / 1e6:,.0f} MB while it is fetched, and {directory} has "
            f"{free / 1e6:,.0f} MB free.",
            hint="Free some space, or set CV_ASSISTANT_WEIGHTS to a folder that has it.",
        )


def put_in_place(staged: Path, place: Path) -> None:
    """Move a finished file or folder to where it is loaded from; it is there whole or not at all.

    Files of a folder that exists already are replaced one by one, and what else it holds is kept.
    """
    place.parent.mkdir(parents=True, exist_ok=True)
    if staged.is_dir() and place.is_dir():
        for file in sorted(staged.rglob("*")):
            if file.is_file():
                put_in_place(file, place / file.relative_to(staged))
        return
    staged.replace(place)
    _sync(place.parent)


def settle(part: Path, place: Path) -> None:
    """Make a finished download outlast a power cut, and give it its name."""
    _sync(part)
    put_in_place(part, place)


def _sync(path: Path) -> None:
    # Folders cannot be opened on every system, and a file that is there already is only slower
    # to lose: neither is worth a failure.
    with contextlib.suppress(OSError):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
