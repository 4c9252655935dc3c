"""Pictures are encoded once and in order, a bounded number ahead, and no thread stays behind."""

import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from toy_image_encoder import ToyImageEncoder

from corpus.types import ImageRecord
from index.image_batches import encoded_ahead
from index.image_intake import Decoded, Unchanged, Wanted, open_scaled, thumbnail
from index.image_store import FileState
from index.images import ImageIndex
from index.store import Store


def decoded(number: int, digest: str | None = None) -> Decoded:
    record = ImageRecord(f"image/{number}", Path(f"/{number}.png"), str(number))
    image = Image.new("RGB", (4, 4), (number, 255 - number, 9))
    return Decoded(Wanted(record), FileState(0, 0, digest or str(number)), image, b"", (4, 4))


def photographs(folder: Path, count: int) -> Path:
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(count):
        colour = tuple(random.integers(0, 255, 3).tolist())
        Image.new("RGB", (8, 8), colour).save(folder / f"{number:03}.png")
    return folder


@pytest.fixture
def left_behind() -> Callable[[], list[threading.Thread]]:
    """Threads of ours that began during the test and are still there."""
    before = set(threading.enumerate())
    return lambda: [
        each
        for each in threading.enumerate()
        if each not in before and each.name.startswith("image-")
    ]


def test_batches_keep_the_order_and_hold_a_vector_of_every_new_picture() -> None:
    items = [decoded(number) for number in range(70)]
    batches = list(encoded_ahead(items, ToyImageEncoder(), set()))
    assert [item for batch in batches for item in batch.items] == items
    assert len(batches[0].items) < len(batches[-2].items)
    for batch in batches:
        for item in batch.items:
            assert isinstance(item, Decoded)
            (expected,) = ToyImageEncoder().embed_images([item.image])
            assert batch.vectors[item.state.digest] == pytest.approx(expected)


def test_equal_pictures_are_encoded_once_however_far_apart() -> None:
    encoder = ToyImageEncoder()
    items = [decoded(number, str(number % 30)) for number in range(90)]
    digests = {"7"}
    batches = list(encoded_ahead(items, encoder, digests))
    assert encoder.embedded == 29
    assert sum(len(batch.vectors) for batch in batches) == 29
    assert digests == {str(number) for number in range(30)}


def test_copies_are_reported_wherever_they_stand_among_the_others(tmp_path: Path) -> None:
    folder = photographs(tmp_path / "p", 60)
    # 000 goes with an early batch, 050 with the same batch as its copies.
    for name, of in (("050a", "050"), ("050b", "000"), ("050c", "050"), ("099", "001")):
        shutil.copy(folder / f"{of}.png", folder / f"{name}.png")
    encoder = ToyImageEncoder()
    with Store(tmp_path / "s.db") as store:
        index = ImageIndex.open(store, encoder, "cpu")
        report = index.add(folder)
        names = {record.id: record.path.stem for record in index.images()}
        assert list(names.values()) == sorted(names.values())
        assert {each.path.stem: names[each.of] for each in report.duplicates} == {
            "050a": "050",
            "050b": "000",
            "050c": "050",
            "099": "001",
        }
        assert all(record.metadata["width"] == 8 for record in index.images())
    assert encoder.embedded == 60


def test_files_that_take_one_another_s_names_are_all_read_again(tmp_path: Path) -> None:
    folder = photographs(tmp_path / "p", 6)
    with Store(tmp_path / "s.db") as store:
        index = ImageIndex.open(store, ToyImageEncoder(), "cpu")
        index.add(folder)
        # Each name goes to the picture before, as when one is put in front of a numbered series.
        for number in reversed(range(6)):
            (folder / f"{number:03}.png").rename(folder / f"{number + 1:03}.png")
        Image.new("RGB", (8, 8), "white").save(folder / "000.png")
        report = index.add(folder)
        assert report.skipped == ()
        assert (len(report.changed), len(report.added)) == (6, 1)
        for path in sorted(folder.iterdir()):
            (best, *_) = index.search(path, k=1)
            assert best.image.path == path
        assert index.add(folder).unchanged == 7


def test_files_without_anything_to_encode_pass_in_large_batches() -> None:
    encoder = ToyImageEncoder()
    items = [Unchanged(Wanted(ImageRecord(str(number), Path("/x"), ""))) for number in range(600)]
    batches = list(encoded_ahead(items, encoder, set()))
    assert [len(batch.items) for batch in batches] == [256, 256, 88]
    assert encoder.embedded == 0


def test_no_more_than_a_few_batches_are_taken_ahead(
    left_behind: Callable[[], list[threading.Thread]],
) -> None:
    taken = 0

    def endless() -> Iterator[Decoded]:
        nonlocal taken
        while True:
            taken += 1
            yield decoded(taken % 200, str(taken))

    batches = encoded_ahead(endless(), ToyImageEncoder(), set())
    stored = 0
    for _ in range(50):
        stored += len(next(batches).items)
        assert taken - stored <= 32
    batches.close()
    assert left_behind() == []


class FailingEncoder(ToyImageEncoder):
    def embed_images(self, images: Sequence[Image.Image]) -> np.ndarray:
        if self.embedded >= 20:
            raise MemoryError("no room for this batch")
        return super().embed_images(images)


def test_an_encoder_that_fails_ends_the_add_and_what_was_stored_stays(
    tmp_path: Path, left_behind: Callable[[], list[threading.Thread]]
) -> None:
    folder = photographs(tmp_path / "p", 100)
    with Store(tmp_path / "s.db") as store:
        with pytest.raises(MemoryError, match="no room"):
            ImageIndex.open(store, FailingEncoder(), "cpu").add(folder)
        assert left_behind() == []
        index = ImageIndex.open(store, ToyImageEncoder(), "cpu")
        kept = len(index)
        assert 0 < kept < 100
        report = index.add(folder)
        assert (report.unchanged, len(report.added)) == (kept, 100 - kept)


def test_what_progress_has_counted_is_stored_and_stopping_there_ends_every_thread(
    tmp_path: Path, left_behind: Callable[[], list[threading.Thread]]
) -> None:
    folder = photographs(tmp_path / "p", 100)
    with Store(tmp_path / "s.db") as store:
        index = ImageIndex.open(store, ToyImageEncoder(), "cpu")

        def tell(done: int, total: int) -> None:
            assert len(index) >= done
            if done == 50:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            index.add(folder, tell)
        assert left_behind() == []
        assert 50 <= len(index) < 100


class RememberingEncoder(ToyImageEncoder):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[np.ndarray] = []

    def embed_images(self, images: Sequence[Image.Image]) -> np.ndarray:
        self.seen += [np.asarray(image) for image in images]
        return super().embed_images(images)


def test_a_file_as_a_query_is_prepared_as_it_was_when_it_was_added(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    coarse = Image.fromarray(random.integers(0, 255, (9, 12, 3), np.uint8))
    path = tmp_path / "large.jpg"
    coarse.resize((1200, 900), Image.Resampling.BICUBIC).save(path)
    encoder = RememberingEncoder()
    with Store(tmp_path / "s.db") as store:
        index = ImageIndex.open(store, encoder, "cpu")
        index.add(path)
        index.search(path)
        index.search(path.read_bytes())
    added, *queries = encoder.seen
    assert added.shape == (450, 600, 3)
    assert all(np.array_equal(added, query) for query in queries)
    assert np.array_equal(added, np.asarray(open_scaled(path)))


@pytest.mark.parametrize(("orientation", "size"), [(1, (1200, 900)), (6, (900, 1200))])
def test_the_size_that_is_kept_is_that_of_the_file_whatever_was_decoded(
    orientation: int, size: tuple[int, int], tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    path = tmp_path / "large.jpg"
    Image.new("RGB", (1200, 900), "olive").save(path, exif=exif)
    with Store(tmp_path / "s.db") as store:
        index = ImageIndex.open(store, ToyImageEncoder(), "cpu")
        index.add(path)
        (record,) = index.images()
    assert (record.metadata["width"], record.metadata["height"]) == size


@pytest.mark.parametrize("side", [1, 168, 335, 336, 560, 561, 900, 5000])
def test_a_thumbnail_is_neither_large_nor_tiny(side: int, tmp_path: Path) -> None:
    path = tmp_path / "thumbnail.jpg"
    path.write_bytes(thumbnail(Image.new("RGB", (side, max(1, side // 2)), "teal")))
    longer = max(Image.open(path).size)
    assert min(side, 168) <= longer <= 336
