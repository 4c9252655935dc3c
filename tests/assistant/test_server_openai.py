"""The OpenAI-compatible routes, over a fake assistant and with the openai package itself."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fake_assistant import FakeAssistant
from hypothesis import given
from hypothesis import strategies as st
from openai import OpenAI, UnprocessableEntityError
from starlette.testclient import TestClient

from assistant.answering.types import Sampling
from assistant.serving.openai_requests import Bounds
from assistant.serving.server import create_app
from assistant.settings import Settings

COMPLETIONS = "/v1/chat/completions"
ASKED: list[Any] = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Why are there boxes?"},
]
TEXT = "Anchor boxes are predefined [1]. They sing [not found in the corpus]."


@pytest.fixture
def fake() -> FakeAssistant:
    return FakeAssistant()


@pytest.fixture
def server(fake: FakeAssistant, own_home: Path) -> Iterator[TestClient]:
    app = create_app(fake, Settings(home=own_home), chat=False)
    with TestClient(app, base_url="http://127.0.0.1:7860") as client:
        yield client


@pytest.fixture
def create(server: TestClient) -> Callable[..., Any]:
    """`chat.completions.create` of the openai package, its requests handed to the server."""

    def hand_over(request: httpx.Request) -> httpx.Response:
        headers = {k: v for k, v in request.headers.items() if k != "content-length"}
        answer = server.request(
            request.method, str(request.url), content=request.read(), headers=headers
        )
        kept = {"content-type": answer.headers["content-type"]}
        return httpx.Response(answer.status_code, headers=kept, content=answer.content)

    client = OpenAI(
        base_url="http://127.0.0.1:7860/v1",
        api_key="none",
        max_retries=0,
        http_client=httpx.Client(transport=httpx.MockTransport(hand_over)),
    )

    def create(**options: Any) -> Any:
        return client.chat.completions.create(
            **{"model": "cv-assistant", "messages": ASKED} | options
        )

    return create


def test_the_usage_counts_what_was_sent_and_what_came_back(create: Callable[..., Any]) -> None:
    usage = create().usage
    assert usage.prompt_tokens == 2 + 4
    assert usage.completion_tokens == len(TEXT.split())
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_a_stream_ends_with_the_usage_when_it_is_asked_for(create: Callable[..., Any]) -> None:
    *chunks, last = create(stream=True, stream_options={"include_usage": True})
    assert last.choices == []
    assert last.usage == create().usage
    assert all(chunk.usage is None for chunk in chunks)
    assert all(chunk.choices for chunk in create(stream=True))


def test_sampling_options_reach_the_language_model(
    create: Callable[..., Any], fake: FakeAssistant
) -> None:
    create(temperature=0.7, top_p=0.5, seed=-1)
    assert fake.sampling == Sampling(0.7, 0.5, 2**32 - 1)
    create()
    assert fake.sampling == Sampling()


@pytest.mark.parametrize(
    ("options", "text", "reason"),
    [
        ({"stop": "They"}, "Anchor boxes are predefined [1]. ", "stop"),
        ({"stop": ["zebra", "sing"]}, "Anchor boxes are predefined [1]. They ", "stop"),
        ({"stop": "[1]. They"}, "Anchor boxes are predefined ", "stop"),
        ({"max_tokens": 3}, "Anchor boxes are", "length"),
        ({"max_completion_tokens": 3, "stop": "boxes"}, "Anchor ", "stop"),
        ({"max_tokens": 900}, TEXT, "stop"),
    ],
)
def test_an_answer_ends_where_it_is_told_to(
    create: Callable[..., Any], options: dict[str, Any], text: str, reason: str
) -> None:
    whole = create(**options)
    assert (whole.choices[0].message.content, whole.choices[0].finish_reason) == (text, reason)
    chunks = [chunk.choices[0] for chunk in create(stream=True, **options)]
    assert "".join(chunk.delta.content or "" for chunk in chunks) == text
    assert chunks[-1].finish_reason == reason
    assert bool(whole.choices[0].message.citations) == ("[1]" in text)


@given(st.text("ab c", max_size=40), st.lists(st.text("abc ", min_size=1, max_size=4)), st.data())
def test_nothing_of_a_growing_text_is_taken_back(text: str, stop: list[str], data: Any) -> None:
    most = data.draw(st.none() | st.integers(1, 9))
    bounds = Bounds(tuple(stop), most, lambda piece: len(piece.split()))
    whole, _ = bounds.cut(text)
    sent = ""
    for end in range(len(text) + 1):
        sure = bounds.sure(text[:end])
        assert sure.startswith(sent)
        sent = sure
    assert whole.startswith(sent)
    assert not any(word in whole for word in stop)


@pytest.mark.parametrize(
    "options",
    [
        {"n": 2},
        {"tools": [{"type": "function", "function": {"name": "f"}}]},
        {"response_format": {"type": "json_object"}},
        {"logprobs": True},
        {"presence_penalty": 1},
        {"logit_bias": {"5": 1}},
        {"temperature": 3},
        {"max_tokens": 0},
    ],
)
def test_what_cannot_be_done_is_refused_by_name(
    create: Callable[..., Any], fake: FakeAssistant, options: dict[str, Any]
) -> None:
    with pytest.raises(UnprocessableEntityError, match=next(iter(options))) as refused:
        create(**options)
    assert refused.value.code == "request-invalid"
    assert fake.asked == []


def test_options_that_ask_for_nothing_are_taken(create: Callable[..., Any]) -> None:
    tool = {"type": "function", "function": {"name": "f"}}
    create(n=1, presence_penalty=0, tools=[tool], tool_choice="none", user="ann", store=False)
    create(response_format={"type": "text"}, logprobs=False, extra_body={"mirostat": 0})


def test_a_picture_in_a_message_is_refused_not_overlooked(create: Callable[..., Any]) -> None:
    picture = {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}
    parts = [{"type": "text", "text": "What is this?"}, picture]
    with pytest.raises(UnprocessableEntityError, match="image_url"):
        create(messages=[{"role": "user", "content": parts}])


def test_completions_carry_citations_beside_the_text(create: Callable[..., Any]) -> None:
    message = create().choices[0].message
    assert message.content == TEXT
    assert message.citations[0]["title"] == "Anchors"


def test_a_stream_says_the_same_as_the_whole(server: TestClient) -> None:
    body = {"messages": [{"role": "user", "content": [{"type": "text", "text": "Why?"}]}]}
    whole = server.post(COMPLETIONS, json=body).json()["choices"][0]["message"]
    lines = server.post(COMPLETIONS, json=body | {"stream": True}).text.splitlines()
    chunks = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    assert chunks.pop() == "[DONE]"
    deltas = [json.loads(chunk)["choices"][0] for chunk in chunks]
    assert "".join(one["delta"].get("content", "") for one in deltas) == whole["content"]
    assert deltas[-1]["finish_reason"] == "stop"
    assert any(one["delta"].get("citations") == whole["citations"] for one in deltas)


def test_errors_hold_the_message_where_clients_look(server: TestClient) -> None:
    body = {"messages": [{"role": "assistant", "content": "Hello"}]}
    error = server.post(COMPLETIONS, json=body).json()["error"]
    assert error["code"] == "question-invalid"
    assert "user" in error["message"]
