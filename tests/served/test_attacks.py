"""What is known to have been tried against Gradio and Pillow, tried against this server."""

import struct
import zlib
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from live_server import Server
from PIL import Image

pytestmark = pytest.mark.slow

SECRETS = ("/etc/passwd", "{home}/index/store.sqlite", "{home}/feedback.sqlite", "{cwd}/secret.txt")


@pytest.fixture
def http(server: Server) -> Any:
    with httpx.Client(base_url=server.url, timeout=60, follow_redirects=False) as client:
        yield client


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "route", ["/gradio_api/file={}", "/gradio_api/file/{}", "/file={}", "/static/{}", "/assets/{}"]
)
def test_no_file_outside_the_app_is_served(
    http: httpx.Client, server: Server, secret: str, route: str
) -> None:
    (server.home.parent / "secret.txt").write_text("the secret words")
    path = secret.format(home=server.home, cwd=server.home.parent)
    up = "../" * 12 + path.lstrip("/")
    for form in (path, up, up.replace("/", "%2f"), up.replace(".", "%2e"), f"file://{path}"):
        response = http.get(route.format(form))
        assert response.status_code >= 400, (form, response.text[:200])
        assert b"root:" not in response.content
        assert b"SQLite format" not in response.content
        assert b"secret words" not in response.content


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/x", "http://169.254.169.254/latest/meta-data", "//example.org/x"]
)
def test_the_server_fetches_no_address_for_anybody(
    http: httpx.Client, server: Server, url: str
) -> None:
    for route in ("/gradio_api/file={}", "/gradio_api/proxy={}", "/proxy={}"):
        assert http.get(route.format(url)).status_code >= 400
    # A file whose place is an address, for the component that takes uploads.
    file = {"path": url, "url": url, "orig_name": "x.md", "meta": {"_type": "gradio.FileData"}}
    body = {"data": [[file]], "fn_index": 0, "session_hash": "x", "event_data": None}
    refused = http.post("/gradio_api/run/predict", json=body)
    assert refused.status_code == 403
    config = http.get("/config").json()
    for place, dependency in enumerate(config["dependencies"]):
        if len(dependency["inputs"]) == 1:
            response = http.post("/gradio_api/queue/join", json=body | {"fn_index": place})
            assert response.status_code == 403
    assert server.departures.read_text() == ""


TAKES_FILES = ("file", "image", "multimodaltextbox")


def test_only_what_was_uploaded_is_taken_as_an_upload(
    http: httpx.Client, server: Server, tmp_path: Path
) -> None:
    private = tmp_path / "private.png"
    Image.new("RGB", (40, 30), "red").save(private)
    (tmp_path / "private.md").write_text("The secret words.")
    config = http.get("/config").json()
    kinds = {one["id"]: one["type"] for one in config["components"]}
    tried = set()
    for dependency in config["dependencies"]:
        for place, one in enumerate(dependency["inputs"]):
            if kinds[one] not in TAKES_FILES:
                continue
            for path in (private, private.with_suffix(".md"), Path("/etc/passwd")):
                tried.add(kinds[one])
                file = {"path": str(path), "orig_name": path.name}
                file |= {"meta": {"_type": "gradio.FileData"}}
                given: Any = {
                    "file": [file],
                    "image": file,
                    "multimodaltextbox": {"text": "", "files": [file]},
                }[kinds[one]]
                data: list[Any] = [None] * len(dependency["inputs"])
                data[place] = given
                said = call(http, dependency["id"], data)
                assert '"success":false' in said, (dependency["id"], path, said)
                assert "gradio_api/file=" not in said
    assert tried == set(TAKES_FILES)
    assert not list((server.home / "pictures").glob("private*"))
    titles = [one["title"] for one in http.get("/v1/images").json()]
    assert "private" not in titles
    assert http.get("/v1/documents", params={"query": "private"}).json()["total"] == 0


def call(http: httpx.Client, number: int, data: list[Any]) -> str:
    """What Gradio says to a call of one of its functions, until it is done."""
    session = f"attack-{uuid4()}"
    body = {"data": data, "fn_index": number, "session_hash": session, "event_data": None}
    joined = http.post("/gradio_api/queue/join", json=body)
    assert joined.status_code == 200, joined.text
    said = ""
    with http.stream("GET", "/gradio_api/queue/data", params={"session_hash": session}) as lines:
        for line in lines.iter_lines():
            said += line
            if "process_completed" in line:
                break
    return said


def test_only_the_endpoints_that_are_meant_can_be_called(http: httpx.Client) -> None:
    named = http.get("/gradio_api/info").json()["named_endpoints"]
    assert set(named) == {"/chat", "/search"}


def test_a_file_above_the_limit_is_not_kept(http: httpx.Client, server: Server) -> None:
    large = b"x" * (26 * 1024 * 1024)
    for route in ("/gradio_api/upload", "/v1/documents"):
        response = http.post(route, files={"files": ("large.md", large)})
        refused = response.status_code == 413 or response.json().get("refused")
        assert refused, response.text[:300]


def test_names_with_folders_stay_inside(http: httpx.Client, server: Server) -> None:
    files = {"files": ("../../../../escaped.md", b"# Escaped\n\nThe text.")}
    report = http.post("/v1/documents", files=files).json()
    assert report["added"] == ["uploads/escaped.md"]
    assert not list(server.home.parent.rglob("escaped.md"))
    assert http.delete("/v1/documents/uploads/escaped.md").status_code == 200
    [kept] = http.post("/gradio_api/upload", files=files).json()
    assert ".." not in Path(kept).parts


@pytest.mark.parametrize("origin", ["https://attacker.example", "null", "http://localhost:1"])
def test_pages_elsewhere_can_neither_read_nor_change(http: httpx.Client, origin: str) -> None:
    headers = {"Origin": origin}
    for path in ("/config", "/gradio_api/info", "/v1/documents"):
        response = http.get(path, headers=headers)
        assert "access-control-allow-origin" not in response.headers
    for path in ("/gradio_api/queue/join", "/gradio_api/upload", "/v1/search"):
        assert http.post(path, headers=headers, json={}).status_code == 403


def test_foreign_host_names_reach_nothing(http: httpx.Client) -> None:
    for path in ("/", "/config", "/gradio_api/info", "/mcp", "/healthz"):
        assert http.get(path, headers={"Host": "attacker.example"}).status_code == 421


def test_redirects_stay_here(http: httpx.Client) -> None:
    for path in ("//example.org", "/login?_target_url=https://example.org", "/logout", "/\\x.org"):
        assert "example.org" not in http.get(path).headers.get("location", "")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("bomb.docx", b"PK\x03\x04" + b"\x00" * 200),
        ("broken.pdf", b"%PDF-1.7\n1 0 obj\n<< /Length 99999999 >>\nstream\n"),
        ("deep.html", b"<div>" * 60_000),
        ("entities.html", b"<p>" + b"&amp;" * 50_000),
        ("nothing.md", b""),
        ("null.txt", b"a\x00b"),
    ],
)
def test_hostile_files_are_refused_or_read_and_never_break_the_server(
    http: httpx.Client, name: str, content: bytes
) -> None:
    response = http.post("/v1/documents", files={"files": (name, content)})
    assert response.status_code == 200, response.text
    report = response.json()
    outcomes = [*report["added"], *report["replaced"], *report["unchanged"], *report["refused"]]
    assert len(outcomes) == 1
    for added in report["added"]:
        http.delete(f"/v1/documents/{added}")
    assert http.get("/healthz").status_code == 200


def decompression_bomb() -> bytes:
    """A PNG of 60,000 x 60,000 pixels in a few bytes."""

    def piece(kind: bytes, data: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(kind + data))
        return struct.pack(">I", len(data)) + kind + data + check

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    pixels = zlib.compress(b"\x00" * 60_001)
    return b"\x89PNG\r\n\x1a\n" + piece(b"IHDR", header) + piece(b"IDAT", pixels)


def test_a_picture_is_no_document_whatever_it_is_called(http: httpx.Client) -> None:
    for name in ("bomb.png", "bomb.md", "bomb.pdf"):
        report = http.post("/v1/documents", files={"files": (name, decompression_bomb())}).json()
        assert report["added"] == []
        assert report["refused"][0]["reason"]


def test_nobodys_words_are_in_the_log(http: httpx.Client, server: Server) -> None:
    http.post("/v1/search", json={"query": "confidential words"})
    http.get("/v1/documents", params={"query": "confidential words"})
    http.get("/v1/documents/a%0d%0aforged%20line")
    assert "confidential" not in server.said
    assert "\nforged" not in server.said
