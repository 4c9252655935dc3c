import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from PIL import Image

import corpus.gallery
from corpus.diagrams import DIAGRAMS
from corpus.gallery import GalleryError, build_gallery, diagrams_for, gallery_records
from corpus.gallery_views import CHANGES
from corpus.types import ImageRecord

ANSWERS = range(1, 51)


@pytest.fixture(scope="session")
def gallery(tmp_path_factory):
    """One built gallery for all tests that only look."""
    return tmp_path_factory.mktemp("gallery")


@pytest.fixture(scope="session")
def records(gallery):
    return build_gallery(gallery)


def _copy(gallery: Path, target: Path) -> Path:
    """The gallery as linked files, so that a test may change what is there without drawing it."""
    for path in gallery.iterdir():
        os.link(path, target / path.name)
    return target


def _copy_pictures(gallery: Path, target: Path) -> None:
    """The pictures and a note that they are done, as after an interruption just before the end."""
    for image in json.loads((gallery / "gallery.json").read_text())["images"]:
        os.link(gallery / image["file"], target / image["file"])
        line = [corpus.gallery.GALLERY_VERSION, image["file"], image["sha256"]]
        with (target / "gallery.unfinished.jsonl").open("a") as journal:
            journal.write(json.dumps(line) + "\n")
    with (target / "gallery.unfinished.jsonl").open("a") as journal:
        journal.write('[1, "chel')


def _of_kind(records, kind: str) -> list[ImageRecord]:
    return [record for record in records if record.metadata["kind"] == kind]


def test_about_two_hundred_images_of_four_kinds(records):
    assert 180 <= len(records) <= 240
    kinds = {kind: len(_of_kind(records, kind)) for kind in ("photo", "view", "digit", "diagram")}
    assert sum(kinds.values()) == len(records)
    assert kinds["digit"] == 20
    assert kinds["diagram"] == len(DIAGRAMS)
    assert kinds["view"] == 7 * kinds["photo"]


def test_every_image_says_what_it_is_and_whose(records):
    for record in records:
        said = record.metadata
        assert record.title
        assert record.licence
        assert record.credit
        assert said["theme"]
        assert said["caption"]
        assert {int(number) for number in said["answers"].split(",")} <= set(ANSWERS)
    assert len({record.id for record in records}) == len(records)
    assert len({record.title for record in records}) == len(records)


def test_every_file_decodes_and_lies_in_the_folder(gallery, records):
    for record in records:
        assert record.path.is_absolute()
        assert record.path.resolve().parent == gallery.resolve()
        with Image.open(record.path) as image:
            image.load()
            assert image.mode == "RGB"
            assert max(image.size) <= 1024
            assert len(image.convert("L").getcolors()) > 8


def test_every_diagram_is_drawn_within_its_page(records):
    for record in _of_kind(records, "diagram"):
        with Image.open(record.path) as image:
            width, height = image.size
            inner = image.crop((8, 8, width - 8, height - 8))
            framed = Image.new("RGB", image.size, "white")
            framed.paste(inner, (8, 8))
            assert framed.tobytes() == image.tobytes(), record.title
            assert len(inner.getcolors(1 << 20)) > 50


def test_every_diagram_that_can_be_drawn_is_in_the_table(records):
    named = {record.path.stem.removeprefix("diagram-") for record in _of_kind(records, "diagram")}
    assert named == {name.replace("_", "-") for name in DIAGRAMS}


def test_no_two_files_are_the_same(gallery, records):
    digests = [
        image["sha256"] for image in json.loads((gallery / "gallery.json").read_text())["images"]
    ]
    assert len(set(digests)) == len(records)


def test_a_view_names_its_photo_its_change_and_who_changed_it(records):
    photos = {record.id: record for record in _of_kind(records, "photo")}
    changes = {change.name for change in CHANGES}
    used = set()
    for view in _of_kind(records, "view"):
        photo = photos[view.metadata["original"]]
        assert view.licence == photo.licence
        assert view.credit.startswith(photo.credit)
        assert view.credit != photo.credit
        assert view.title.startswith(photo.title)
        with Image.open(view.path) as changed, Image.open(photo.path) as original:
            assert changed.size == original.size
        used.add(view.metadata["view"])
    assert used == changes
    assert all(record.metadata["original"] == record.id for record in photos.values())


def test_photographs_that_ask_for_attribution_name_their_photographer(records):
    asked = [record for record in records if record.licence == "CC BY 2.0"]
    assert asked
    assert all("https://www.flickr.com/photos/" in record.credit for record in asked)


@pytest.mark.parametrize("number", ANSWERS)
def test_every_answer_of_the_bank_has_a_diagram(records, number):
    found = diagrams_for([number], records)
    assert found
    assert all(record.metadata["kind"] == "diagram" for record in found)
    places = [record.metadata["answers"].split(",").index(str(number)) for record in found]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("number", "title"),
    [
        (23, "Anchor boxes"),
        (24, "Mask R-CNN"),
        (38, "U-Net"),
        (16, "pooling"),
        (11, "Quantization"),
    ],
)
def test_an_answer_shows_the_diagram_that_was_made_for_it(records, number, title):
    assert title in diagrams_for([number], records)[0].title


def test_diagrams_follow_the_order_of_the_answers_and_come_once(records):
    both = diagrams_for([38, 23, 38], records)
    assert both[0].title.startswith("U-Net")
    assert len({record.id for record in both}) == len(both)
    assert diagrams_for([38], records) == both[: len(diagrams_for([38], records))]
    assert diagrams_for([999], records) == ()
    assert diagrams_for([], records) == ()


def test_a_killed_build_goes_on_where_it_stopped_and_gives_the_same_bytes(
    gallery, records, tmp_path
):
    words = "import sys, pathlib, corpus.gallery as g; g.build_gallery(pathlib.Path(sys.argv[1]))"
    building = subprocess.Popen([sys.executable, "-c", words, str(tmp_path)])
    try:
        while len(list(tmp_path.glob("*.jpg"))) < 20:
            assert building.poll() is None
            time.sleep(0.02)
    finally:
        building.send_signal(signal.SIGKILL)
        building.wait()
    assert gallery_records(tmp_path) == ()
    finished = len(list(tmp_path.glob("*.jpg")))

    drawn = []
    build_gallery(tmp_path, lambda done, total, words: drawn.append((done, total)))
    # The last file may have been moved into place without being noted.
    assert len(records) - finished <= len(drawn) - 1 <= len(records) - finished + 1
    assert drawn[-1] == (len(records), len(records))
    for record in records:
        assert (tmp_path / record.path.name).read_bytes() == record.path.read_bytes()
    assert not (tmp_path / "gallery.unfinished.jsonl").exists()


def test_a_gallery_that_is_there_is_not_drawn_again(gallery, records, tmp_path):
    there = _copy(gallery, tmp_path)
    before = {path.name: path.stat().st_mtime_ns for path in there.iterdir()}
    calls = []
    again = build_gallery(there, lambda *call: calls.append(call))
    assert [record.id for record in again] == [record.id for record in records]
    assert [done for done, _, _ in calls] == [len(records)]
    assert {path.name: path.stat().st_mtime_ns for path in there.iterdir()} == before
    assert gallery_records(there) == again


def test_what_was_removed_or_changed_is_drawn_again(gallery, records, tmp_path):
    there = _copy(gallery, tmp_path)
    removed, changed = records[3].path.name, records[40].path.name
    (there / removed).unlink()
    (there / changed).unlink()
    (there / changed).write_bytes(b"not a picture")
    assert removed not in {record.path.name for record in gallery_records(there)}
    build_gallery(there)
    for name in (removed, changed):
        assert (there / name).read_bytes() == (gallery / name).read_bytes()


def test_an_older_gallery_is_made_anew_and_files_of_others_stay(gallery, tmp_path, monkeypatch):
    there = _copy(gallery, tmp_path)
    manifest = json.loads((there / "gallery.json").read_text())
    manifest["images"] = [manifest["images"][0] | {"file": "gone.jpg"}]
    manifest["version"] = corpus.gallery.GALLERY_VERSION - 1
    (there / "gallery.json").unlink()
    (there / "gallery.json").write_text(json.dumps(manifest))
    (there / "gone.jpg").write_bytes(b"of the older gallery")
    (there / "holiday.jpg").write_bytes(b"of somebody else")
    few = corpus.gallery._entries()[:5]
    monkeypatch.setattr(corpus.gallery, "_entries", lambda: few)
    drawn = []
    build_gallery(there, lambda done, total, words: drawn.append(done))
    assert drawn == [0, 1, 2, 3, 4, 5]
    assert not (there / "gone.jpg").exists()
    assert (there / "holiday.jpg").read_bytes() == b"of somebody else"
    assert len(gallery_records(there)) == 5


@pytest.mark.parametrize(
    "said",
    [
        "",
        "{",
        "[]",
        "{}",
        '{"version": 1, "images": [{}]}',
        '{"version": 1, "images": 7}',
        "\udcff",
    ],
)
def test_a_broken_manifest_counts_as_none(tmp_path, said):
    (tmp_path / "gallery.json").write_bytes(said.encode("utf-8", "surrogateescape"))
    assert gallery_records(tmp_path) == ()


@pytest.mark.parametrize("file", ["../outside.jpg", "/etc/hostname", "..", "", "a/b.jpg"])
def test_no_file_outside_the_folder_is_ever_named_or_removed(gallery, tmp_path, file):
    there = tmp_path / "gallery"
    there.mkdir()
    (tmp_path / "outside.jpg").write_bytes(b"private")
    manifest = json.loads((gallery / "gallery.json").read_text())
    manifest["images"][0]["file"] = file
    (there / "gallery.json").write_text(json.dumps(manifest))
    assert gallery_records(there) == ()
    _copy_pictures(gallery, there)
    build_gallery(there)
    assert (tmp_path / "outside.jpg").read_bytes() == b"private"
    assert all(record.path.parent == there for record in gallery_records(there))


def test_a_folder_that_cannot_be_written_is_explained(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(GalleryError) as refused:
        build_gallery(tmp_path / "file" / "gallery")
    assert "could not be written" in refused.value.message
    assert refused.value.hint


def test_a_package_without_its_photographs_is_explained(tmp_path, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(GalleryError) as refused:
        build_gallery(tmp_path)
    assert "skimage/data/" in refused.value.message
    assert "scikit-image" in refused.value.hint
