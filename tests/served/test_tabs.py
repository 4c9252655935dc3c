"""Every tab can be used by everybody: in light and dark, on a phone, with a screen reader."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from app_page import ANSWER_MS, findings
from live_server import Server
from PIL import Image

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def check(page: Any, width: int) -> None:
    """Nothing is cut off, and axe finds nothing serious."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert findings(page) == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 390), ("dark", 1280)])
def test_all_tabs_are_within_reach_of_everybody(visit: Any, scheme: str, width: int) -> None:
    view = visit(width, 860, scheme)
    page = view.page
    check(page, width)
    view.open_tab("Images")
    page.get_by_label("In words").fill("a flower")
    page.get_by_role("button", name="Find images").click()
    # On a fresh start the gallery is drawn while the server answers already.
    page.locator("#gallery img").first.wait_for(timeout=3 * ANSWER_MS)
    check(page, width)
    page.get_by_text("Map of all images").click()
    page.get_by_role("button", name="Draw the map").click()
    page.locator("#image-map svg").wait_for(timeout=ANSWER_MS)
    check(page, width)
    view.open_tab("Library")
    page.locator("#documents input").first.wait_for()
    page.locator("#documents input").first.check()
    page.get_by_role("button", name="Remove the chosen documents").click()
    page.get_by_role("button", name="Keep them").wait_for()
    check(page, width)
    page.get_by_role("button", name="Keep them").click()
    view.open_tab("Quality")
    page.locator("#quality table").first.wait_for()
    check(page, width)


@pytest.mark.parametrize(("scheme", "width"), [("light", 390), ("dark", 1280)])
def test_own_pictures_are_added_found_and_removed(
    visit: Any, server: Server, tmp_path: Path, scheme: str, width: int
) -> None:
    mine = tmp_path / "spotted_toad.png"
    Image.radial_gradient("L").convert("RGB").save(mine)
    (tmp_path / "copy.png").write_bytes(mine.read_bytes())
    (tmp_path / "broken.jpg").write_bytes(b"\xff\xd8\xff no more")
    (tmp_path / "notes.txt").write_text("no picture")
    kept = server.home / "pictures"
    view = visit(width, 860, scheme)
    page = view.page
    view.open_tab("Images")
    page.get_by_role("button", name="Your pictures").press("Enter")
    # On a fresh start the gallery is drawn while the server answers already.
    page.get_by_text("0 pictures").wait_for(timeout=3 * ANSWER_MS)
    check(page, width)

    chosen = [tmp_path / name for name in ("spotted_toad.png", "copy.png", "broken.jpg")]
    with page.expect_file_chooser() as chooser:
        page.locator("#picture-upload button").first.press("Enter")
    chooser.value.set_files([*chosen, tmp_path / "notes.txt"])
    dismiss(page)
    results = page.locator("#picture-results li")
    results.nth(2).wait_for(timeout=ANSWER_MS)
    texts = results.all_inner_texts()
    assert texts[:2] == [
        "added spotted_toad.png",
        "same copy.png: the same picture as spotted_toad.png",
    ]
    assert texts[2].startswith("skipped broken.jpg: The picture is damaged")
    page.get_by_text("2 pictures").wait_for()
    assert sorted(path.name for path in kept.iterdir()) == ["copy.png", "spotted_toad.png"]
    check(page, width)
    drop(page, mine)
    page.get_by_text("unchanged spotted_toad.png").wait_for(timeout=ANSWER_MS)

    page.locator("#example input[type=file]").set_input_files(mine)
    page.locator("#gallery img").first.wait_for(timeout=ANSWER_MS)
    best = page.locator("#gallery .caption-label").first.inner_text()
    assert best.startswith("spotted toad · near (1.00)")
    for name in ("copy.png", "spotted_toad.png"):
        with page.expect_response("**/gradio_api/run/predict"):
            page.get_by_label(name).press("Space")
    # Pressing a key does not wait, as clicking does, until a button can be used.
    page.locator("button:enabled", has_text="Remove the chosen pictures").press("Enter")
    page.get_by_role("button", name="Keep them").press("Enter")
    page.get_by_role("button", name="Yes, remove them").wait_for(state="hidden")
    page.get_by_role("button", name="Remove the chosen pictures").click()
    page.get_by_role("button", name="Yes, remove them").wait_for()
    check(page, width)
    page.get_by_role("button", name="Yes, remove them").click()
    page.locator("#picture-results li", has_text="removed spotted_toad.png").wait_for()
    page.get_by_text("0 pictures").wait_for()
    assert list(kept.iterdir()) == []
    found = httpx.post(
        f"{server.url}/v1/images/search", files={"example": mine.read_bytes()}, timeout=60
    ).json()
    assert "spotted toad" not in [hit["image"]["title"] for hit in found]


def drop(page: Any, path: Path) -> None:
    """Drop a file where pictures are added."""
    dragged = page.evaluate_handle(
        """([name, bytes]) => {
            const dragged = new DataTransfer();
            dragged.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
            return dragged;
        }""",
        [path.name, list(path.read_bytes())],
    )
    place = page.locator("#picture-upload button").first
    place.dispatch_event("drop", {"dataTransfer": dragged})


def dismiss(page: Any) -> None:
    """Close what Gradio says about a file of another kind."""
    page.get_by_text("Invalid file type").wait_for()
    page.get_by_test_id("toast-close").click()


def test_two_runs_are_compared_with_intervals(visit: Any) -> None:
    view = visit()
    page = view.page
    view.open_tab("Quality")
    page.locator("#quality table").first.wait_for()
    choose(page, "Run", "after")
    choose(page, "Compare with", "before")
    page.get_by_text("From before to after").wait_for(timeout=ANSWER_MS)
    changed = page.locator("#quality tr.better")
    assert changed.count() == 1
    words = changed.inner_text()
    assert words.startswith("recall@1")
    assert "better" in words
    assert " to " in words
    assert page.locator("#quality tr.worse").count() == 0
    check(page, 1280)


def choose(page: Any, label: str, option: str) -> None:
    """Choose one of a list by the keyboard's way: open it and take the entry."""
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option).last.click()
