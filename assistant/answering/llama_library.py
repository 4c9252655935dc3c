"""Loads llama.cpp once, quietly, and set up for machines that do other work beside it."""

import contextlib
import ctypes
import logging
import os
from functools import cache
from types import ModuleType
from typing import Any

logger = logging.getLogger("assistant.llama")

# ggml's levels for warnings and errors. Its warnings tell of oddities in model files that their
# user can do nothing about, and what fails is raised as an error besides.
_LEVELS = {3: logging.INFO, 4: logging.WARNING}
_kept_alive: list[Any] = []


class _NothingRedirected(contextlib.nullcontext[None]):
    def __init__(self, disable: bool = True) -> None:
        super().__init__()


@cache
def llama_library() -> ModuleType:
    """The `llama_cpp` module, imported on the first call.

    llama.cpp computes with OpenMP, whose threads by default spin while they wait. With one busy
    neighbour on a two-core machine that costs nine tenths of the speed, so waiting threads sleep
    (`OMP_WAIT_POLICY=PASSIVE`, unless the environment says otherwise). The library reads this
    variable once, when it is loaded: hence it is set here, before the import.

    llama.cpp's own messages go to the logger `assistant.llama` in place of stderr.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import llama_cpp
    from llama_cpp import _internals, llama

    @llama_cpp.llama_log_callback
    def to_logger(level: int, text: bytes, _: Any) -> None:
        message = text.decode("utf-8", "replace").strip()
        if message:
            logger.log(_LEVELS.get(level, logging.DEBUG), message)

    llama_cpp.llama_log_set(to_logger, ctypes.c_void_p(0))
    # The callback must live as long as the library, which keeps only its address.
    _kept_alive.append(to_logger)
    # While it loads a model the library points file descriptors 1 and 2 of the whole process at
    # /dev/null, and swallows what other threads print. With the callback there is nothing to hide.
    for module in (_internals, llama):
        vars(module)["suppress_stdout_stderr"] = _NothingRedirected
    return llama_cpp
