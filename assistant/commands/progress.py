"""Progress bars on standard error, for long work."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

Progress = Callable[[int, int, str], None]


class ProgressBar:
    """Shows `progress(done, total, what)`; silent where standard error is no terminal.

    `unit` "B" shows sizes, any other unit shows counts.
    """

    def __init__(self, unit: str) -> None:
        from tqdm import tqdm

        in_bytes = unit == "B"
        self._bar = tqdm(unit=unit, unit_scale=in_bytes, unit_divisor=1024, disable=None, delay=0.5)

    def __call__(self, done: int, total: int, what: str) -> None:
        """Move the bar; a new `what` begins a new description."""
        self._bar.set_description(what, refresh=False)
        self._bar.total = total
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bar.close()
