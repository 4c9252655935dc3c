"""The app in a browser's window, with what a person does there."""

from typing import Any
from urllib.parse import urlsplit

ANSWER_MS = 120_000


class Page:
    """What a person does with the app."""

    def __init__(self, page: Any, url: str) -> None:
        self.page = page
        self.elsewhere: list[str] = []
        self.errors: list[str] = []
        home = urlsplit(url).netloc
        page.set_default_timeout(30_000)
        page.on("request", lambda request: self._note(request.url, home))
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.goto(url)
        page.get_by_placeholder("Ask a question").wait_for()

    def _note(self, url: str, home: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != home:
            self.elsewhere.append(url)

    @property
    def box(self) -> Any:
        return self.page.get_by_placeholder("Ask a question")

    def answers(self) -> Any:
        return self.page.locator("#conversation .byline")

    def ask(self, question: str) -> str:
        before = self.answers().count()
        self.box.fill(question)
        self.box.press("Enter")
        problem = self.page.locator("#conversation .problem")
        self.answers().nth(before).or_(problem).first.wait_for(timeout=ANSWER_MS)
        assert problem.count() == 0, problem.inner_text()
        self.answers().nth(before).wait_for(timeout=ANSWER_MS)
        return self.last_answer()

    def last_answer(self) -> str:
        return self.page.locator("#conversation .answer").last.inner_text()

    def open_tab(self, name: str) -> None:
        self.page.get_by_role("tab", name=name).click()

    def tab_until(self, reached: str, most: int = 80) -> None:
        """Press Tab until the focused element matches the selector."""
        for _ in range(most):
            self.page.keyboard.press("Tab")
            if self.page.evaluate("s => document.activeElement.matches(s)", reached):
                return
        raise AssertionError(f"Tab never reached {reached}.")


def findings(page: Any) -> list[str]:
    """The serious findings of an accessibility check, one line each.

    Half faded, a sign of progress has too little contrast for a moment: the check waits until
    all are gone.
    """
    from axe_playwright_python.sync_playwright import Axe

    page.wait_for_function(
        "() => [...document.querySelectorAll('.progress-text')]"
        ".every(sign => !sign.checkVisibility({opacityProperty: true, visibilityProperty: true}))",
        timeout=ANSWER_MS,
    )
    return [
        f"{one['id']}: {node['html'][:160]} {node.get('failureSummary', '')[:200]}"
        for one in Axe().run(page).response["violations"]
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
