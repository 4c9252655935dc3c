"""The routes of the server, over a fake assistant."""

import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from fake_assistant import FakeAssistant
from starlette.testclient import TestClient

from assistant.answering.types import Answer, Message
from assistant.serialisation import from_json_data
from assistant.serving.server import create_app
from assistant.settings import Settings

ASK = "/v1/ask"


def client_of(fake: FakeAssistant, home: Path, **settings: object) -> TestClient:
    app = create_app(fake, Settings(home=home, **settings), chat=False)
    return TestClient(app, base_url="http://127.0.0.1:7860", raise_server_exceptions=False)


@pytest.fixture
def fake() -> FakeAssistant:
    return FakeAssistant()


@pytest.fixture
def client(fake: FakeAssistant, own_home: Path) -> Iterator[TestClient]:
    with client_of(fake, own_home) as client:
        yield client


def events_of(text: str) -> list[tuple[str, dict]]:
    events = []
    for block in text.strip().split("\n\n"):
        name, data = block.split("\n", 1)
        events.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return events


def test_an_answer_comes_as_the_type_that_the_assistant_returns(client: TestClient) -> None:
    response = client.post(ASK, json={"question": "What are anchor boxes?"})
    answer = from_json_data(Answer, response.json())
    assert response.status_code == 200
    citation = answer.citations[0]
    document = answer.hits[0].document
    assert document.text[citation.start : citation.end] == citation.quote


def test_the_history_reaches_the_assistant(client: TestClient, fake: FakeAssistant) -> None:
    history = [{"role": "user", "text": "Hi"}, {"role": "assistant", "text": "Hello"}]
    client.post(ASK, json={"question": "And?", "history": history})
    assert fake.asked == [("And?", (Message("user", "Hi"), Message("assistant", "Hello")))]


@pytest.mark.parametrize("how", ["field", "header"])
def test_a_stream_sends_passages_before_tokens_and_ends_with_the_answer(
    client: TestClient, how: str
) -> None:
    body = {"question": "Why?"} | ({"stream": True} if how == "field" else {})
    headers = {"Accept": "text/event-stream"} if how == "header" else {}
    response = client.post(ASK, json=body, headers=headers)
    names = [name for name, _ in events_of(response.text)]
    assert response.headers["content-type"].startswith("text/event-stream")
    assert names == ["retrieved", *["token"] * 6, "sentence", "sentence", "done"]


def test_the_text_of_documents_is_left_out_on_request(client: TestClient) -> None:
    answer = client.post(ASK, json={"question": "Why?", "document_text": False}).json()
    assert answer["hits"][0]["document"]["text"] == ""
    assert answer["hits"][0]["passage"]["text"]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "code"),
    [
        ("POST", ASK, {"question": " "}, 422, "question-invalid"),
        ("POST", ASK, {"question": " ", "stream": True}, 422, "question-invalid"),
        ("POST", ASK, {}, 422, "request-invalid"),
        ("POST", "/v1/search", {"query": ""}, 422, "question-invalid"),
        ("POST", "/v1/search", {"query": "x", "k": 0}, 422, "request-invalid"),
        ("GET", "/v1/documents/no-such", None, 404, "not-found"),
        ("DELETE", "/v1/documents/no-such", None, 404, "not-found"),
        ("GET", "/v1/no-such-route", None, 404, "not-found"),
        ("GET", ASK, None, 405, "method-not-allowed"),
        ("POST", "/v1/chat/completions", {"messages": []}, 422, "request-invalid"),
    ],
)
def test_errors_are_problem_details_with_a_stable_code(
    client: TestClient, method: str, path: str, body: object, status: int, code: str
) -> None:
    response = client.request(method, path, json=body)
    problem = response.json()
    assert response.headers["content-type"] == "application/problem+json"
    assert (response.status_code, problem["status"], problem["code"]) == (status, status, code)
    assert problem["type"] == f"/problems/{code}"
    assert problem["request_id"] == response.headers["x-request-id"]
    assert client.get(problem["type"]).json()["code"] == code


def test_what_is_unexpected_is_told_in_no_detail(fake: FakeAssistant, own_home: Path) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret words of the inside")

    fake.search = fail  # type: ignore[method-assign]
    with client_of(fake, own_home) as client:
        response = client.post("/v1/search", json={"query": "x"})
    assert response.status_code == 500
    assert response.json()["code"] == "unexpected"
    assert "secret" not in response.text


def test_a_full_line_is_refused_with_the_time_to_come_back(own_home: Path) -> None:
    hold = threading.Event()
    fake = FakeAssistant(hold=hold)
    statuses: list[int] = []
    with client_of(fake, own_home, queue_length=1) as client:

        def ask() -> None:
            statuses.append(client.post(ASK, json={"question": "Why?"}).status_code)

        threads = [threading.Thread(target=ask) for _ in range(3)]
        for thread in threads:
            thread.start()
        line = client.app.state.service.line  # type: ignore[attr-defined]
        for _ in range(1000):
            if line.waiting == 1:
                break
            time.sleep(0.01)
        refused = client.post(ASK, json={"question": "Me too?"})
        hold.set()
        for thread in threads:
            thread.join()
    assert refused.status_code == 503
    assert refused.json()["code"] == "busy"
    assert refused.json()["retryable"] is True
    assert int(refused.headers["retry-after"]) >= 1
    assert statuses == [200, 200, 200]


def test_the_callers_request_id_comes_back_and_a_malformed_one_does_not(
    client: TestClient,
) -> None:
    assert (
        client.get("/healthz", headers={"X-Request-ID": "a-b.1"}).headers["x-request-id"] == "a-b.1"
    )
    forged = client.get("/healthz", headers={"X-Request-ID": "a\tb; c"})
    assert forged.headers["x-request-id"] != "a\tb; c"


def test_alive_and_ready_are_two_things(fake: FakeAssistant, own_home: Path) -> None:
    with client_of(fake, own_home) as client:
        service = client.app.state.service  # type: ignore[attr-defined]
        service.model_loaded = False
        assert client.get("/healthz").status_code == 200
        assert client.get("/readyz").status_code == 503
        service.model_loaded = True
        assert client.get("/readyz").json()["ready"] is True


def test_measures_count_answers_refusals_and_stages(client: TestClient) -> None:
    client.post(ASK, json={"question": "Why?"})
    client.post(ASK, json={"question": " "})
    text = client.get("/metrics").text
    assert 'cv_assistant_answers_total{outcome="answered"} 1.0' in text
    assert 'cv_assistant_answers_total{outcome="question-invalid"} 1.0' in text
    assert 'cv_assistant_stage_seconds_count{stage="total"} 1.0' in text
    assert "cv_assistant_tokens_total 6.0" in text
    assert "cv_assistant_queue_depth 0.0" in text


def test_documents_are_listed_by_page_and_by_words(client: TestClient, fake: FakeAssistant) -> None:
    page = client.get("/v1/documents", params={"query": "ANCH notes"}).json()
    assert [one["id"] for one in page["documents"]] == ["notes/anchors"]
    assert page["documents"][0]["characters"] == len(fake.documents()[0].text)
    assert client.get("/v1/documents", params={"query": "zebra"}).json()["total"] == 0
    assert client.get("/v1/documents", params={"offset": 1}).json()["documents"] == []


def test_an_opinion_is_kept_with_its_words(client: TestClient) -> None:
    body = {"question": "Q?", "answer": "A.", "verdict": "dislike", "comment": "too short"}
    assert client.post("/v1/feedback", json=body).status_code == 204
    assert client.post("/v1/feedback", json=body | {"verdict": "meh"}).status_code == 422
    kept = client.app.state.service.feedback.all()  # type: ignore[attr-defined]
    assert [(one.verdict, one.question, one.comment) for one in kept] == [
        ("dislike", "Q?", "too short")
    ]


def test_the_api_page_needs_no_other_host(client: TestClient) -> None:
    page = client.get("/docs").text
    assert "https://" not in page
    for name in ("swagger-ui-bundle.js", "swagger-ui.css"):
        assert client.get(f"/docs/{name}").status_code == 200
    assert client.get("/docs/..%2f..%2fmain.py").status_code == 404
