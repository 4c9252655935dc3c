"""Events as server-sent events and back: one form for the server and the client."""

import json
from collections.abc import Sequence
from typing import Any

from assistant.answering.types import Answer, Done, Event, Retrieved, Sentence, Token
from assistant.serialisation import from_json_data, to_json_data

EVENT_NAMES: dict[type[Event], str] = {
    Retrieved: "retrieved",
    Token: "token",
    Sentence: "sentence",
    Done: "done",
}
EVENTS_BY_NAME: dict[str, Any] = {name: kind for kind, name in EVENT_NAMES.items()}

WAITING = "waiting"
ERROR = "error"

MEDIA_TYPE = "text/event-stream"
# Proxies must neither keep nor hold back the events.
HEADERS = {"Cache-Control": "no-cache", "X-Accel-Buffering": "no"}


def sse(name: str, data: Any) -> str:
    """One server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data, ensure_ascii=False)}\n\n"


def event_to_sse(event: Event, *, document_text: bool = True) -> str:
    """An event of the assistant as a server-sent event."""
    return sse(EVENT_NAMES[type(event)], event_data(event, document_text=document_text))


def event_data(result: Event | Answer, *, document_text: bool = True) -> Any:
    """An event or an answer as JSON data; without `document_text`, documents lose their text."""
    data = to_json_data(result)
    if not document_text:
        drop_document_text((data.get("answer") or data).get("hits", ()))
    return data


def drop_document_text(hits: Sequence[dict[str, Any]]) -> None:
    """Empty the text of each hit's document, where the passages alone are wanted."""
    for hit in hits:
        hit["document"]["text"] = ""


def event_of(name: str, data: Any) -> Event | None:
    """The event that was sent, or None for a name that this version does not know."""
    kind = EVENTS_BY_NAME.get(name)
    return None if kind is None else from_json_data(kind, data)
