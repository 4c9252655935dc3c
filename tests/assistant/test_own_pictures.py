"""Pictures added in the browser: kept in one folder and nowhere else, each with its result."""

import io
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import gradio as gr
import pillow_heif
import pytest
from fake_assistant import FakeAssistantWithImages
from PIL import Image
from starlette.testclient import TestClient

from assistant.errors import StoreError, UploadError
from assistant.serving.own_pictures import (
    LONGEST_STEM_BYTES,
    PictureResult,
    add_pictures,
    file_name,
    own_pictures,
    remove_pictures,
)
from assistant.serving.server import create_app
from assistant.serving.service import Service
from assistant.settings import Settings
from assistant.ui.app import build
from assistant.ui.own_pictures import label_of, results_html
from corpus.types import ImageRecord
from index.images import ImageIndex
from index.store import Store

RED, GREEN, BLUE = (220, 20, 20), (20, 220, 20), (20, 20, 220)


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (40, 30)) -> bytes:
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def bomb() -> bytes:
    """A picture of few bytes and more pixels than are ever decoded."""
    buffer = io.BytesIO()
    Image.new("1", (9000, 9000)).save(buffer, "PNG")
    return buffer.getvalue()


class Desk:
    """A home with its index, and uploads that come from a folder elsewhere."""

    def __init__(self, home: Path, images: ImageIndex) -> None:
        self.settings = Settings(home=home, upload_files=5, upload_megabytes=0.1)
        self.images = images
        self.folder = self.settings.pictures_directory
        self._arrived = home.with_name("arrived")

    def upload(self, *files: tuple[str, bytes], progress: Any = None) -> list[PictureResult]:
        arrived = []
        for number, (name, content) in enumerate(files):
            self._arrived.mkdir(exist_ok=True)
            path = self._arrived / str(number)
            path.write_bytes(content)
            arrived.append((name, path))
        return add_pictures(self.images, self.settings, arrived, progress)

    def remove(self, *ids: str) -> list[PictureResult]:
        return remove_pictures(self.images, self.settings, ids)

    def own(self) -> dict[str, str]:
        """Ids by the names of the files."""
        return {one.path.name: one.id for one in own_pictures(self.images, self.settings)}

    def files(self) -> list[str]:
        return sorted(path.name for path in self.folder.iterdir())

    def found(self, content: bytes) -> str:
        return self.images.search(content, k=1)[0].image.path.name


@pytest.fixture
def desk(own_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    monkeypatch.syspath_prepend(str(Path(__file__).parents[1] / "index"))
    from toy_image_encoder import ToyImageEncoder

    with (
        Store(tmp_path / "store.db") as store,
        ImageIndex.open(store, ToyImageEncoder(), "cpu") as images,
    ):
        yield Desk(own_home, images)


def outcomes(results: list[PictureResult]) -> list[tuple[str, str]]:
    return [(one.name, one.outcome) for one in results]


def test_what_is_added_is_kept_and_found_at_once(desk: Desk) -> None:
    told: list[tuple[int, int, str]] = []
    results = desk.upload(
        ("red.png", picture(RED)),
        ("blue.png", picture(BLUE)),
        progress=lambda *step: told.append(step),
    )
    assert outcomes(results) == [("red.png", "added"), ("blue.png", "added")]
    assert desk.files() == ["blue.png", "red.png"]
    assert desk.found(picture(RED, (50, 50))) == "red.png"
    assert (2, 2, "Checking pictures") in told
    assert told[-1] == (2, 2, "Indexing pictures")


def test_the_same_bytes_are_said_to_be_known(desk: Desk) -> None:
    desk.upload(("a.png", picture(RED)))
    assert desk.upload(("a.png", picture(RED))) == [PictureResult("a.png", "unchanged")]
    assert desk.upload(("b.png", picture(RED))) == [PictureResult("b.png", "same", "a.png")]
    assert list(desk.own()) == ["a.png", "b.png"]
    twice = desk.upload(("c.png", picture(BLUE)), ("c.png", picture(BLUE)))
    assert outcomes(twice) == [("c.png", "added"), ("c.png", "unchanged")]


def test_a_picture_of_a_taken_name_gets_a_number_and_replaces_none(desk: Desk) -> None:
    # Telephones call every picture that they send image.jpg.
    results = desk.upload(("a.png", picture(RED)), ("a.png", picture(GREEN)))
    assert results == [
        PictureResult("a.png", "added"),
        PictureResult("a (2).png", "renamed", "a.png"),
    ]
    # Another case is the same name: some file systems know no difference.
    assert desk.upload(("A.PNG", picture(BLUE))) == [PictureResult("A (3).PNG", "renamed", "A.PNG")]
    assert desk.upload(("A.png", picture(GREEN))) == [PictureResult("a (2).png", "unchanged")]
    assert desk.files() == ["A (3).PNG", "a (2).png", "a.png"]
    for colour, name in ((RED, "a.png"), (GREEN, "a (2).png"), (BLUE, "A (3).PNG")):
        assert (desk.folder / name).read_bytes() == picture(colour)
        assert desk.found(picture(colour, (50, 50))) == name


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF", "TIFF", "HEIF"])
def test_every_format_that_is_named_can_be_added(desk: Desk, kind: str) -> None:
    pillow_heif.register_heif_opener()
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), GREEN).save(buffer, kind)
    name = f"a.{'heic' if kind == 'HEIF' else kind.lower()}"
    assert desk.upload((name, buffer.getvalue())) == [PictureResult(name, "added")]
    assert desk.found(picture(GREEN)) == name


def test_a_picture_that_lies_elsewhere_is_named_by_its_title(desk: Desk, tmp_path: Path) -> None:
    other = tmp_path / "secret" / "my_cat.png"
    other.parent.mkdir()
    other.write_bytes(picture(GREEN))
    desk.images.add(other)
    assert desk.upload(("b.png", picture(GREEN))) == [PictureResult("b.png", "same", "my cat")]
    assert list(desk.own()) == ["b.png"]


@pytest.mark.parametrize(
    ("name", "make", "words"),
    [
        ("a.png", lambda: b"no picture", "known format"),
        ("a.png", lambda: picture(RED)[:60], "damaged or truncated"),
        ("a.png", lambda: b"", "is empty"),
        ("a.png", lambda: bytes(200_000), "more than 0.1 MB"),
        ("a.png", bomb, "too many pixels"),
        ("a.png", lambda: b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript"),
        ("a.svg", lambda: picture(RED), "Known are .gif"),
        ("a.png.exe", lambda: picture(RED), "Known are .gif"),
        (".png", lambda: picture(RED), "Known are .gif"),
        ("..", lambda: picture(RED), "no usable name"),
        ("", lambda: picture(RED), "no usable name"),
    ],
)
def test_what_is_no_picture_has_its_reason_and_stops_no_others(
    desk: Desk, name: str, make: Callable[[], bytes], words: str
) -> None:
    before, bad, after = desk.upload(
        ("y.png", picture(BLUE)), (name, make()), ("z.png", picture(GREEN, (9, 9)))
    )
    assert (before.outcome, bad.outcome, after.outcome) == ("added", "skipped", "added")
    assert bad.name == name
    assert words in bad.detail
    assert "arrived" not in bad.detail
    assert desk.files() == ["y.png", "z.png"]


def test_a_broken_file_does_not_take_the_place_of_a_picture(desk: Desk) -> None:
    desk.upload(("a.png", picture(RED)))
    assert desk.upload(("a.png", picture(BLUE)[:60]))[0].outcome == "skipped"
    assert (desk.folder / "a.png").read_bytes() == picture(RED)
    assert desk.found(picture(RED)) == "a.png"


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../up.png", "up.png"),
        ("..\\..\\up.png", "up.png"),
        ("/etc/cron.d/x.png", "x.png"),
        ("C:\\x.png", "x.png"),
        (".hidden.png", "hidden.png"),
        ("a\x00b\n.png", "a b .png"),
        ("<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(1)>.png"),
        ("cafe\u0301.JPEG", "caf\xe9.JPEG"),
        ("\udc80x.png", "x.png"),
        ("-rf.png", "-rf.png"),
        ("CON.png", "CON.png"),
    ],
)
def test_a_hostile_name_leads_nowhere_else(desk: Desk, name: str, kept: str) -> None:
    around = sorted(desk.folder.parent.parent.rglob("*"))
    (result,) = desk.upload((name, picture(RED)))
    assert (result.name, result.outcome) == (kept, "added")
    assert desk.files() == [kept]
    new = set(desk.folder.parent.parent.rglob("*")) - set(around)
    assert {path for path in new if path.suffix.lower() in (".png", ".jpeg")} == {
        desk.folder / kept
    }


@pytest.mark.parametrize("letter", ["x", "\xe9", "\U0001f408"])
def test_a_name_is_cut_to_what_file_systems_take(desk: Desk, letter: str) -> None:
    (result,) = desk.upload((letter * 400 + ".png", picture(RED)))
    assert result.outcome == "added"
    assert len(result.name.encode()) <= LONGEST_STEM_BYTES + len(".png")
    assert result.name == file_name(result.name)


def test_more_files_than_the_settings_allow_are_refused(desk: Desk) -> None:
    with pytest.raises(UploadError, match="6 files were chosen; 5"):
        desk.upload(*((f"{number}.png", picture(RED)) for number in range(6)))
    assert desk.own() == {}


def test_only_what_was_added_here_can_be_removed(desk: Desk, tmp_path: Path) -> None:
    other = tmp_path / "elsewhere" / "green.png"
    other.parent.mkdir()
    other.write_bytes(picture(GREEN))
    desk.images.add(other)
    desk.upload(("red.png", picture(RED)), ("blue.png", picture(BLUE)))
    own = desk.own()
    foreign = next(one.id for one in desk.images.images() if one.path == other)
    hostile = (foreign, str(other), "/", ".", "..", "", "../elsewhere", "image/none")
    assert desk.remove(*hostile) == []
    assert len(desk.images) == 3
    assert desk.remove(own["red.png"], *hostile) == [PictureResult("red.png", "removed")]
    assert desk.files() == ["blue.png"]
    assert other.exists()
    assert list(desk.own()) == ["blue.png"]
    assert "red.png" not in [hit.image.path.name for hit in desk.images.search(picture(RED))]


def test_links_in_the_folder_are_not_followed(desk: Desk, tmp_path: Path) -> None:
    outside = tmp_path / "outside.png"
    outside.write_bytes(picture(GREEN))
    desk.folder.mkdir(parents=True)
    for name, target in (("a.png", outside), ("b.png", tmp_path / "nowhere.png")):
        (desk.folder / name).symlink_to(target)
        for colour in (RED, GREEN):
            (result,) = desk.upload((name, picture(colour)))
            assert result.name != name
    assert outside.read_bytes() == picture(GREEN)
    assert not (tmp_path / "nowhere.png").exists()
    # Somebody puts a link in the place of a file.
    desk.upload(("c.png", picture(BLUE)))
    (desk.folder / "c.png").unlink()
    (desk.folder / "c.png").symlink_to(outside)
    assert outcomes(desk.remove(desk.own()["c.png"])) == [("c.png", "removed")]
    assert outside.read_bytes() == picture(GREEN)


def test_a_file_that_cannot_be_written_or_removed_has_its_reason(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.fsync

    def fill_up(descriptor: int) -> None:
        if os.fstat(descriptor).st_size == len(picture(RED)):
            raise OSError(28, "No space left on device")
        whole(descriptor)

    monkeypatch.setattr(os, "fsync", fill_up)
    first, second = desk.upload(("a.png", picture(RED)), ("b.png", picture(BLUE, (300, 300))))
    assert (first.outcome, second.outcome) == ("skipped", "added")
    assert "cannot be kept or removed: No space left" in first.detail
    assert desk.files() == ["b.png"]

    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "unlink", refuse)
    (result,) = desk.remove(*desk.own().values())
    assert (result.outcome, str(desk.folder) in result.detail) == ("skipped", False)
    # It is still listed, so that it can be removed when the reason is gone.
    assert list(desk.own()) == ["b.png"]


def test_a_folder_of_the_name_of_a_picture_is_left_alone(desk: Desk) -> None:
    (desk.folder / "a.png").mkdir(parents=True)
    assert outcomes(desk.upload(("a.png", picture(RED)))) == [("a (2).png", "renamed")]
    assert (desk.folder / "a.png").is_dir()


def test_what_another_process_puts_there_meanwhile_is_not_overwritten(desk: Desk) -> None:
    def meanwhile(*_: object) -> None:
        (desk.folder / "a.png").write_bytes(picture(BLUE))

    (result,) = desk.upload(("a.png", picture(RED)), progress=meanwhile)
    assert (result.name, result.outcome) == ("a.png", "skipped")
    assert (desk.folder / "a.png").read_bytes() == picture(BLUE)


def test_what_a_crash_left_behind_is_taken_up_when_it_is_sent_again(desk: Desk) -> None:
    desk.folder.mkdir(parents=True)
    (desk.folder / "a.png").write_bytes(picture(RED))
    assert desk.own() == {}
    assert desk.upload(("a.png", picture(RED))) == [PictureResult("a.png", "added")]
    assert desk.files() == list(desk.own()) == ["a.png"]


def test_a_picture_whose_file_is_gone_can_still_be_removed(desk: Desk) -> None:
    desk.upload(("a.png", picture(RED)))
    (desk.folder / "a.png").unlink()
    # It can be sent again, too.
    assert desk.upload(("a.png", picture(BLUE))) == [PictureResult("a.png", "added")]
    (desk.folder / "a.png").unlink()
    assert desk.remove(*desk.own().values()) == [PictureResult("a.png", "removed")]
    assert desk.own() == {}


def test_what_the_index_does_not_take_is_not_kept(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.upload(("old.png", picture(RED)))

    def fail(*_: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(ImageIndex, "add_records", fail)
    with pytest.raises(StoreError):
        desk.upload(("new.png", picture(BLUE)), ("old.png", picture(GREEN)))
    assert desk.files() == ["old.png"]
    assert (desk.folder / "old.png").read_bytes() == picture(RED)
    monkeypatch.undo()
    assert desk.found(picture(RED)) == "old.png"


def test_a_folder_that_is_none_is_an_error_that_says_so(desk: Desk) -> None:
    desk.folder.parent.mkdir(parents=True, exist_ok=True)
    desk.folder.write_text("a file")
    with pytest.raises(StoreError, match="cannot be used"):
        desk.upload(("a.png", picture(RED)))
    desk.folder.unlink()
    os.symlink(desk.folder, desk.folder)  # noqa: PTH211
    assert desk.own() == {}
    with pytest.raises(StoreError):
        desk.upload(("a.png", picture(RED)))


def test_the_folder_may_lie_on_another_disk(desk: Desk, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    desk.folder.parent.mkdir(parents=True, exist_ok=True)
    desk.folder.symlink_to(disk)
    desk.upload(("a.png", picture(RED)))
    assert [path.name for path in disk.iterdir()] == ["a.png"]
    assert desk.images.picture(desk.own()["a.png"]).startswith(b"\xff\xd8")
    assert desk.remove(*desk.own().values()) == [PictureResult("a.png", "removed")]
    assert list(disk.iterdir()) == []


def test_nothing_of_a_file_becomes_markup() -> None:
    html = results_html(
        [
            PictureResult("<a>.png", "added"),
            PictureResult("b.png", "same", "<b>{0}"),
            PictureResult("{c}.png", "skipped", "It is <bad> {}."),
            PictureResult("d.png", "unchanged"),
            PictureResult("e (2).png", "renamed", "<e>.png"),
        ]
    )
    assert html.count("<li>") == 5
    assert "renamed</strong> e (2).png: added under this name, as &lt;e&gt;.png is" in html
    assert "added</strong> &lt;a&gt;.png" in html
    assert "same</strong> b.png: the same picture as &lt;b&gt;{0}" in html
    assert "skipped</strong> {c}.png: It is &lt;bad&gt; {}." in html
    assert "unchanged</strong> d.png: it is already here" in html


def test_a_picture_is_listed_with_its_size_where_it_is_known() -> None:
    known = ImageRecord("i", Path("/x/a.png"), "a", metadata={"width": 40, "height": 30})
    assert label_of(known) == "a.png (40 x 30 pixels)"
    assert label_of(ImageRecord("i", Path("/x/a.png"), "a")) == "a.png"


class Tab:
    """The part of the page that has to do with own pictures, as a browser calls it."""

    def __init__(self, http: TestClient) -> None:
        self._http = http
        config = http.get("/config").json()
        self._calls = config["dependencies"]
        props = {one["id"]: one["props"] for one in config["components"]}
        self._named = {value.get("elem_id"): key for key, value in props.items()}

    def add(self, *files: tuple[str, bytes]) -> str:
        sent = [("files", (name, content)) for name, content in files]
        paths = self._http.post("/gradio_api/upload", files=sent).json()
        given = [
            {"path": path, "orig_name": name, "meta": {"_type": "gradio.FileData"}}
            for path, (name, _) in zip(paths, files, strict=True)
        ]
        return self._call("picture-upload", "picture-results", given)

    def listed(self) -> list[list[str]]:
        return self._call(None, "own-pictures")["choices"]

    def remove(self, *ids: str) -> str:
        return self._call("own-pictures", "picture-results", list(ids))

    def _call(self, source: str | None, target: str, *data: Any) -> Any:
        inputs = [self._named[source]] if source else []
        number, output = next(
            (one["id"], one["outputs"].index(self._named[target]))
            for one in self._calls
            if one["inputs"] == inputs and self._named[target] in one["outputs"]
        )
        body = {"data": data, "fn_index": number, "session_hash": "one"}
        assert self._http.post("/gradio_api/queue/join", json=body).status_code == 200
        events = self._http.get("/gradio_api/queue/data", params={"session_hash": "one"}).text
        done = next(line for line in events.splitlines() if '"process_completed"' in line)
        answer = json.loads(done.removeprefix("data: "))
        assert answer["success"], answer
        return answer["output"]["data"][output]


@pytest.fixture
def tab(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Tab]:
    monkeypatch.setenv("GRADIO_TEMP_DIR", str(tmp_path / "gradio"))
    fake = FakeAssistantWithImages()
    fake.images = desk.images  # type: ignore[assignment]
    with TestClient(
        create_app(fake, desk.settings),  # type: ignore[arg-type]
        base_url="http://127.0.0.1:7860",
    ) as http:
        yield Tab(http)


def test_the_tab_adds_lists_and_removes(desk: Desk, tab: Tab) -> None:
    said = tab.add(("red.png", picture(RED)), ("a<b>.png", picture(BLUE)[:60]))
    assert "added</strong> red.png" in said
    assert "damaged or truncated" in said
    assert "<b>" not in said
    listed = tab.listed()
    assert listed == [["red.png (40 x 30 pixels)", desk.own()["red.png"]]]
    assert "removed</strong> red.png" in tab.remove(listed[0][1])
    assert tab.listed() == desk.files() == []


def test_the_tab_says_what_went_wrong_and_shows_no_place(
    desk: Desk, tab: Tab, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = tab.add(*((f"{number}.png", picture(RED)) for number in range(6)))
    assert 'role="alert"' in said
    assert "6 files were chosen; 5" in said

    def fail(*_: object) -> None:
        raise StoreError("The disk is full.")

    monkeypatch.setattr(ImageIndex, "add_records", fail)
    assert "The disk is full." in tab.add(("red.png", picture(RED)))
    assert desk.files() == []
    desk.folder.rmdir()
    desk.folder.write_text("a file")
    said = tab.add(("red.png", picture(RED)))
    assert "cannot be used" in said
    assert str(desk.folder) not in said


def test_the_app_offers_it_beside_the_search(own_home: Path) -> None:
    blocks = build(Service.of(FakeAssistantWithImages(), Settings(home=own_home)))  # type: ignore[arg-type]
    boxes = [one for one in blocks.blocks.values() if isinstance(one, gr.Accordion)]
    assert ("Your pictures", False) in [(one.label, one.open) for one in boxes]
