"""Thumbnails are made when somebody looks, once, within the limits, and go with their pictures."""

import io
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from PIL import Image
from toy_image_encoder import ToyImageEncoder

from index import image_serving
from index.image_files import ImageLimits
from index.images import ImageIndex
from index.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store.db") as opened:
        yield opened


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return save(tmp_path / "photos" / "photo.jpg", "teal")


@pytest.fixture
def index(store: Store, path: Path) -> ImageIndex:
    opened = ImageIndex.open(store, ToyImageEncoder(), "cpu")
    opened.add(path)
    return opened


def save(path: Path, colour: str, size: tuple[int, int] = (1200, 900)) -> Path:
    path.parent.mkdir(exist_ok=True)
    Image.new("RGB", size, colour).save(path)
    return path


def only_id(index: ImageIndex) -> str:
    (record,) = index.images()
    return record.id


def kept(store: Store) -> list[bytes | None]:
    with store.reading() as connection:
        return [row[0] for row in connection.execute("SELECT thumbnail FROM images")]


def colour_of(content: bytes | None) -> tuple[int, ...]:
    red, green, blue = Image.open(io.BytesIO(content or b"")).getpixel((9, 9))  # type: ignore[misc]
    return (round(red / 64), round(green / 64), round(blue / 64))


TEAL, RED = (0, 2, 2), (4, 0, 0)


def test_adding_makes_no_thumbnail_and_the_first_look_one_that_is_kept(
    index: ImageIndex, store: Store, path: Path
) -> None:
    assert kept(store) == [None]
    generation = store.generation("images")
    made = index.thumbnail(only_id(index))
    assert made is not None
    assert colour_of(made) == TEAL
    assert kept(store) == [made]
    # What everybody who searches holds in memory is as good as before.
    assert store.generation("images") == generation
    path.unlink()
    assert index.thumbnail(only_id(index)) == made


@pytest.mark.parametrize(
    ("name", "size"),
    [("large.png", (1300, 900)), ("large.webp", (900, 1300)), ("wide.jpg", (8000, 1000))],
)
def test_what_takes_long_to_decode_gets_its_thumbnail_while_it_is_added(
    name: str, size: tuple[int, int], store: Store, tmp_path: Path
) -> None:
    index = ImageIndex.open(store, ToyImageEncoder(), "cpu")
    file = save(tmp_path / "photos" / name, "red", size)
    index.add(file)
    file.unlink()
    content = index.thumbnail(only_id(index))
    assert colour_of(content) == RED
    assert 168 <= max(Image.open(io.BytesIO(content or b"")).size) <= 336


@pytest.mark.parametrize(
    "size",
    [(1, 1), (40, 30), (335, 20), (336, 336), (560, 400), (900, 1200), (2000, 9), (999, 999)],
)
@pytest.mark.parametrize("suffix", ["jpg", "png"])
def test_no_thumbnail_is_larger_than_is_said(
    size: tuple[int, int], suffix: str, store: Store, tmp_path: Path
) -> None:
    index = ImageIndex.open(store, ToyImageEncoder(), "cpu")
    index.add(save(tmp_path / "photos" / f"one.{suffix}", "red", size))
    made = Image.open(io.BytesIO(index.thumbnail(only_id(index)) or b""))
    assert min(168, *sorted(size)[1:]) <= max(made.size) <= 336


def test_a_file_that_cannot_serve_any_more_has_no_thumbnail(
    index: ImageIndex, store: Store, path: Path, tmp_path: Path
) -> None:
    image_id = only_id(index)
    path.write_bytes(path.read_bytes()[:300])
    assert index.thumbnail(image_id) is None
    path.write_bytes(b"")
    assert index.thumbnail(image_id) is None
    path.unlink()
    assert index.thumbnail(image_id) is None
    path.mkdir()
    assert index.thumbnail(image_id) is None
    path.rmdir()
    path.symlink_to(save(tmp_path / "secret.jpg", "red"))
    assert index.thumbnail(image_id) is None
    assert kept(store) == [None]
    path.unlink()
    save(path, "teal")
    assert colour_of(index.thumbnail(image_id)) == TEAL


@pytest.mark.parametrize(
    "limits", [ImageLimits(bytes=1000), ImageLimits(pixels=1_000_000), ImageLimits(side=1000)]
)
def test_the_limits_of_reading_hold_for_thumbnails(
    index: ImageIndex, store: Store, limits: ImageLimits
) -> None:
    stricter = ImageIndex.open(store, ToyImageEncoder(), "cpu", limits)
    assert stricter.thumbnail(only_id(index)) is None
    assert index.thumbnail(only_id(index)) is not None


def test_a_thumbnail_that_many_ask_for_at_once_is_made_once(
    index: ImageIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = 0
    together = threading.Barrier(8)
    real = image_serving.thumbnail

    def slow(image: Image.Image) -> bytes:
        nonlocal made
        made += 1
        time.sleep(0.05)
        return real(image)

    def look(image_id: str) -> bytes | None:
        together.wait()
        return index.thumbnail(image_id)

    monkeypatch.setattr(image_serving, "thumbnail", slow)
    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(look, [only_id(index)] * 8))
    assert (len(seen), made) == (1, 1)
    assert colour_of(seen.pop()) == TEAL


def test_two_processes_may_make_the_same_thumbnail(index: ImageIndex, store: Store) -> None:
    with Store(store.path) as other:
        made = ImageIndex.open(other, ToyImageEncoder(), "cpu").thumbnail(only_id(index))
    assert index.thumbnail(only_id(index)) == made


def test_a_removed_picture_takes_its_thumbnail_along(
    index: ImageIndex, store: Store, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image_id = only_id(index)
    assert index.thumbnail(image_id) is not None
    index.remove(image_id)
    assert (kept(store), index.thumbnail(image_id)) == ([], None)
    index.add(path)
    real = image_serving.thumbnail

    def removing(image: Image.Image) -> bytes:
        index.remove(image_id)
        return real(image)

    monkeypatch.setattr(image_serving, "thumbnail", removing)
    index.thumbnail(image_id)
    assert kept(store) == []


def test_a_changed_file_is_shown_as_it_is_and_kept_once_it_was_added_again(
    index: ImageIndex, store: Store, path: Path
) -> None:
    image_id = only_id(index)
    save(path, "red")
    assert colour_of(index.thumbnail(image_id)) == RED
    assert kept(store) == [None]
    index.add(path)
    assert colour_of(index.thumbnail(image_id)) == RED
    assert kept(store) != [None]
    save(path, "teal")
    index.add(path)
    assert colour_of(index.thumbnail(image_id)) == TEAL


def test_a_thumbnail_that_a_store_has_from_before_stays(
    index: ImageIndex, store: Store, path: Path
) -> None:
    with store.transaction("images") as connection:
        connection.execute("UPDATE images SET thumbnail = ?", (b"of another version",))
    assert index.thumbnail(only_id(index)) == b"of another version"
    index.add(path)
    index.rebuild()
    assert index.thumbnail(only_id(index)) == b"of another version"


def test_a_store_that_cannot_be_written_keeps_no_thumbnail_and_still_shows_it(
    index: ImageIndex, store: Store
) -> None:
    with store.reading() as connection:
        connection.execute("PRAGMA query_only = ON")
    assert colour_of(index.thumbnail(only_id(index))) == TEAL
    assert kept(store) == [None]
