"""The app as people use it: a real browser, a real server, the real models."""

import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from app_page import ANSWER_MS, findings
from live_server import Server

pytestmark = [pytest.mark.browser, pytest.mark.slow]

FACTS = "# The Zebra-9 camera\n\nThe Zebra-9 camera was built in Lyon. It weighs 412 grams.\n"


def test_a_question_shows_passages_first_then_an_answer_whose_sources_are_marked(
    visit: Any,
) -> None:
    view = visit()
    page = view.page
    assert page.locator("#conversation button.example").count() == 4
    view.box.fill("Why do detectors use predefined boxes of different shapes?")
    view.box.press("Enter")
    # The passages are there while nothing is answered yet.
    page.locator("#sources .source").first.wait_for(timeout=ANSWER_MS)
    assert view.answers().count() == 0
    view.answers().first.wait_for(timeout=ANSWER_MS)
    chip = page.locator("#conversation a.chip").first
    page.locator("#sources details[open]").first.evaluate("box => box.open = false")
    chip.click()
    mark = page.locator("#sources mark.chosen")
    mark.wait_for()
    assert mark.is_visible()
    assert page.evaluate("document.activeElement.matches('mark.chosen')")
    whole = page.locator("#sources blockquote", has=page.locator("mark.chosen")).inner_text()
    assert mark.inner_text() in whole
    assert len(whole) > len(mark.inner_text())
    assert "support" in page.locator("#sources .support").first.inner_text()
    assert (
        "What is the role of anchor boxes" in page.locator("#sources .title").all_inner_texts()[0]
    )

    # Copying gives words with [n], not HTML.
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.locator("#conversation button[aria-label*='opy']").last.click()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert "[1]" in copied
    assert "<" not in copied

    # An opinion is kept, with a word why.
    page.locator("#conversation button[aria-label*='ike']").last.click()
    page.get_by_label("What was good or wrong?").fill("clear")
    page.get_by_role("button", name="Send", exact=True).click()
    page.get_by_text("your comment is kept").wait_for()


@pytest.mark.parametrize(("width", "scheme"), [(1280, "light"), (390, "dark")])
def test_an_answer_shows_the_diagram_that_belongs_to_it_and_a_refusal_shows_none(
    visit: Any, server: Server, width: int, scheme: str
) -> None:
    # On a fresh start the gallery is drawn while the server answers already.
    assert len(httpx.get(f"{server.url}/v1/images", timeout=600).json()) > 100
    view = visit(width, 860, scheme)
    page = view.page
    view.ask("What is the role of anchor boxes in object detection?")
    diagram = page.locator("#conversation .illustration img").first
    assert diagram.get_attribute("alt") == "Diagram: Anchor boxes of several scales and shapes"
    caption = page.locator("#conversation .illustration figcaption").first.inner_text()
    assert "Anchor boxes of several scales and shapes" in caption
    assert "Apache-2.0" in caption
    diagram.scroll_into_view_if_needed()
    page.wait_for_function("i => i.complete", arg=diagram.element_handle())
    natural, drawn, tall = diagram.evaluate("i => [i.naturalWidth, i.width, i.height]")
    assert natural > 900
    assert drawn > 0.6 * min(width, 600)
    assert drawn / tall == pytest.approx(1.6, abs=0.05)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    below = page.evaluate(
        "i => i.getBoundingClientRect().top >="
        " document.querySelector('#conversation .answer a.chip').getBoundingClientRect().bottom",
        diagram.element_handle(),
    )
    assert below
    shown = page.locator("#conversation .illustration").count()
    assert shown <= 2
    view.ask("Who won the football world cup in 1998?")
    assert page.locator("#conversation .illustration").count() == shown


def test_a_follow_up_is_understood_and_what_nobody_wrote_is_refused(visit: Any) -> None:
    view = visit()
    view.ask("What are adversarial attacks?")
    view.ask("How can I defend against them?")
    titles = view.page.locator("#sources > * .group").first.locator(".title").all_inner_texts()
    assert any("adversarial" in title.lower() for title in titles)
    assert view.page.locator("#sources details.earlier").count() == 1
    assert "refusal" not in view.page.locator("#conversation .answer").last.get_attribute("class")
    view.ask("Who won the football world cup in 1998?")
    last = view.page.locator("#conversation .answer").last
    assert "refusal" in last.get_attribute("class")
    assert last.locator("a.chip").count() == 0
    assert last.locator(".note li").count() >= 1


def test_a_document_is_added_asked_about_and_removed(visit: Any, tmp_path: Path) -> None:
    (tmp_path / "zebra.md").write_text(FACTS)
    (tmp_path / "broken.txt").write_bytes(b"\x00\x01\xfe\xff" * 40)
    (tmp_path / "<img src=x onerror=alert(1)>.md").write_text(
        "# ${alert(1)} {{x}} <script>alert(1)</script>\n\nThe quagga clock ticks.\n"
    )
    view = visit()
    page = view.page
    view.open_tab("Library")
    page.locator("#upload input[type=file]").set_input_files(sorted(tmp_path.iterdir()))
    results = page.locator("#upload-results li")
    results.nth(2).wait_for(timeout=60_000)
    texts = results.all_inner_texts()
    assert sum(text.startswith("added") for text in texts) == 2
    assert any(text.startswith("refused broken.txt") for text in texts)
    page.get_by_text("52 documents").first.wait_for()

    view.open_tab("Chat")
    answer = view.ask("How heavy is the Zebra-9 camera?")
    assert "412" in answer
    assert "Zebra-9" in page.locator("#sources .title").first.inner_text()
    # What a document holds is shown as it is and never runs.
    view.ask("What does the quagga clock do?")
    assert page.locator("#sources script, #sources img, #conversation .answer img").count() == 0
    assert "<script>" in page.locator("#sources").inner_text()

    view.open_tab("Library")
    page.get_by_label("Search documents").fill("zebra")
    page.get_by_text("1 documents").or_(page.get_by_text("1 document", exact=True)).first.wait_for()
    page.locator("#documents input").first.check()
    page.get_by_role("button", name="Remove the chosen documents").click()
    page.get_by_role("button", name="Yes, remove them").click()
    page.locator("#upload-results li", has_text="removed").wait_for()
    view.open_tab("Chat")
    assert "412" not in view.ask("How heavy is the Zebra-9 camera?")


def test_the_keyboard_is_enough(visit: Any) -> None:
    view = visit()
    page = view.page
    assert page.evaluate("document.activeElement.matches('#question textarea')")
    page.keyboard.type("What is transfer learning?")
    page.keyboard.press("Enter")
    view.answers().first.wait_for(timeout=ANSWER_MS)
    page.locator("header h1").click()
    view.tab_until("a.chip")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.matches('mark.chosen')")
    view.tab_until("button.copy-quote")
    page.locator("header h1").click()
    view.tab_until("button[role=tab][data-tab-id=library]")
    page.keyboard.press("Enter")
    page.locator("#documents input").first.wait_for()
    view.tab_until("#documents input")
    page.keyboard.press("Space")
    assert page.locator("#documents input:checked").count() == 1


def test_an_answer_can_be_stopped_and_asked_again(visit: Any) -> None:
    view = visit()
    page = view.page
    view.box.fill("Explain the architecture of Mask R-CNN in detail.")
    view.box.press("Enter")
    # At once: on a quick machine the whole answer is there two seconds later.
    page.locator("#question button.stop-button").click()
    page.get_by_text("Stopped.").wait_for()
    assert view.answers().count() == 0
    page.locator("#conversation button[aria-label*='etry']").last.click()
    view.answers().first.wait_for(timeout=ANSWER_MS)
    assert page.get_by_text("Stopped.").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_on_a_phone_nothing_is_cut_and_axe_finds_nothing_serious(visit: Any, scheme: str) -> None:
    view = visit(390, 844, scheme)
    page = view.page
    assert findings(page) == []
    view.ask("What is transfer learning?")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.locator("#conversation a.chip").first.click()
    mark = page.locator("mark.chosen")
    mark.wait_for()
    assert page.evaluate(
        "m => { const b = m.getBoundingClientRect(); return b.top >= 0 && b.left >= 0 &&"
        " b.right <= innerWidth && b.top < innerHeight }",
        mark.element_handle(),
    )
    assert findings(page) == []
    view.open_tab("Library")
    page.locator("#documents input").first.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert findings(page) == []


def test_a_picture_is_attached_and_pictures_are_searched(visit: Any, tmp_path: Path) -> None:
    from PIL import Image

    Image.linear_gradient("L").convert("RGB").save(tmp_path / "mine.png")
    view = visit()
    page = view.page
    if page.get_by_role("tab", name="Images").count() == 0:
        pytest.skip("this assistant has no images")
    page.locator("#question input[type=file]").set_input_files(tmp_path / "mine.png")
    page.locator("#question img").wait_for()
    view.box.press("Enter")
    # On a fresh start the gallery is drawn while the server answers already.
    page.get_by_text("Pictures like yours").wait_for(timeout=3 * ANSWER_MS)
    assert page.locator("#sources .pictures img[alt]").count() > 0
    view.open_tab("Images")
    page.get_by_label("In words").fill("a flower")
    page.get_by_role("button", name="Find images").click()
    page.locator("#gallery img").first.wait_for(timeout=60_000)
    assert re.search(r"(near|related|far) \(0\.\d\d\)", page.locator("#gallery").inner_text())
    page.locator("#gallery button.thumbnail-item").first.click()
    page.locator("#image-status", has_text="More like").wait_for(timeout=60_000)
