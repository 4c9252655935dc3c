"""Every tab can be used by everybody: in light and dark, on a phone, with a screen reader."""

from typing import Any

import pytest
from app_page import findings

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
    page.locator("#gallery img").first.wait_for(timeout=120_000)
    check(page, width)
    page.get_by_text("Map of all images").click()
    page.get_by_role("button", name="Draw the map").click()
    page.locator("#image-map svg").wait_for(timeout=60_000)
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
    choose(page, "Compare with", "gate-baseline")
    choose(page, "Run", "bank-test")
    page.get_by_text("From gate-baseline to bank-test").wait_for(timeout=60_000)
    interval = page.locator("#quality td .place").first.inner_text()
    assert " to " in interval
    page.get_by_text("What differs between the runs").click()
    check(page, 1280)


def choose(page: Any, label: str, option: str) -> None:
    """Choose one of a list by the keyboard's way: open it and take the entry."""
    page.get_by_label(label, exact=True).click()
    page.get_by_role("option", name=option).last.click()
