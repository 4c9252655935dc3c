"""The default gallery gets into the index once, and follows a new version of itself."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import corpus.gallery
from assistant.image_library import open_images
from assistant.settings import Settings
from index.identity import EmbedderIdentity
from index.image_calibration import Background, Calibration
from index.images import ImageIndex
from index.store import Store


class ToyColours:
    """Mean colour as direction. Counts what it embeds."""

    identity = EmbedderIdentity("toy colours", "0" * 64, 3)
    preparation = "mean colour"
    calibration = Calibration(Background(0.5, 0.2, 0.3), Background(0.5, 0.2, 0.3))

    def __init__(self) -> None:
        self.embedded = 0

    def embed_images(self, images: Sequence[Image.Image]) -> Any:
        self.embedded += len(images)
        rows = [np.asarray(image, np.float32).reshape(-1, 3).mean(0) + 1 for image in images]
        return np.array([row / np.linalg.norm(row) for row in rows], np.float32).reshape(-1, 3)

    def embed_texts(self, texts: Sequence[str]) -> Any:
        return np.full((len(texts), 3), 3**-0.5, np.float32)


class Opening:
    """Opens the images of one home as often as a test wants, over the toy encoder."""

    def __init__(self, home: Path, encoder: ToyColours) -> None:
        self.settings = Settings(home=home)
        self.encoder = encoder
        self.store = Store(self.settings.index_directory / "store.db")

    def images(self, progress: Any = None) -> ImageIndex:
        return open_images(self.settings, self.store, None, progress)  # type: ignore[arg-type]

    def files(self) -> list[str]:
        return sorted(path.name for path in self.settings.gallery_directory.glob("*.jpg"))


@pytest.fixture
def opening(own_home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opening]:
    encoder = ToyColours()
    monkeypatch.setattr("assistant.image_library.open_image_encoder", lambda *_: encoder)
    made = Opening(own_home, encoder)
    yield made
    made.store.close()


ENTRIES = corpus.gallery._entries()


def set_version(monkeypatch: pytest.MonkeyPatch, version: int, places: Sequence[int]) -> list[str]:
    few = tuple(ENTRIES[place] for place in places)
    monkeypatch.setattr(corpus.gallery, "_entries", lambda: few)
    monkeypatch.setattr(corpus.gallery, "GALLERY_VERSION", version)
    return [entry.id for entry in few]


def ids(images: ImageIndex) -> list[str]:
    return sorted(image.id for image in images.images())


def test_the_gallery_is_drawn_and_indexed_once(
    opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = set_version(monkeypatch, 1, [0, 1, 2])
    assert ids(opening.images()) == sorted(wanted)
    embedded = opening.encoder.embedded
    calls: list[object] = []
    assert ids(opening.images(lambda *call: calls.append(call))) == sorted(wanted)
    assert (opening.encoder.embedded, calls) == (embedded, [])


def test_a_new_version_adds_what_is_new_and_drops_what_is_gone(
    opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = set_version(monkeypatch, 1, [0, 1, 2, 3])
    images = opening.images()
    folder = opening.settings.gallery_directory
    own = opening.settings.home / "own"
    own.mkdir()
    for path in (own / "mine.png", folder / "mine-too.png"):
        Image.new("RGB", (20, 20), "red" if path.parent == own else "blue").save(path)
    others = images.add([own / "mine.png", folder / "mine-too.png"]).added
    assert len(others) == 2

    after = set_version(monkeypatch, 2, [0, 3, 4])
    images = opening.images()
    assert ids(images) == sorted([*after, *others])
    gone = set(before) - set(after)
    assert len(gone) == 2
    assert all(images.image(one) is None for one in gone)
    found = images.search(example=Image.new("RGB", (20, 20), "red"), k=50)
    assert {hit.image.id for hit in found} == {*after, *others}
    assert len(opening.files()) == 3


def test_an_interrupted_change_of_version_is_gone_on_with(
    opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_version(monkeypatch, 1, [0, 1])
    opening.images()
    after = set_version(monkeypatch, 2, [2, 3])

    def interrupt(done: int, total: int, what: str) -> None:
        if what == "Indexing images":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        opening.images(interrupt)
    assert ids(opening.images()) == sorted(after)


def test_a_gallery_whose_folder_was_deleted_is_drawn_again(
    opening: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_version(monkeypatch, 1, [0, 1])
    opening.images()
    for path in opening.settings.gallery_directory.iterdir():
        path.unlink()
    images = opening.images()
    assert len(opening.files()) == 2
    assert all(images.picture(one).startswith(b"\xff\xd8") for one in ids(images))
