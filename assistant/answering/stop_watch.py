"""Seconds by stage."""

import time
from collections.abc import Mapping


class StopWatch:
    """Seconds by stage, and in total from its making to the last stage."""

    def __init__(self) -> None:
        self._started = self._lap = time.monotonic()
        self._seconds: dict[str, float] = {}

    def lap(self, stage: str) -> None:
        """Add the time since the last lap to a stage."""
        now = time.monotonic()
        self.add(stage, now - self._lap)
        self._lap = now

    def restart(self) -> None:
        """Begin a lap now: what passed since the last one belongs to no stage."""
        self._lap = time.monotonic()

    def add(self, stage: str, seconds: float) -> None:
        """Add seconds to a stage."""
        self._seconds[stage] = self._seconds.get(stage, 0.0) + seconds

    def add_all(self, seconds: Mapping[str, float]) -> None:
        """Add seconds to several stages."""
        for stage, taken in seconds.items():
            self.add(stage, taken)

    @property
    def timings(self) -> dict[str, float]:
        """What was measured so far."""
        return {**self._seconds, "total": time.monotonic() - self._started}
