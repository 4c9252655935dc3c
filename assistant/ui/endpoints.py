"""Endpoints for `gradio_client`: the verbs of the assistant under their names."""

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

import gradio as gr

from assistant.answering.citing import joined
from assistant.answering.types import Done, Message, Sentence
from assistant.errors import AssistantError
from assistant.serialisation import to_json_data
from assistant.serving.wire import drop_document_text

if TYPE_CHECKING:
    from assistant.serving.service import Service

Turns = list[dict[str, str]]
MOST_PASSAGES = 100


def add_endpoints(service: "Service") -> None:
    """Add `/chat` and `/search` to the Blocks that are being built."""

    async def chat(
        question: str, history: Turns | None = None
    ) -> AsyncIterator[tuple[str, list[dict[str, Any]]]]:
        """Answer a question; yields the checked text as it grows, and at last its citations.

        `history` holds {"role": "user" or "assistant", "content": text}, oldest first.
        """
        sentences: list[Sentence] = []
        try:
            async for event in service.line.events(question, messages_of(history)):
                if isinstance(event, Sentence):
                    sentences.append(event)
                    yield joined(sentences), []
                elif isinstance(event, Done):
                    yield event.answer.text, to_json_data(event.answer.citations)
        except AssistantError as error:
            raise gr.Error(str(error), print_exception=False) from error

    async def search(query: str, k: int = 5) -> list[dict[str, Any]]:
        """Find the passages that best match a query."""
        k = min(max(1, int(k)), MOST_PASSAGES)
        try:
            hits = await asyncio.to_thread(service.assistant.search, query, k)
        except AssistantError as error:
            raise gr.Error(str(error), print_exception=False) from error
        data: list[dict[str, Any]] = to_json_data(hits)
        drop_document_text(data)
        return data

    gr.api(chat, api_name="chat", concurrency_limit=None)
    gr.api(search, api_name="search")


def messages_of(history: Turns | None) -> list[Message]:
    """The history as the assistant takes it; turns of other roles are left out."""
    return [
        Message("user" if turn["role"] == "user" else "assistant", str(turn.get("content", "")))
        for turn in history or ()
        if turn.get("role") in ("user", "assistant")
    ]
