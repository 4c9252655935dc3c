"""The client understands servers of other versions.

`earlier_server.json` holds what the first server that had all routes sent to a fake assistant's
questions, without the fields that were added to its types since.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fake_assistant import TEXT

from assistant.answering.types import Answer, Done, Retrieved, Sentence
from assistant.assistant import Status
from assistant.client import Client
from assistant.library import LibraryReport
from corpus.types import Document
from index.types import DocumentList, Hit, ImageHit

RECORDED = json.loads(Path(__file__).with_name("earlier_server.json").read_text("utf-8"))
# Their keys are names of things, not fields.
MAPPINGS = ("ranks", "timings", "metadata", "scores")


def as_it_was(data: Any) -> Any:
    return data


def with_more(data: Any) -> Any:
    """The same from a later server: with fields of which nobody knows here, everywhere."""
    if isinstance(data, list):
        return [with_more(one) for one in data]
    if not isinstance(data, dict):
        return data
    kept = {name: value if name in MAPPINGS else with_more(value) for name, value in data.items()}
    return kept | {"added_later": {"nested": [1, None]}}


@pytest.fixture(params=[as_it_was, with_more])
def client(request: pytest.FixtureRequest) -> Iterator[Client]:
    change: Callable[[Any], Any] = request.param

    def answer(asked: httpx.Request) -> httpx.Response:
        if "event-stream" in asked.headers.get("accept", ""):
            events = [(name, change(data)) for name, data in RECORDED["events"]]
            text = "".join(f"event: {n}\ndata: {json.dumps(data)}\n\n" for n, data in events)
            return httpx.Response(200, text=text)
        return httpx.Response(200, json=change(RECORDED[f"{asked.method} {asked.url.path}"]))

    with Client("http://127.0.0.1:7860", transport=httpx.MockTransport(answer)) as client:
        yield client


def test_answers_and_their_events(client: Client) -> None:
    answer = client.ask("Why?")
    assert isinstance(answer, Answer)
    assert [sentence.supported for sentence in answer.sentences] == [True, False]
    assert answer.citations[0].quote == "Anchor boxes are predefined."
    assert answer.hits[0].document.text == TEXT
    events = list(client.stream("Why?"))
    kinds = [type(event).__name__ for event in events]
    assert kinds == ["Retrieved", *["Token"] * 6, "Sentence", "Sentence", "Done"]
    assert isinstance(events[0], Retrieved)
    assert isinstance(events[-2], Sentence)
    assert isinstance(events[-1], Done)
    assert events[-1].answer == answer


def test_passages_and_pictures(client: Client) -> None:
    [hit] = client.search("anchor")
    assert isinstance(hit, Hit)
    assert hit.passage.text == TEXT
    [picture] = client.search_images(text="red")
    assert isinstance(picture, ImageHit)
    assert (picture.image.title, picture.score) == ("red", 0.5)


def test_documents(client: Client, tmp_path: Path) -> None:
    page = client.list_documents()
    assert isinstance(page, DocumentList)
    assert (page.total, page.documents[0].characters) == (1, len(TEXT))
    assert client.documents() == list(page.documents)
    document = client.document("notes/anchors")
    assert isinstance(document, Document)
    (tmp_path / "new.md").write_text("# New")
    report = client.add(tmp_path / "new.md")
    assert isinstance(report, LibraryReport)
    assert (report.added, report.refused[0].path) == (("uploads/new.md",), "bad.txt")
    assert client.remove("uploads/new.md") == ("uploads/new.md",)


def test_the_status(client: Client) -> None:
    status = client.status()
    assert isinstance(status, Status)
    assert (status.documents, status.language_model) == (1, "fake model")
