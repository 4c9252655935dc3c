"""A server in a process of its own."""

import re
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import httpx

START_SECONDS = 180
STOP_SECONDS = 60


@dataclass
class Server:
    """A running server; `output` is the file of what it says."""

    process: subprocess.Popen[bytes]
    home: Path
    output: Path
    departures: Path
    url: str = ""

    @property
    def said(self) -> str:
        return self.output.read_text()

    def wait_until_it_answers(self) -> None:
        self._until(lambda: re.search(r"http://[\w.:\[\]]+", self.said) is not None)
        found = re.search(r"http://[\w.:\[\]]+", self.said)
        assert found is not None
        self.url = found[0].replace("0.0.0.0", "127.0.0.1")
        self._until(lambda: httpx.get(f"{self.url}/readyz", timeout=60).status_code == 200)

    def _until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not condition():
            assert self.process.poll() is None, f"The server ended: {self.said}"
            assert time.monotonic() < deadline, f"The server did not get ready: {self.said}"
            time.sleep(0.2)

    def stop(self, how: signal.Signals = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(how)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise


StartServer = Callable[..., Server]
