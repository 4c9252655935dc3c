"""Who may use the language model next: first come, first served, and no endless line."""

import threading
import time
from collections import deque
from types import TracebackType
from typing import Self

from assistant.errors import BusyError

# How often someone who waits looks at the cancel event, which cannot wake the queue by itself.
CANCEL_POLL_SECONDS = 0.05


class AdmissionQueue:
    """A fair queue in front of one thing that serves one caller at a time.

    `limit` is how many may wait beside the one who is served. Callers take a `Ticket`, wait for
    their turn and leave. Safe to use from any thread; a ticket may be left from another thread
    than the one that took it.
    """

    def __init__(self, limit: int) -> None:
        if limit < 0:
            raise ValueError("the limit of a queue cannot be negative")
        self.limit = limit
        self._changed = threading.Condition()
        self._line: deque[Ticket] = deque()

    @property
    def waiting(self) -> int:
        """How many wait for their turn now."""
        with self._changed:
            return max(0, len(self._line) - 1)

    @property
    def busy(self) -> bool:
        """Whether somebody is being served now."""
        with self._changed:
            return bool(self._line)

    def join(self) -> "Ticket":
        """Take a place at the end of the line.

        Raises:
            BusyError: as many as the limit allows wait already.
        """
        with self._changed:
            if len(self._line) > self.limit:
                raise BusyError(
                    f"The language model is busy and {self.waiting} requests wait already.",
                    hint="Ask again in a moment, or raise the setting queue_length.",
                )
            ticket = Ticket(self)
            self._line.append(ticket)
            return ticket


class Ticket:
    """A place in an `AdmissionQueue`. As a context manager it leaves the line at the end."""

    def __init__(self, queue: AdmissionQueue) -> None:
        self._queue = queue

    @property
    def position(self) -> int | None:
        """How many are before this one: 0 has its turn, None has left the line."""
        with self._queue._changed:
            try:
                return self._queue._line.index(self)
            except ValueError:
                return None

    def wait(self, timeout: float | None = None, cancel: threading.Event | None = None) -> bool:
        """Wait for the turn; False when `cancel` was set first. Then the ticket has left the line.

        Raises:
            BusyError: `timeout` seconds passed before the turn came; the ticket has left the line.
        """
        queue = self._queue
        end = None if timeout is None else time.monotonic() + timeout
        with queue._changed:
            while queue._line and queue._line[0] is not self:
                if cancel is not None and cancel.is_set():
                    self.leave()
                    return False
                left = None if end is None else end - time.monotonic()
                if left is not None and left <= 0:
                    self.leave()
                    raise BusyError(
                        f"The language model was not free within {timeout:g} seconds.",
                        hint="Ask again in a moment.",
                    )
                pause = CANCEL_POLL_SECONDS if cancel is not None else None
                if left is not None:
                    pause = left if pause is None else min(pause, left)
                queue._changed.wait(pause)
        if cancel is not None and cancel.is_set():
            self.leave()
            return False
        return True

    def leave(self) -> None:
        """Give the place up, served or not. Leaving twice does nothing."""
        with self._queue._changed:
            if self in self._queue._line:
                self._queue._line.remove(self)
                self._queue._changed.notify_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.leave()
