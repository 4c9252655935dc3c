"""`assistant images` finds, weighs, lists and rebuilds, over an index with a toy encoder."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner, Result
from PIL import Image

from assistant.commands.images import command
from assistant.image_library import open_images
from assistant.settings import Settings
from corpus.gallery import _entries
from index.errors import EmbedderMismatchError
from index.identity import EmbedderIdentity
from index.image_calibration import Background, Calibration
from index.images import ImageIndex
from index.store import Store

FEW = _entries()[:3]
COLOURS = {"red": (200, 30, 30), "green": (30, 200, 30), "blue": (30, 30, 200)}


class ToyColours:
    """Mean colour as direction; knows the words of `COLOURS`."""

    preparation = "mean colour"
    calibration = Calibration(Background(0.5, 0.2, 0.3), Background(0.5, 0.2, 0.3))

    def __init__(self, revision: str = "0") -> None:
        self.identity = EmbedderIdentity("toy colours", revision * 64, 3)

    def embed_images(self, images: Sequence[Image.Image]) -> Any:
        return self._unit([np.asarray(one, np.float32).reshape(-1, 3).mean(0) for one in images])

    def embed_texts(self, texts: Sequence[str]) -> Any:
        return self._unit([np.array(COLOURS.get(text, (1, 1, 1)), np.float32) for text in texts])

    def _unit(self, rows: Sequence[Any]) -> Any:
        return np.array([row / np.linalg.norm(row) for row in rows], np.float32).reshape(-1, 3)


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ImageIndex]:
    folder = tmp_path / "photos"
    folder.mkdir()
    for name, colour in COLOURS.items():
        for number in range(2):
            shade = tuple(value + 3 * number for value in colour)
            Image.new("RGB", (20, 20), shade).save(folder / f"{name}-{number}.png")
    with Store(tmp_path / "store.db") as store:
        made = ImageIndex.open(store, ToyColours(), "cpu")  # type: ignore[arg-type]
        made.add(folder)

        @contextmanager
        def opened(options: dict[str, Any], *, rebuild: bool = False) -> Iterator[ImageIndex]:
            yield made

        monkeypatch.setattr("assistant.commands.images.open_images", opened)
        yield made


def run(*words: str) -> Result:
    return CliRunner().invoke(command, list(words))


def found(*words: str) -> list[str]:
    result = run("search", *words, "--json")
    assert result.exit_code == 0, result.output
    return [Path(hit["image"]["path"]).stem for hit in json.loads(result.output)]


def test_words_a_picture_and_an_id_find(index: ImageIndex, tmp_path: Path) -> None:
    red = tmp_path / "photos" / "red-0.png"
    identity = next(image.id for image in index.images() if image.path == red)
    assert found("blue", "-k", "1")[0].startswith("blue")
    assert found("--like", str(red), "-k", "2") == ["red-0", "red-1"]
    # Of an image that is here, others like it are wanted.
    assert found("--like", identity, "-k", "1") == ["red-1"]


def test_weights_say_what_counts(index: ImageIndex, tmp_path: Path) -> None:
    red = str(tmp_path / "photos" / "red-0.png")
    both = ("green", "--like", red, "-k", "1")
    assert found(*both, "--weight", "text=0.05")[0].startswith("red")
    assert found(*both, "--weight", "text=5", "--weight", "example=0.1")[0].startswith("green")
    mixed = tmp_path / "mixed.png"
    Image.new("RGB", (9, 9), (150, 30, 170)).save(mixed)
    blue = str(tmp_path / "photos" / "blue-0.png")
    assert found("--like", str(mixed), "-k", "1")[0].startswith("blue")
    assert found("--like", str(mixed), "--minus", "blue", "-k", "1")[0].startswith("red")
    assert found("--like", str(mixed), "--minus-like", blue, "-k", "1")[0].startswith("red")


def test_every_hit_says_what_its_similarity_means(index: ImageIndex) -> None:
    lines = run("search", "red", "-k", "6").output.splitlines()
    assert len(lines) == 6
    assert all(line.split()[2] in ("near", "related", "far") for line in lines)


@pytest.mark.parametrize(
    "words",
    [
        (),
        ("  ",),
        ("red", "--weight", "text"),
        ("red", "--weight", "colour=2"),
        ("red", "--weight", "text=0"),
        ("red", "--weight", "text=nan"),
        ("red", "--minus", "blue", "--minus-like", "x.png"),
    ],
)
def test_what_cannot_be_meant_is_refused(index: ImageIndex, words: tuple[str, ...]) -> None:
    result = run("search", *words)
    assert result.exit_code == 2
    assert "Error" in result.output


def test_all_images_are_listed_with_their_ids(index: ImageIndex) -> None:
    lines = run("list").output.splitlines()
    assert [line.split()[0] for line in lines] == [image.id for image in index.images()]


def test_another_encoder_needs_a_rebuild_and_the_error_names_a_command_that_there_is(
    own_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("corpus.gallery._entries", lambda: FEW)
    settings = Settings(home=own_home)
    with Store(settings.index_directory / "store.db") as store:
        encoder = [ToyColours("1")]
        monkeypatch.setattr("assistant.image_library.open_image_encoder", lambda *_: encoder[0])
        before = len(open_images(settings, store, None))  # type: ignore[arg-type]
        encoder[0] = ToyColours("2")
        with pytest.raises(EmbedderMismatchError, match="assistant images rebuild"):
            open_images(settings, store, None)  # type: ignore[arg-type]
        assert run("rebuild", "--help").exit_code == 0
        rebuilt = open_images(settings, store, None, rebuild=True)  # type: ignore[arg-type]
        assert len(rebuilt) == before == len(FEW)
        assert rebuilt.search(text="red", k=1)
