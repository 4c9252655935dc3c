"""The routes for pictures, over fake pictures."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_assistant import FakeAssistant, FakeAssistantWithImages, FakeImages
from starlette.testclient import TestClient

from assistant.errors import ImageRefusedError
from assistant.serving.server import create_app
from assistant.settings import Settings
from assistant.ui.images import map_html

URL = "http://127.0.0.1:7860"
SEARCH = "/v1/images/search"


@pytest.fixture
def client(own_home: Path) -> Iterator[TestClient]:
    app = create_app(
        FakeAssistantWithImages(), Settings(home=own_home, upload_megabytes=0.1), chat=False
    )
    with TestClient(app, base_url=URL, raise_server_exceptions=False) as client:
        yield client


def test_images_are_found_by_words_by_example_and_by_one_that_is_there(client: TestClient) -> None:
    picture = client.get("/v1/images/image/red/thumbnail").content
    by_words = client.post(SEARCH, data={"text": "red", "k": 2}).json()
    by_example = client.post(SEARCH, files={"example": ("x.jpg", picture)}).json()
    like = client.post(SEARCH, data={"like": "image/red"}).json()
    assert [hit["image"]["id"] for hit in by_words] == ["image/red", "image/green"]
    assert len(by_example) == 3
    assert "image/red" not in [hit["image"]["id"] for hit in like]


def test_what_is_served_is_a_jpeg_by_id(client: TestClient) -> None:
    for kind in ("thumbnail", "picture"):
        response = client.get(f"/v1/images/image/red/{kind}")
        assert response.headers["content-type"] == "image/jpeg"
        assert response.content.startswith(b"\xff\xd8")
        assert client.get(f"/v1/images/image/none/{kind}").status_code == 404
        assert client.get(f"/v1/images/../../etc/passwd/{kind}").status_code == 404


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"data": {}}, 422, "question-invalid"),
        ({"data": {"like": "image/none"}}, 422, "image-refused"),
        ({"files": {"example": ("x.png", b"no picture")}}, 422, "image-refused"),
        ({"files": {"example": ("x.png", b"x" * 200_000)}}, 413, "too-large"),
        ({"data": {"text": "x", "k": 0}}, 422, "request-invalid"),
    ],
)
def test_what_cannot_be_searched_is_a_problem(
    client: TestClient, form: dict, status: int, code: str
) -> None:
    response = client.post(SEARCH, **form)
    assert (response.status_code, response.json()["code"]) == (status, code)


def test_without_images_there_are_no_such_routes(own_home: Path) -> None:
    app = create_app(FakeAssistant(), Settings(home=own_home), chat=False)
    assert TestClient(app, base_url=URL).get("/v1/images").status_code == 404


def test_the_map_shows_every_image_and_the_query() -> None:
    html = map_html(FakeAssistantWithImages.images.map2d(text="red"))
    assert html.count("<circle") == 3
    assert html.count('class="query"') == 1
    assert "70%" in html


def test_no_place_of_the_servers_machine_is_told(client: TestClient) -> None:
    found = client.post(SEARCH, data={"text": "red"}).json()
    listed = client.get("/v1/images").json()
    for image in [*listed, *(hit["image"] for hit in found)]:
        assert image["path"] == f"/v1/images/{image['id']}/picture"
        assert client.get(image["path"]).headers["content-type"] == "image/jpeg"


def test_a_thumbnail_that_cannot_be_made_any_more_is_not_found(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = client.get("/v1/images/image/none/thumbnail")
    monkeypatch.setattr(FakeImages, "thumbnail", lambda *_: None)
    response = client.get("/v1/images/image/red/thumbnail")
    assert (response.status_code, unknown.status_code) == (404, 404)
    assert "file" in response.text
    assert "file" not in unknown.text


def test_a_picture_whose_file_is_gone_is_not_found_and_its_place_not_told(
    client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(_: object, image_id: str) -> bytes:
        raise ImageRefusedError("/home/ann/cat.jpg does not exist.", reason="missing")

    monkeypatch.setattr(FakeImages, "picture", gone)
    response = client.get("/v1/images/image/red/picture")
    assert response.status_code == 404
    assert "ann" not in response.text
