"""Turns the lines of a stream of server-sent events into events."""

from collections.abc import Callable, Iterator
from typing import Any

from assistant.answering.types import Done, Event
from assistant.client.problems import error_of
from assistant.client.results import json_of, parsed
from assistant.errors import UnreachableError
from assistant.serving import wire

OnWait = Callable[[int], None]


class EventReader:
    """Turns the lines of server-sent events into events."""

    def __init__(self, on_wait: OnWait | None) -> None:
        self._on_wait = on_wait
        self._name = ""
        self._data: list[str] = []
        self._done = False

    def take(self, line: str) -> Iterator[Event]:
        """The event that ends with `line`, if one does."""
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "event":
            self._name = value
        elif field == "data":
            self._data.append(value)
        elif not line and self._name:
            name, data = self._name, json_of("\n".join(self._data))
            self._name, self._data = "", []
            yield from self._event(name, data)

    def check_end(self) -> None:
        """Raise when the stream broke off before the answer was done."""
        if not self._done:
            raise UnreachableError("The connection broke before the answer was finished.")

    def _event(self, name: str, data: Any) -> Iterator[Event]:
        if name == wire.ERROR:
            raise error_of(data)
        if name == wire.WAITING:
            if self._on_wait is not None:
                self._on_wait(data["position"])
            return
        event = parsed(lambda: wire.event_of(name, data))
        if event is not None:
            self._done = isinstance(event, Done)
            yield event
