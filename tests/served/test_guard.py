"""The guard under which all servers of these tests run really refuses and writes down."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

GUARDED = Path(__file__).with_name("guarded.py")
TRY = """
import runpy, socket, sys
guard = runpy.run_path(sys.argv[1])["guard"]
sys.addaudithook(guard)
try:
    {attempt}
except OSError as error:
    print(error)
"""


@pytest.mark.parametrize(
    ("attempt", "written"),
    [
        ("socket.create_connection(('192.0.2.1', 80), 1)", "192.0.2.1"),
        ("socket.getaddrinfo('assistant.invalid', 443)", "assistant.invalid"),
        ("socket.create_connection(('127.0.0.1', 1), 1)", ""),
    ],
)
def test_what_tries_to_leave_is_stopped_and_written_down(
    tmp_path: Path, attempt: str, written: str
) -> None:
    departures = tmp_path / "departures.txt"
    departures.touch()
    ended = subprocess.run(
        [sys.executable, "-c", TRY.format(attempt=attempt), str(GUARDED)],
        env=os.environ | {"DEPARTURES": str(departures)},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert written in departures.read_text()
    assert bool(written) == ("is not this machine" in ended.stdout)
