"""A real server with the real models, started once for all tests of this folder."""

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

RESULTS = Path(__file__).parents[2] / "eval" / "results"
GUARDED = Path(__file__).with_name("guarded.py")
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
            "CV_ASSISTANT_RESULTS": str(RESULTS),
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
    return start_server(tmp_path_factory.mktemp("served") / "home", "--verbose")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The system's Chromium, driven by Playwright."""
    program = next(filter(None, map(shutil.which, BROWSERS)), None)
    if program is None:
        pytest.skip("there is no Chromium: `make browser` installs it")
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"])
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
