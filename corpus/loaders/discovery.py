"""Which files there are."""

import os
from collections.abc import Iterable
from pathlib import Path

from corpus.errors import DocumentError
from corpus.loaders.files import SUPPORTED_SUFFIXES


def find_files(paths: Iterable[Path]) -> tuple[Path, ...]:
    """The files below `paths`: those named, and in folders all of a known format.

    Folders are searched to the bottom, in the order of their names; hidden files and folders
    (`.git`) are left out, links to folders are not followed. A file that is named is given back
    whatever its format, for `load_file` to accept or refuse. No file comes twice.

    Raises:
        DocumentError: a path does not exist, a folder cannot be read or holds no file of a known
            format.
    """
    found: dict[Path, Path] = {}
    for path in paths:
        if path.is_dir():
            below = _files_below(path)
            if not below:
                raise DocumentError(
                    f"{path} holds no file that can be read",
                    hint=f"Known endings: {', '.join(sorted(SUPPORTED_SUFFIXES))}.",
                )
        elif os.path.lexists(path):
            below = [path]
        else:
            raise DocumentError(f"{path} does not exist", hint="Check the path.")
        for file in below:
            found.setdefault(Path(os.path.realpath(file)), file)
    return tuple(found.values())


def _files_below(folder: Path) -> list[Path]:
    files: list[Path] = []
    for parent, folders, names in os.walk(folder, onerror=_refuse):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        files.extend(
            Path(parent, name)
            for name in sorted(names)
            if not name.startswith(".") and Path(name).suffix.lower() in SUPPORTED_SUFFIXES
        )
    return files


def _refuse(error: OSError) -> None:
    raise DocumentError(
        f"the folder {error.filename} cannot be read: {error.strerror}",
        hint="Give yourself the right to read it, or name the files you want.",
    ) from error
