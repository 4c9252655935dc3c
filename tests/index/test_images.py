"""The image index finds by example and by words, adds only what is new, and loses nothing."""

import io
import os
import shutil
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from toy_image_encoder import ToyImageEncoder

from corpus.types import ImageRecord
from index.errors import EmbedderMismatchError, ImageRefusedError
from index.image_files import ImageLimits
from index.images import ImageIndex
from index.store import Store

SHADES = {"red": (200, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 200)}


def save(path: Path, colour: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "photos"
    for name, (red, green, blue) in SHADES.items():
        for number in range(4):
            save(root / name / f"{name}_{number}.png", (red + number, green, blue + number))
    return root


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def encoder() -> ToyImageEncoder:
    return ToyImageEncoder()


@pytest.fixture
def index(store: Store, encoder: ToyImageEncoder, folder: Path) -> ImageIndex:
    opened = ImageIndex.open(store, encoder, "cpu")
    opened.add(folder)
    return opened


def names(hits: object) -> list[str]:
    return [hit.image.path.name for hit in hits]  # type: ignore[attr-defined]


def test_an_example_finds_pictures_like_it_in_any_form(index: ImageIndex, folder: Path) -> None:
    path = folder / "green" / "green_2.png"
    for example in (path, str(path), path.read_bytes(), Image.open(path)):
        hits = index.search(example, k=4)
        assert hits[0].image.path == path
        assert hits[0].score == pytest.approx(1, abs=1e-5)
        assert {name.split("_")[0] for name in names(hits)} == {"green"}


def test_words_find_pictures_by_what_they_show(index: ImageIndex) -> None:
    hits = index.search(text="something blue", k=3)
    assert {name.split("_")[0] for name in names(hits)} == {"blue"}
    assert all(-1 <= hit.score <= 1 for hit in hits)


def test_both_together_and_weights_move_the_result(index: ImageIndex, folder: Path) -> None:
    example = folder / "red" / "red_0.png"
    light = names(index.search(example, "blue", weights={"text": 0.05}, k=1))
    assert light[0].startswith("red")
    heavy = names(index.search(example, "blue", weights={"example": 0.05}, k=1))
    assert heavy[0].startswith("blue")


def test_less_of_something_pushes_it_down(index: ImageIndex) -> None:
    mixed = Image.new("RGB", (9, 9), (150, 30, 170))
    assert names(index.search(mixed, k=1))[0].startswith("blue")
    assert names(index.search(mixed, minus="blue", k=1))[0].startswith("red")


def test_a_search_for_nothing_is_an_error_and_empty_words_are_nothing(index: ImageIndex) -> None:
    with pytest.raises(ValueError, match="example or words"):
        index.search()
    with pytest.raises(ValueError, match="example or words"):
        index.search(text="  ")


def test_more_like_leaves_the_picture_and_its_copies_out(index: ImageIndex, folder: Path) -> None:
    shutil.copy(folder / "red" / "red_1.png", folder / "copy.png")
    report = index.add(folder)
    (duplicate,) = report.duplicates
    assert duplicate.path.name == "copy.png"
    assert index.image(duplicate.of).path.name == "red_1.png"  # type: ignore[union-attr]
    hits = index.more_like(duplicate.of, k=3)
    assert sorted(names(hits)) == ["red_0.png", "red_2.png", "red_3.png"]
    with pytest.raises(ImageRefusedError, match="no image"):
        index.more_like("image/nothing")


def test_equal_files_are_one_hit(index: ImageIndex, folder: Path) -> None:
    for number in range(3):
        shutil.copy(folder / "red" / "red_1.png", folder / f"copy{number}.png")
    report = index.add(folder)
    assert len(report.duplicates) == 3
    found = names(index.search(folder / "red" / "red_1.png", k=4))
    assert sum(name in ("red_1.png", "copy0.png", "copy1.png", "copy2.png") for name in found) == 1


def test_equal_files_in_one_batch_are_reported_too(
    store: Store, encoder: ToyImageEncoder, tmp_path: Path
) -> None:
    for number in range(3):
        save(tmp_path / "same" / f"{number}.png", (9, 9, 9))
    report = ImageIndex.open(store, encoder, "cpu").add(tmp_path / "same")
    assert [each.path.name for each in report.duplicates] == ["1.png", "2.png"]
    assert encoder.embedded == 1


def test_adding_again_embeds_only_what_is_new_or_changed(
    index: ImageIndex, encoder: ToyImageEncoder, folder: Path
) -> None:
    assert encoder.embedded == 12
    report = index.add(folder)
    assert (report.unchanged, report.added, encoder.embedded) == (12, (), 12)

    os.utime(folder / "red" / "red_0.png", ns=(1, 1))
    assert index.add(folder).unchanged == 12
    assert encoder.embedded == 12

    save(folder / "red" / "red_0.png", (30, 200, 99))
    save(folder / "new.png", (1, 2, 3))
    report = index.add(folder)
    assert (len(report.changed), len(report.added), encoder.embedded) == (1, 1, 14)
    assert "red_0.png" in names(index.search(text="green", k=6))


def test_files_that_vanished_from_an_added_folder_are_removed(
    index: ImageIndex, folder: Path
) -> None:
    (folder / "red" / "red_0.png").unlink()
    report = index.add(folder / "blue")
    assert report.removed == ()
    report = index.add(folder)
    assert len(report.removed) == 1
    assert len(index) == 11


def test_removing_takes_ids_files_and_folders(index: ImageIndex, folder: Path) -> None:
    (first, *_) = index.images()
    assert index.remove(first.id) == (first.id,)
    assert len(index.remove(folder / "green" / "green_3.png")) == 1
    assert len(index.remove([folder / "red", str(folder / "blue")])) == 7
    assert index.remove("nothing of the kind") == ()
    assert len(index) == 3
    assert {name.split("_")[0] for name in names(index.search(text="red", k=9))} == {"green"}


def test_broken_files_are_skipped_and_reported_with_their_reason(
    store: Store, encoder: ToyImageEncoder, folder: Path
) -> None:
    (folder / "text.jpg").write_text("no picture")
    (folder / "empty.png").write_bytes(b"")
    (folder / "notes.txt").write_text("passed over")
    (folder / ".hidden.png").write_bytes(b"passed over")
    (folder / "loop.png").symlink_to(folder / "loop.png")
    os.mkfifo(folder / "pipe.png")
    save(folder / "large.png", (1, 1, 1), (300, 300))
    outside = save(folder.parent / "secret" / "secret.png", (0, 0, 0))
    (folder / "link.png").symlink_to(outside)
    (folder / "folder_link").symlink_to(outside.parent)
    index = ImageIndex.open(store, encoder, "cpu", ImageLimits(pixels=10_000))
    report = index.add([folder, folder.parent / "nowhere"])
    assert {each.path.name: each.reason for each in report.skipped} == {
        "nowhere": "missing",
        "loop.png": "unreadable",
        "link.png": "outside",
        "empty.png": "empty",
        "large.png": "too-many-pixels",
        "pipe.png": "not-a-file",
        "text.jpg": "unknown-format",
    }
    assert all(each.message for each in report.skipped)
    assert len(report.added) == 12


def test_progress_counts_every_file_once(
    store: Store, encoder: ToyImageEncoder, folder: Path
) -> None:
    (folder / "broken.png").write_bytes(b"x")
    seen: list[tuple[int, int]] = []
    ImageIndex.open(store, encoder, "cpu").add(folder, lambda *at: seen.append(at))
    assert seen == [(done, 13) for done in range(1, 14)]


def test_what_was_added_is_there_after_opening_again(
    store: Store, encoder: ToyImageEncoder, index: ImageIndex, folder: Path
) -> None:
    expected = names(index.search(text="blue", k=12))
    index.close()
    again = ImageIndex.open(store, encoder, "cpu")
    assert names(again.search(text="blue", k=12)) == expected
    store.path.with_name("store-images.faiss").write_bytes(b"damaged")
    third = ImageIndex.open(store, encoder, "cpu")
    assert names(third.search(text="blue", k=12)) == expected


def test_what_another_process_adds_is_seen_at_the_next_search(
    index: ImageIndex, encoder: ToyImageEncoder, store: Store, tmp_path: Path
) -> None:
    with Store(store.path) as other:
        ImageIndex.open(other, encoder, "cpu").add(save(tmp_path / "late.png", (255, 255, 0)))
    assert "late.png" in names(index.search(Image.new("RGB", (5, 5), (255, 255, 0)), k=1))


def test_another_encoder_is_refused_until_the_index_is_rebuilt(
    store: Store, index: ImageIndex, folder: Path
) -> None:
    other = ToyImageEncoder("another")
    with pytest.raises(EmbedderMismatchError):
        ImageIndex.open(store, other, "cpu")
    (folder / "red" / "red_0.png").unlink()
    rebuilt = ImageIndex.open(store, other, "cpu", rebuild=True)
    assert other.embedded == 11
    assert len(rebuilt) == 11
    assert names(rebuilt.search(text="red", k=1))[0].startswith("red")
    with pytest.raises(EmbedderMismatchError):
        index.search(text="red")


def test_titles_and_captions_are_found_by_their_words(
    store: Store, encoder: ToyImageEncoder, tmp_path: Path
) -> None:
    path = save(tmp_path / "a.png", (99, 99, 99))
    other = save(tmp_path / "b.png", (200, 30, 30))
    index = ImageIndex.open(store, encoder, "cpu")
    record = ImageRecord(
        "gallery/anchor",
        path,
        "Anchor boxes",
        "Apache-2.0",
        "the project",
        {"caption": "Boxes of several scales, placed over an image", "answers": "5,23"},
    )
    index.add_records([record, ImageRecord("gallery/red", other, "Red")])
    hit = index.search(text="the scale of an anchor", k=1)[0]
    assert hit.image.id == "gallery/anchor"
    assert hit.image.licence == "Apache-2.0"
    assert 0.9 <= hit.scores["caption"] <= 1

    again = index.add_records([ImageRecord("gallery/red", other, "Scarlet")])
    assert again.changed == ("gallery/red",)
    assert index.image("gallery/red").title == "Scarlet"  # type: ignore[union-attr]
    assert index.add_records([ImageRecord("gallery/red", other, "Scarlet")]).unchanged == 1

    report = index.add(tmp_path)
    assert (report.unchanged, report.added) == (2, ())
    assert index.image("gallery/anchor") is not None


def test_readings_tell_near_from_far(index: ImageIndex, folder: Path) -> None:
    hits = index.search(folder / "red" / "red_0.png", k=12)
    standardised = [hit.scores["standardised"] for hit in hits]
    assert standardised == sorted(standardised, reverse=True)
    assert hits[-1].reading == "far"


def test_the_map_puts_like_pictures_together_and_the_query_among_them(
    index: ImageIndex, folder: Path
) -> None:
    drawn = index.map2d(folder / "red" / "red_0.png")
    assert len(drawn.points) == 12
    assert drawn.query is not None
    by_colour: dict[str, np.ndarray] = {}
    for name in SHADES:
        own = [(at.x, at.y) for at in drawn.points if at.image.path.name.startswith(name)]
        by_colour[name] = np.mean(own, axis=0)
    to_query = {name: np.linalg.norm(middle - drawn.query) for name, middle in by_colour.items()}
    assert min(to_query, key=to_query.__getitem__) == "red"
    assert 0.9 < drawn.explained <= 1.000001
    assert index.map2d().query is None
    assert index.map2d(text="blue").query is not None


def test_the_map_of_nothing_is_empty(store: Store, encoder: ToyImageEncoder) -> None:
    index = ImageIndex.open(store, encoder, "cpu")
    assert index.map2d(text="red").points == ()
    assert index.search(text="red") == []


def test_what_is_served_is_made_here_and_stays_within_the_gallery(
    index: ImageIndex, folder: Path, tmp_path: Path
) -> None:
    record = next(each for each in index.images() if each.path.name == "red_0.png")
    assert Image.open(io.BytesIO(index.thumbnail(record.id) or b"")).format == "JPEG"
    assert Image.open(io.BytesIO(index.picture(record.id))).size == (40, 30)
    secret = save(tmp_path / "secret.png", (0, 0, 0))
    record.path.unlink()
    record.path.symlink_to(secret)
    with pytest.raises(ImageRefusedError) as refused:
        index.picture(record.id)
    assert refused.value.reason == "outside"
    for wrong in ("../../etc/passwd", str(secret), ""):
        assert index.thumbnail(wrong) is None
        with pytest.raises(ImageRefusedError):
            index.picture(wrong)


def test_a_hostile_example_is_refused(index: ImageIndex) -> None:
    with pytest.raises(ImageRefusedError):
        index.search(b"<svg></svg>")


def test_names_of_any_kind_do_not_stop_an_add(
    store: Store, encoder: ToyImageEncoder, tmp_path: Path
) -> None:
    for name in ("naïve ünïcode 🖼.png", "quote'\"; DROP TABLE images.png", "%s\n.PNG"):
        save(tmp_path / "n" / name, (len(name), 9, 9))
    raw = os.fsencode(tmp_path / "n") + b"/caf\xe9.png"
    shutil.copy(tmp_path / "n" / "%s\n.PNG", raw)
    report = ImageIndex.open(store, encoder, "cpu").add(tmp_path / "n")
    assert len(report.added) == 3
    assert [each.reason for each in report.skipped] == ["name"]


_ADDER = """
import sys
sys.path[:0] = [{root!r}, {tests!r}]
from pathlib import Path
from index.images import ImageIndex
from index.store import Store
from toy_image_encoder import ToyImageEncoder
def tell(done, total):
    print(done, flush=True)
with Store(Path({store!r})) as store:
    ImageIndex.open(store, ToyImageEncoder(), "cpu").add({folder!r}, tell)
"""


def test_a_kill_in_the_middle_keeps_what_was_committed(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    random = np.random.default_rng(0)
    for number in range(300):
        save(folder / f"{number:03}.png", tuple(random.integers(0, 255, 3).tolist()))
    script = _ADDER.format(
        root=str(Path(__file__).parents[2]),
        tests=str(Path(__file__).parent),
        store=str(tmp_path / "s.db"),
        folder=str(folder),
    )
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(script)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    for line in process.stdout:
        if int(line) >= 120:
            process.send_signal(signal.SIGKILL)
            break
    process.wait()
    encoder = ToyImageEncoder()
    with Store(tmp_path / "s.db") as store:
        store.check_integrity()
        index = ImageIndex.open(store, encoder, "cpu")
        kept = len(index)
        assert kept >= 64
        report = index.add(folder)
        assert report.unchanged == kept
        assert encoder.embedded == 300 - kept
        assert len(index) == 300
