"""The server's arenas: in processes of their own, since an allocator cannot be set back."""

import os
import platform
import subprocess
import sys

import pytest

COUNT_ARENAS = """
import ctypes, threading
from assistant.serving.allocator import limit_arenas

print(limit_arenas())
barrier = threading.Barrier(8)
libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p

def allocate():
    libc.malloc(100)
    barrier.wait()

threads = [threading.Thread(target=allocate) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
libc.malloc_stats()
"""


def arenas(**environment: str) -> tuple[str, int]:
    """What `limit_arenas` returned, and the arenas of a process whose eight threads allocate."""
    kept = {name: value for name, value in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    ended = subprocess.run(
        [sys.executable, "-c", COUNT_ARENAS],
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    return ended.stdout.strip(), ended.stderr.count("Arena ")


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="not glibc's allocator")
def test_many_threads_share_two_arenas() -> None:
    assert arenas() == ("True", 2)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="not glibc's allocator")
def test_a_limit_that_the_user_has_set_is_kept() -> None:
    said, count = arenas(MALLOC_ARENA_MAX="5")
    assert (said, count) == ("False", 5)
