"""The line in front of the language model: fair, bounded, with a position for everyone in it."""

import asyncio
import threading
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from assistant.answering.types import Answer, Done, Event, Message, Sampling, Token
from assistant.errors import AnswerTimeoutError, AssistantError, BusyError
from assistant.serving.metrics import Metrics

# While one answer is generated, the passages of the next are retrieved and the sentences of the
# last are checked, so that the model does not wait for either.
AT_ONCE = 2

# Share of the newest answer in the moving average of seconds that an answer takes.
NEWEST_WEIGHT = 0.2
FIRST_GUESS_SECONDS = 5.0

# `Assistant.stream`: setting the flag ends the events.
Stream = Callable[[str, Sequence[Message], threading.Event, Sampling | None], Iterator[Event]]


@dataclass(frozen=True, slots=True)
class Waiting:
    """Sent before all other events to those who wait: `position` 1 is the next to be served."""

    position: int


@dataclass(frozen=True, slots=True)
class _Failed:
    error: BaseException


class AnswerLine:
    """Hands questions to the assistant, first come first served, and its events back.

    Everything that asks through this server (its routes, the chat, the tools) stands in this one
    line. Waiting holds no thread. Use it from one event loop only.
    """

    def __init__(
        self,
        stream: Stream,
        metrics: Metrics,
        *,
        waiting_limit: int,
        answer_seconds: float,
        at_once: int = AT_ONCE,
    ) -> None:
        self._stream = stream
        self._metrics = metrics
        self._waiting_limit = waiting_limit
        self._answer_seconds = answer_seconds
        self._at_once = at_once
        self._line: list[object] = []
        self._moved = asyncio.Event()
        self._mean_seconds = FIRST_GUESS_SECONDS
        self._threads = ThreadPoolExecutor(at_once, thread_name_prefix="answer")

    @property
    def waiting(self) -> int:
        """How many wait for their turn now."""
        return max(0, len(self._line) - self._at_once)

    @property
    def served(self) -> int:
        """How many questions are being answered now."""
        return min(len(self._line), self._at_once)

    @property
    def retry_seconds(self) -> int:
        """After how many seconds somebody who was refused may find a place."""
        return max(1, round(self._mean_seconds))

    async def events(
        self,
        question: str,
        history: Sequence[Message] = (),
        sampling: Sampling | None = None,
    ) -> AsyncGenerator[Waiting | Event]:
        """Answer `question`: `Waiting` while others are before it, then the assistant's events.

        Leaving the iterator early (`aclose`, or cancelling the task) stops the model.

        Raises:
            BusyError: the line is full.
            AnswerTimeoutError: the answer took longer than its time limit.
            AssistantError: whatever `Assistant.stream` raises.
        """
        place = self._join()
        cancelled = threading.Event()
        worker = None
        outcome = "cancelled"
        try:
            async for position in self._until_turn(place):
                yield Waiting(position)
            loop = asyncio.get_running_loop()
            events: asyncio.Queue[Event | _Failed] = asyncio.Queue()

            def send(event: Event | _Failed) -> None:
                loop.call_soon_threadsafe(events.put_nowait, event)

            worker = loop.run_in_executor(
                self._threads, self._work, question, history, sampling, send, cancelled
            )
            # The place is given up when the thread is really done, not when the asker leaves.
            worker.add_done_callback(lambda _: self._leave(place))
            async for event in self._watched(events):
                yield event
            outcome = ""
        except Exception as error:
            outcome = error.code if isinstance(error, AssistantError) else "unexpected"
            raise
        finally:
            cancelled.set()
            if outcome:
                self._metrics.count_failure(outcome)
            if worker is None:
                self._leave(place)

    async def answer(
        self,
        question: str,
        history: Sequence[Message] = (),
        sampling: Sampling | None = None,
    ) -> Answer:
        """The answer alone. Raises what `events` raises."""
        async for event in self.events(question, history, sampling):
            if isinstance(event, Done):
                return event.answer
        raise AssertionError("A stream of events ends with Done or an error.")

    def close(self) -> None:
        """Let the running answers end; no more are begun."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _join(self) -> object:
        if len(self._line) >= self._at_once + self._waiting_limit:
            self._metrics.count_failure(BusyError.code)
            raise BusyError(
                f"{self.waiting} questions wait already.",
                hint=f"Ask again in about {self.retry_seconds} seconds.",
            )
        place = object()
        self._line.append(place)
        return place

    async def _watched(self, events: "asyncio.Queue[Event | _Failed]") -> AsyncIterator[Event]:
        started = time.monotonic()
        first_token_seen = False
        async for event in self._until_done(events, started + self._answer_seconds):
            if isinstance(event, Token):
                self._metrics.count_token()
                if not first_token_seen:
                    first_token_seen = True
                    self._metrics.observe_first_token(time.monotonic() - started)
            elif isinstance(event, Done):
                self._metrics.count_answer(event.answer)
                seconds = time.monotonic() - started
                self._mean_seconds += NEWEST_WEIGHT * (seconds - self._mean_seconds)
            yield event

    async def _until_turn(self, place: object) -> AsyncIterator[int]:
        shown = None
        while True:
            moved = self._moved
            position = self._line.index(place) - self._at_once + 1
            if position <= 0:
                return
            if position != shown:
                shown = position
                yield position
            await moved.wait()

    async def _until_done(
        self, events: "asyncio.Queue[Event | _Failed]", deadline: float
    ) -> AsyncIterator[Event]:
        while True:
            try:
                event = await asyncio.wait_for(events.get(), deadline - time.monotonic())
            except TimeoutError as error:
                raise AnswerTimeoutError(
                    f"The answer took longer than {self._answer_seconds:g} seconds.",
                    hint="Ask a shorter question, or raise the setting answer_seconds.",
                ) from error
            if isinstance(event, _Failed):
                raise event.error
            yield event
            if isinstance(event, Done):
                return

    def _work(
        self,
        question: str,
        history: Sequence[Message],
        sampling: Sampling | None,
        send: Callable[[Event | _Failed], None],
        cancelled: threading.Event,
    ) -> None:
        """Run in a thread: pass the assistant's events on until the end or the cancellation."""
        try:
            stream = self._stream(question, history, cancelled, sampling)
            try:
                for event in stream:
                    send(event)
                    if cancelled.is_set():
                        return
            finally:
                close = getattr(stream, "close", None)
                if close is not None:
                    close()
        except BaseException as error:
            send(_Failed(error))

    def _leave(self, place: object) -> None:
        if place in self._line:
            self._line.remove(place)
            self._moved.set()
            self._moved = asyncio.Event()
