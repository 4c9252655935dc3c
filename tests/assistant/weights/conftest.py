"""Small weights, a package index in a folder, and a hub on the loopback, to pull from for real."""

import hashlib
import json
import re
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from assistant.weights import Weights, WeightsFile

MakeFile = Callable[[str, bytes], WeightsFile]


@pytest.fixture
def make_file() -> MakeFile:
    def make(path: str, content: bytes) -> WeightsFile:
        return WeightsFile(path, len(content), hashlib.sha256(content).hexdigest())

    return make


@pytest.fixture
def make_weights() -> Callable[..., Weights]:
    def make(*files: WeightsFile, sources: tuple = (), name: str = "toy") -> Weights:
        return Weights(
            name=name,
            role="language-model",
            licence="Apache-2.0",
            about="Toy weights.",
            files=files,
            sources=sources,
        )

    return make


class WheelHouse:
    """A folder of wheels."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder

    def add(self, distribution: str, members: dict[str, bytes]) -> Path:
        """Make a wheel, version 1.0, that holds the members."""
        name = distribution.replace("-", "_")
        information = f"{name}-1.0.dist-info"
        path = self.folder / f"{name}-1.0-py3-none-any.whl"
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
        # As distributions in the index do, it wants others; they must not be fetched.
        metadata += "Requires-Dist: a-distribution-that-is-nowhere\n"
        with zipfile.ZipFile(path, "w") as wheel:
            for member, content in members.items():
                wheel.writestr(member, content)
            wheel.writestr(f"{information}/METADATA", metadata)
            wheel.writestr(
                f"{information}/WHEEL",
                "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
            )
            wheel.writestr(f"{information}/RECORD", "")
        return path


@pytest.fixture
def wheel_house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> WheelHouse:
    """What pip takes for its only index."""
    folder = tmp_path / "wheel-house"
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return WheelHouse(folder)


@pytest.fixture
def kept_wheels(tmp_path: Path) -> WheelHouse:
    """Where a pull of `toy` into `weights` keeps what it has downloaded."""
    return WheelHouse(tmp_path / "weights" / ".downloads" / "toy")


class FakeHub:
    """Speaks as much of the model hub's HTTP as its library needs, on the loopback."""

    COMMIT = "0123456789abcdef0123456789abcdef01234567"

    def __init__(self) -> None:
        self.files: dict[str, dict[str, bytes]] = {}
        self.requests: list[tuple[str, str, str | None]] = []
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self._answer(with_body=False)

            def do_GET(self) -> None:
                self._answer(with_body=True)

            def _answer(self, *, with_body: bool) -> None:
                wanted = self.headers.get("Range")
                hub.requests.append((self.command, self.path, wanted))
                status, headers, body = hub.respond(self.path, wanted)
                self.send_response(status)
                for header, value in headers.items():
                    self.send_header(header, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                if with_body:
                    self.wfile.write(body)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.endpoint = f"http://127.0.0.1:{self.server.server_port}"

    def respond(self, path: str, wanted: str | None) -> tuple[int, dict[str, str], bytes]:
        path = path.partition("?")[0]
        if api := re.fullmatch(r"/api/models/([^/]+/[^/]+)/revision/[^/]+", path):
            return self._describe(api[1])
        named = re.fullmatch(r"/([^/]+/[^/]+)/resolve/[^/]+/(.+)", path)
        content = self.files.get(named[1], {}).get(named[2]) if named else None
        if content is None:
            return 404, {"X-Error-Code": "EntryNotFound"}, b""
        headers = {
            "ETag": f'"{hashlib.sha256(content).hexdigest()}"',
            "X-Repo-Commit": self.COMMIT,
            "Accept-Ranges": "bytes",
        }
        if wanted and (start := re.fullmatch(r"bytes=(\d+)-", wanted)):
            first = int(start[1])
            headers["Content-Range"] = f"bytes {first}-{len(content) - 1}/{len(content)}"
            return 206, headers, content[first:]
        return 200, headers, content

    def _describe(self, repository: str) -> tuple[int, dict[str, str], bytes]:
        if repository not in self.files:
            return 404, {"X-Error-Code": "RepoNotFound"}, b""
        siblings = [
            {
                "rfilename": name,
                "size": len(content),
                "blobId": hashlib.sha1(content).hexdigest(),
                "lfs": {
                    "sha256": hashlib.sha256(content).hexdigest(),
                    "size": len(content),
                    "pointerSize": 100,
                },
            }
            for name, content in self.files[repository].items()
        ]
        described = {"id": repository, "sha": self.COMMIT, "siblings": siblings}
        return 200, {"Content-Type": "application/json"}, json.dumps(described).encode()


@pytest.fixture
def fake_hub() -> Iterator[FakeHub]:
    hub = FakeHub()
    thread = threading.Thread(target=hub.server.serve_forever, daemon=True)
    thread.start()
    yield hub
    hub.server.shutdown()
    hub.server.server_close()
    thread.join()
