"""The Python client: types, retries, errors by code, servers of other versions."""

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from fake_assistant import FakeAssistant
from starlette.testclient import TestClient

from assistant.answering.types import Answer, Done, Message, Retrieved
from assistant.client import AsyncClient, Client
from assistant.errors import (
    AccessError,
    BusyError,
    DocumentError,
    QuestionError,
    ServerError,
    UnreachableError,
)
from assistant.serving.server import create_app
from assistant.settings import Settings

URL = "http://127.0.0.1:7860"


class ThroughTestClient(httpx.BaseTransport):
    """Hands requests to a server in this process."""

    def __init__(self, server: TestClient) -> None:
        self._server = server

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        answer = self._server.request(
            request.method, str(request.url), content=request.read(), headers=request.headers
        )
        return httpx.Response(answer.status_code, headers=answer.headers, content=answer.content)


@pytest.fixture
def fake() -> FakeAssistant:
    return FakeAssistant()


@pytest.fixture
def client(fake: FakeAssistant, own_home: Path):
    app = create_app(fake, Settings(home=own_home), chat=False)
    with (
        TestClient(app, base_url=URL) as server,
        Client(URL, transport=ThroughTestClient(server)) as client,
    ):
        yield client


def answering(*responses: httpx.Response | Exception, **options: object) -> tuple[Client, list]:
    """A client whose server gives these responses, and the requests that it got."""
    requests: list[httpx.Request] = []
    queue = list(responses)

    def handle(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        response = queue.pop(0)
        if isinstance(response, Exception):
            raise response
        return response

    return Client(URL, transport=httpx.MockTransport(handle), **options), requests


def problem(status: int, code: str, **headers: str) -> httpx.Response:
    data = {"code": code, "detail": "It is so.", "hint": "Do that.", "status": status}
    return httpx.Response(status, json=data, headers=headers)


def test_the_verbs_return_the_assistants_own_types(
    client: Client, fake: FakeAssistant, tmp_path: Path
) -> None:
    answer = client.ask("Why?", [Message("user", "Before")])
    assert answer == next(e.answer for e in fake.stream("Why?") if isinstance(e, Done))
    assert fake.asked[0] == ("Why?", (Message("user", "Before"),))
    assert tuple(client.search("anchor", 1)) == fake.hits()
    assert client.document("notes/anchors") == fake.documents()[0]
    assert client.document("no-such") is None
    (tmp_path / "new.md").write_text("# New\n\nSomething new.")
    assert client.add(tmp_path / "new.md").added == ("uploads/new.md",)
    assert [one.id for one in client.documents("new")] == ["uploads/new.md"]
    assert client.remove("uploads/new.md") == ("uploads/new.md",)
    assert client.remove("uploads/new.md") == ()
    assert client.status() == fake.status()


def test_a_stream_yields_the_assistants_own_events(client: Client, fake: FakeAssistant) -> None:
    assert list(client.stream("Why?")) == list(fake.stream("Why?"))


def test_a_question_that_is_refused_raises_what_the_facade_raises(client: Client) -> None:
    with pytest.raises(QuestionError):
        client.ask(" ")
    with pytest.raises(QuestionError):
        next(client.stream(" "))


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (422, "question-invalid", QuestionError),
        (422, "document-refused", DocumentError),
        (401, "key-required", AccessError),
        (403, "access-denied", AccessError),
        (500, "unexpected", ServerError),
        (500, "a-code-of-next-year", ServerError),
    ],
)
def test_each_code_has_its_error(status: int, code: str, kind: type) -> None:
    client, requests = answering(problem(status, code))
    with pytest.raises(kind, match="It is so"):
        client.ask("Why?")
    assert len(requests) == 1


def test_what_may_be_retried_is_retried_after_the_time_that_the_server_asks_for() -> None:
    client, requests = answering(
        problem(503, "busy", **{"Retry-After": "0"}), httpx.Response(200, json=[])
    )
    assert client.search("x") == []
    assert len(requests) == 2


def test_retries_end_with_the_last_error() -> None:
    client, requests = answering(
        *[problem(503, "busy", **{"Retry-After": "0"}) for _ in range(3)], attempts=3
    )
    with pytest.raises(BusyError):
        client.ask("Why?")
    assert len(requests) == 3


def test_a_server_that_is_not_there_is_named_so() -> None:
    client, _ = answering(httpx.ConnectError("refused"), attempts=1)
    with pytest.raises(UnreachableError, match="cannot be reached"):
        client.status()
    client, _ = answering(httpx.ReadTimeout("slow"), attempts=1)
    with pytest.raises(UnreachableError, match="in time"):
        client.status()


def test_a_page_that_is_not_the_assistants_is_a_clear_error() -> None:
    for response in (httpx.Response(200, text="<html>"), httpx.Response(200, json={"a": 1})):
        client, _ = answering(response)
        with pytest.raises(ServerError):
            client.status()
    client, _ = answering(httpx.Response(502, text="<html>bad gateway"))
    with pytest.raises(ServerError, match="502"):
        client.status()


def test_a_stream_that_breaks_off_is_an_error_not_a_short_answer() -> None:
    begun = 'event: token\ndata: {"text": "Half "}\n\n'
    client, requests = answering(httpx.Response(200, text=begun))
    events = client.stream("Why?")
    next(events)
    with pytest.raises(UnreachableError, match="broke"):
        next(events)
    assert len(requests) == 1


def test_an_error_inside_a_stream_is_raised_by_its_code() -> None:
    text = 'event: error\ndata: {"code": "answer-timeout", "detail": "Too slow."}\n\n'
    client, _ = answering(httpx.Response(200, text=text))
    with pytest.raises(Exception, match="Too slow") as raised:
        list(client.stream("Why?"))
    assert type(raised.value).__name__ == "AnswerTimeoutError"


def old_answer() -> dict:
    """An answer as the first version sent it: without the fields that came later."""
    return {
        "text": "Yes.",
        "sentences": [],
        "citations": [],
        "hits": [],
        "abstained": False,
        "model": "m",
    }


def test_a_server_of_an_earlier_version_is_understood() -> None:
    client, _ = answering(httpx.Response(200, json=old_answer()))
    assert client.ask("Why?") == Answer("Yes.", (), (), (), False, "m")


def test_a_server_of_a_later_version_is_understood() -> None:
    later = old_answer() | {"mood": "cheerful"}
    lines = [
        "event: thinking\ndata: {}\n\n",
        'event: waiting\ndata: {"position": 3, "seconds": 9}\n\n',
        ": a comment\n\n",
        f"event: done\ndata: {json.dumps({'answer': later, 'cost': 1})}\n\n",
    ]
    places: list[int] = []
    client, _ = answering(httpx.Response(200, text="".join(lines)))
    events = list(client.stream("Why?", on_wait=places.append))
    assert [type(event) for event in events] == [Done]
    assert places == [3]


def test_the_key_goes_with_every_request() -> None:
    client, requests = answering(httpx.Response(200, json=[]), api_key="k")
    client.search("x")
    assert requests[0].headers["Authorization"] == "Bearer k"


def test_the_asynchronous_client_does_the_same(own_home: Path) -> None:
    fake = FakeAssistant()
    app = create_app(fake, Settings(home=own_home), chat=False)

    async def run() -> None:
        transport = httpx.ASGITransport(app)
        async with AsyncClient(URL, transport=transport) as client:
            assert (await client.ask("Why?")).text
            events = [event async for event in client.stream("Why?")]
            assert isinstance(events[0], Retrieved)
            assert isinstance(events[-1], Done)
            assert (await client.search("anchor"))[0].document.id == "notes/anchors"
            assert len(await client.documents()) == 1
            assert await client.remove("no-such") == ()
            with pytest.raises(QuestionError):
                await client.ask("")

    asyncio.run(run())
