"""From what a user names as a model to the file or folder to load."""

import contextlib
import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from assistant.errors import WeightsError
from assistant.weights.catalogue import find
from assistant.weights.hub import Hub
from assistant.weights.local import locate, not_here, sha256
from assistant.weights.staging import (
    DOWNLOADS,
    exclusive,
    explained,
    need_space,
    put_in_place,
    settle,
)
from assistant.weights.types import Progress, Role, SourceError, silent

_REPOSITORY = re.compile(
    r"(?P<repository>[\w.-]+/[\w.-]+)(@(?P<revision>[\w./-]+?))?(:(?P<file>[\w./ -]+\.gguf))?"
)
_GGUF_MAGIC = b"GGUF"
_MODEL_CARDS = ("modules.json", "config.json")
_HUB_FOLDER = "hub"
# What sentence-transformers reads. Pickles and code are left where they are.
_EMBEDDER_SUFFIXES = {".json", ".txt", ".model", ".safetensors"}
_OTHER_ENGINES = {"onnx", "openvino"}


def resolve_model(
    spec: str, directory: Path, *, progress: Progress | None = None, hub: Hub | None = None
) -> Path:
    """The GGUF file that `spec` names.

    `spec` is a name or alias of the catalogue (`default`, `quality`, `smallest`), a path, or a
    file of the model hub as `owner/repository:file.gguf`, or `owner/repository@revision:file.gguf`,
    which is downloaded into `directory` the first time.

    Raises:
        WeightsError: the model is not there, cannot be had, or is no GGUF file.
    """
    if (catalogued := _catalogued(spec, directory, "language-model")) is not None:
        return catalogued
    path = Path(spec).expanduser()
    named = _REPOSITORY.fullmatch(spec)
    if path.is_file():
        _check_gguf(path)
        return path.resolve()
    if named is None or named["file"] is None:
        raise WeightsError(
            f"There is no language model '{spec}'.",
            hint="Name one of `assistant weights list`, the path of a GGUF file, or a file of the "
            "model hub as owner/repository:file.gguf.",
        )
    download = _HubDownload(named["repository"], named["revision"] or "main", Path(directory))
    model = download.place / named["file"]
    if not model.is_file():
        download.run(lambda names: [named["file"]], progress or silent, hub or Hub())
    _check_gguf(model)
    return model


def resolve_embedder(
    spec: str, directory: Path, *, progress: Progress | None = None, hub: Hub | None = None
) -> Path:
    """The sentence-transformers folder that `spec` names.

    `spec` is a name or alias of the catalogue (`default`), a folder, or a repository of the model
    hub as `owner/repository`, `owner/repository@revision`, or a bare name of sentence-transformers,
    which is downloaded into `directory` the first time (safetensors alone, no code).

    Raises:
        WeightsError: the model is not there, cannot be had, or is no such folder.
    """
    if (catalogued := _catalogued(spec, directory, "passages")) is not None:
        return catalogued
    path = Path(spec).expanduser()
    if spec and path.is_dir():
        if not any((path / card).is_file() for card in _MODEL_CARDS):
            raise WeightsError(
                f"{path} is not the folder of an embedding model: it has no modules.json.",
                hint="Name a folder that sentence-transformers has saved.",
            )
        return path.resolve()
    named = _REPOSITORY.fullmatch(spec if "/" in spec else f"sentence-transformers/{spec}")
    if named is None or named["file"] is not None or path.is_absolute():
        raise WeightsError(
            f"There is no embedding model '{spec}'.",
            hint="Name one of `assistant weights list`, a sentence-transformers folder, or a "
            "repository of the model hub as owner/repository.",
        )
    download = _HubDownload(named["repository"], named["revision"] or "main", Path(directory))
    if not download.place.is_dir():
        download.run(_embedder_files, progress or silent, hub or Hub())
    return download.place


def _catalogued(spec: str, directory: Path, role: Role) -> Path | None:
    """The catalogue's weights of that name; WeightsError when they are not in `directory`."""
    weights = find(spec, role)
    if weights is None:
        return None
    place = locate(weights.name, directory)
    if place is None:
        raise not_here(weights, directory)
    return place


def _check_gguf(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(len(_GGUF_MAGIC))
    except OSError as error:
        raise WeightsError(f"{path} cannot be read: {error}.") from error
    if magic != _GGUF_MAGIC:
        raise WeightsError(
            f"{path} is not a language model in GGUF format.",
            hint="Name a file that ends in .gguf, made for llama.cpp.",
        )


def _embedder_files(names: list[str]) -> list[str]:
    chosen = [
        name
        for name in names
        if PurePosixPath(name).suffix in _EMBEDDER_SUFFIXES
        and PurePosixPath(name).parts[0] not in _OTHER_ENGINES
    ]
    if not any(name.endswith(".safetensors") for name in chosen):
        raise SourceError("it holds no weights in safetensors format")
    if not any(card in chosen for card in _MODEL_CARDS):
        raise SourceError("it holds no sentence-transformers model")
    return chosen


@dataclass(frozen=True, slots=True)
class _HubDownload:
    """Files of a repository that is not in the catalogue.

    Nobody pinned their bytes, so they are compared with what the hub itself says of them.
    """

    repository: str
    revision: str
    directory: Path

    @property
    def place(self) -> Path:
        at = "" if self.revision == "main" else f"@{self.revision.replace('/', '--')}"
        return self.directory / _HUB_FOLDER / (self.repository.replace("/", "--") + at)

    def run(self, choose: Callable[[list[str]], list[str]], progress: Progress, hub: Hub) -> None:
        """Download the files that `choose` takes from all names, and put them in place."""
        with (
            explained(self.repository, self.directory, "the same command"),
            exclusive(self.place.name, self.directory, progress),
        ):
            downloads = self.directory / DOWNLOADS / _HUB_FOLDER / self.place.name
            try:
                self._fetch(choose, downloads, progress, hub)
            except SourceError as error:
                raise WeightsError(
                    f"{self.repository} cannot be had from the model hub: {error}.",
                    hint="Check the name and the network, or name a file or folder that is on "
                    "this machine. `assistant weights list` shows what needs no hub.",
                ) from error
            put_in_place(downloads / "ready", self.place)
            shutil.rmtree(downloads, ignore_errors=True)
            for folder in (downloads.parent, downloads.parent.parent):
                with contextlib.suppress(OSError):
                    folder.rmdir()

    def _fetch(
        self,
        choose: Callable[[list[str]], list[str]],
        downloads: Path,
        progress: Progress,
        hub: Hub,
    ) -> None:
        info = hub.repository(self.repository, self.revision)
        held = {file.rfilename: file for file in info.siblings or []}
        names = choose(list(held))
        for name in names:
            if name not in held:
                raise SourceError(f"it holds no {name}")
            if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
                raise SourceError(f"it names a file outside of itself: {name}")
        total = sum(held[name].size or 0 for name in names)
        need_space(total, self.repository, self.directory)
        done = 0
        for name in names:
            file = held[name]
            size = file.size or 0
            ready = downloads / "ready" / name
            if file.lfs is not None and ready.is_file() and sha256(ready) == file.lfs.sha256:
                done += size
                continue
            part = downloads / f"{file.blob_id}.part"
            part.parent.mkdir(parents=True, exist_ok=True)

            def report(of_part: int, before: int = done) -> None:
                progress(before + of_part, total, f"downloading {self.repository}")

            hub.fetch(
                self.repository,
                info.sha or self.revision,
                name,
                size=size,
                to=part,
                report=report,
            )
            if file.lfs is not None and sha256(part) != file.lfs.sha256:
                part.unlink()
                raise SourceError(f"{name} arrived with other bytes than the hub holds")
            settle(part, ready)
            done += size
