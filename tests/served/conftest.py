"""A real server with the real models, started once for all tests of this folder."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from app_page import Page
from live_server import Server, StartServer

RESULT = Path(__file__).parents[2] / "eval" / "results" / "bank-test.json"
GUARDED = Path(__file__).with_name("guarded.py")
# The browser finds no other machine either, so that what needs one is seen to fail.
NOTHING_ELSEWHERE = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


@pytest.fixture(scope="session")
def start_server(weights: Path) -> Iterator[StartServer]:
    """Starts servers with `start_server(home, *options, **environment)` and ends them all."""
    servers: list[Server] = []

    def start(home: Path, *options: str, **more: str) -> Server:
        number = len(servers)
        output = home.with_name(f"said-{number}.txt")
        departures = home.with_name("departures.txt")
        departures.touch()
        environment = os.environ | {
            "CV_ASSISTANT_HOME": str(home),
            "CV_ASSISTANT_WEIGHTS": str(weights),
            "CV_ASSISTANT_RESULTS": str(home.with_name("results")),
            "DEPARTURES": str(departures),
            "PYTHONUNBUFFERED": "1",
            **more,
        }
        # A file, not a pipe: a pipe that nobody empties would block the server.
        with output.open("wb") as said:
            process = subprocess.Popen(
                [sys.executable, str(GUARDED), "serve", "--port", "0", *options],
                env=environment,
                cwd=home.parent,
                stdout=said,
                stderr=subprocess.STDOUT,
            )
        server = Server(process, home, output, departures)
        servers.append(server)
        server.wait_until_it_answers()
        return server

    yield start
    for server in servers:
        server.stop()
        assert server.departures.read_text() == "", "The server tried to reach another machine."


@pytest.fixture(scope="session")
def server(start_server: StartServer, tmp_path_factory: pytest.TempPathFactory) -> Server:
    """The server that most tests share."""
    home = tmp_path_factory.mktemp("served") / "home"
    write_two_runs(home.with_name("results"))
    return start_server(home, "--verbose")


def write_two_runs(folder: Path) -> None:
    """A result of the repository as the run `after`, and a worse one as the run `before`."""
    folder.mkdir()
    text = RESULT.read_text(encoding="utf-8")
    (folder / "after.json").write_text(text, encoding="utf-8")
    worse = json.loads(text)
    recall = worse["scores"]["retrieval"]["ours"]["recall@1"]
    recall |= dict.fromkeys(list(recall)[: len(recall) // 2], 0.0)
    (folder / "before.json").write_text(json.dumps(worse), encoding="utf-8")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium, driven by Playwright."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("there is no Chromium: `make browser` installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=program, args=["--no-sandbox", NOTHING_ELSEWHERE]
        )
        yield browser
        browser.close()


@pytest.fixture
def visit(browser: Any, server: Server) -> Iterator[Any]:
    """Opens the app in a window of its own; nothing may leave for another host."""
    pages: list[Page] = []

    def open_page(width: int = 1280, height: int = 860, scheme: str = "light") -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=scheme,
            reduced_motion="reduce",
        )
        pages.append(Page(context.new_page(), server.url))
        return pages[-1]

    yield open_page
    for page in pages:
        assert page.elsewhere == []
        assert page.errors == []
        page.page.context.close()
