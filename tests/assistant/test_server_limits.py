"""Who may send what to the server, and how much of it."""

import base64
from pathlib import Path

import pytest
from fake_assistant import FakeAssistant
from starlette.testclient import TestClient

from assistant.serving.limits import host_name, same
from assistant.serving.server import create_app
from assistant.serving.uploads import safe_name
from assistant.settings import Settings


def client_of(home: Path, **settings: object) -> TestClient:
    app = create_app(FakeAssistant(), Settings(home=home, **settings), chat=False)
    return TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False)


def upload(client: TestClient, *files: tuple[str, bytes], **options: object):
    return client.post("/v1/documents", files=[("files", file) for file in files], **options)


@pytest.mark.parametrize("path", ["/v1/documents", "/v1/status", "/metrics", "/mcp", "/v1/none"])
def test_with_a_key_nothing_behind_it_is_open(own_home: Path, path: str) -> None:
    client = client_of(own_home, api_key="right-key")
    refused = client.get(path)
    assert refused.status_code == 401
    assert refused.json()["code"] == "key-required"
    assert client.get(path, headers={"Authorization": "Bearer wrong"}).status_code == 401
    assert client.get(path, headers={"X-API-Key": ""}).status_code == 401


def test_the_key_is_taken_as_bearer_or_in_its_own_header(own_home: Path) -> None:
    client = client_of(own_home, api_key="right-key")
    for headers in ({"Authorization": "Bearer right-key"}, {"X-API-Key": "right-key"}):
        assert client.get("/v1/documents", headers=headers).status_code == 200
    assert client.get("/healthz").status_code == 200


def test_the_login_of_the_chat_opens_the_routes_too(own_home: Path) -> None:
    client = client_of(own_home, login="ann:pass")
    token = base64.b64encode(b"ann:pass").decode()
    assert client.get("/v1/documents").status_code == 401
    headers = {"Authorization": f"Basic {token}"}
    assert client.get("/v1/documents", headers=headers).status_code == 200
    headers = {"Authorization": "Basic not-base-64"}
    assert client.get("/v1/documents", headers=headers).status_code == 401


def test_secrets_are_compared_whole() -> None:
    assert same("kéy", "kéy")
    assert not same("ke", "key")


@pytest.mark.parametrize("host", ["attacker.example", "attacker.example:7860", "[::2]", ""])
def test_a_local_server_answers_to_no_foreign_host_name(own_home: Path, host: str) -> None:
    response = client_of(own_home).get("/v1/documents", headers={"Host": host})
    assert (response.status_code, response.json()["code"]) == (421, "host-unknown")


@pytest.mark.parametrize("host", ["localhost:7860", "127.0.0.1:99", "[::1]:7860", "LOCALHOST"])
def test_a_local_server_answers_to_its_local_names(own_home: Path, host: str) -> None:
    assert client_of(own_home).get("/healthz", headers={"Host": host}).status_code == 200


def test_host_names_are_read_without_port_and_brackets() -> None:
    assert host_name("[::1]:80") == "::1"
    assert host_name("Name:80") == "name"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://attacker.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:9999"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
)
def test_pages_of_other_origins_change_nothing(own_home: Path, headers: dict) -> None:
    client = client_of(own_home)
    response = upload(client, ("a.md", b"# planted"), headers=headers)
    assert (response.status_code, response.json()["code"]) == (403, "access-denied")
    assert client.get("/v1/documents").json()["total"] == 1


def test_other_origins_read_nothing_unless_they_are_allowed(own_home: Path) -> None:
    page = "https://page.example"
    client = client_of(own_home)
    assert (
        "access-control-allow-origin"
        not in client.get("/v1/documents", headers={"Origin": page}).headers
    )
    client = client_of(own_home, allowed_origins=(page,))
    response = client.post("/v1/search", json={"query": "x"}, headers={"Origin": page})
    assert response.headers["access-control-allow-origin"] == page


def test_an_upload_above_the_limit_of_bytes_is_refused(own_home: Path) -> None:
    client = client_of(own_home, upload_megabytes=0.01, upload_files=2)
    whole = upload(client, ("a.md", b"a" * 300_000))
    assert (whole.status_code, whole.json()["code"]) == (413, "too-large")
    one_of_two = upload(client, ("a.md", b"word " * 4000), ("b.md", b"# Fine\n\nIt is fine."))
    report = one_of_two.json()
    assert report["added"] == ["uploads/b.md"]
    assert [file["path"] for file in report["refused"]] == ["a.md"]


def test_a_body_without_a_length_is_cut_at_the_limit(own_home: Path) -> None:
    client = client_of(own_home)

    def endless():
        for _ in range(100):
            yield b"x" * 1_000_000

    response = client.post(
        "/v1/ask", content=endless(), headers={"Content-Type": "application/json"}
    )
    assert (response.status_code, response.json()["code"]) == (413, "too-large")


def test_more_files_than_the_limit_are_refused_together(own_home: Path) -> None:
    client = client_of(own_home, upload_files=2)
    response = upload(client, *[(f"{n}.md", b"text") for n in range(3)])
    assert (response.status_code, response.json()["code"]) == (413, "too-large")
    assert client.get("/v1/documents").json()["total"] == 1


def test_a_file_that_is_refused_does_not_stop_the_others(own_home: Path) -> None:
    client = client_of(own_home)
    report = upload(
        client, ("good.md", b"# Good\n\nA good text."), ("bad.txt", b"\x00\xff" * 50)
    ).json()
    assert report["added"] == ["uploads/good.md"]
    assert report["refused"][0]["path"] == "bad.txt"
    assert report["refused"][0]["reason"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("../../etc/passwd.md", "passwd.md"),
        ("C:\\windows\\a.md", "a.md"),
        ("a\x00b\n.md", "a b .md"),
        (" . notes.md", "notes.md"),
        ("x" * 400 + ".md", "x" * 150 + ".md"),
    ],
)
def test_names_of_uploads_hold_no_folders_and_no_control_characters(sent: str, kept: str) -> None:
    assert safe_name(sent) == kept


def test_every_response_forbids_other_hosts_in_browsers(own_home: Path) -> None:
    policy = client_of(own_home).get("/healthz").headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


def test_where_the_server_keeps_its_files_is_told_to_its_own_machine_alone(own_home: Path) -> None:
    assert client_of(own_home).get("/v1/status").json()["home"] == "home"
    away = client_of(own_home, host="0.0.0.0", api_key="key")
    assert away.get("/v1/status", headers={"X-API-Key": "key"}).json()["home"] == ""
