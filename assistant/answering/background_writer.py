"""Text generated in a thread of its own, read piece by piece from another."""

import queue
import threading
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence

from assistant.answering.llama_engine import Usage

Writing = Callable[[Callable[[], bool]], Generator[str, None, Usage]]


class BackgroundWriter:
    """Runs `writing(stopped)` in a thread at once; iterating gives its pieces as they come.

    So a reader who is slow, or never comes back, does not hold the model: the thread goes on to
    its end and calls `at_end`. `close` (or `cancel` being set) makes `stopped()` true, upon which
    `writing` is to end soon.
    """

    def __init__(
        self, writing: Writing, *, cancel: threading.Event | None, at_end: Callable[[], None]
    ) -> None:
        self.usage: Usage | None = None
        self._writing = writing
        self._cancel = cancel
        self._at_end = at_end
        self._closed = threading.Event()
        self._pieces: queue.SimpleQueue[str | BaseException | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="language-model", daemon=True)
        self._thread.start()

    def __iter__(self) -> Iterator[str]:
        while (piece := self._pieces.get()) is not None:
            if isinstance(piece, BaseException):
                raise piece
            yield piece

    def close(self) -> None:
        """Stop the writing and wait for its end, by when `at_end` was called."""
        self._closed.set()
        self._thread.join()

    def _stopped(self) -> bool:
        return self._closed.is_set() or (self._cancel is not None and self._cancel.is_set())

    def _run(self) -> None:
        try:
            pieces = self._writing(self._stopped)
            while True:
                try:
                    self._pieces.put(next(pieces))
                except StopIteration as end:
                    self.usage = end.value
                    break
        except BaseException as error:  # raised again where the pieces are read
            self._pieces.put(error)
        finally:
            self._at_end()
            self._pieces.put(None)


def until_stop_word(pieces: Iterable[str], stop: Sequence[str]) -> Iterator[str]:
    """The text up to the first of the words in `stop`, which may be spread over pieces.

    What may yet turn out to be the beginning of a stop word is held back until that is known.
    """
    if not stop:
        yield from pieces
        return
    held = ""
    longest = max(map(len, stop))
    for piece in pieces:
        held += piece
        ends = [place for word in stop if (place := held.find(word)) >= 0]
        if ends:
            if held[: min(ends)]:
                yield held[: min(ends)]
            return
        keep = next(
            length
            for length in range(min(longest - 1, len(held)), -1, -1)
            if length == 0 or any(word.startswith(held[-length:]) for word in stop)
        )
        if ready := held[: len(held) - keep]:
            yield ready
        held = held[len(held) - keep :]
    if held:
        yield held
