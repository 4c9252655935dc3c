"""Every tab can be used by everybody: in light and dark, on a phone, with a screen reader."""

from typing import Any

import pytest
from app_page import ANSWER_MS, findings

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def check(page: Any, width: int) -> None:
    """Nothing is cut off, and axe finds nothing serious."""
    from axe_playwright_python.sync_playwright import Axe

    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert findings(Axe().run(page)) == []


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
