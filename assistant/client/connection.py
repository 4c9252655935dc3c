"""How the server is reached, and when a call is tried again."""

from typing import Any

import httpx
from tenacity import (
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential_jitter,
)

from assistant.errors import AssistantError

DEFAULT_URL = "http://127.0.0.1:7860"
TIMEOUT_SECONDS = 180.0
CONNECT_SECONDS = 5.0
ATTEMPTS = 4
LONGEST_PAUSE_SECONDS = 30.0

_backoff = wait_exponential_jitter(multiplier=0.5, max=LONGEST_PAUSE_SECONDS)


def http_options(url: str, api_key: str | None, timeout: float) -> dict[str, Any]:
    """Arguments of both httpx clients."""
    return {
        "base_url": url,
        "headers": {"Authorization": f"Bearer {api_key}"} if api_key else {},
        "timeout": httpx.Timeout(timeout, connect=CONNECT_SECONDS),
    }


def retry_options(attempts: int) -> dict[str, Any]:
    """Arguments of both ways to retry: what may be tried again, how often, after which pause."""
    return {
        "retry": retry_if_exception(
            lambda error: isinstance(error, AssistantError) and error.retryable
        ),
        "stop": stop_after_attempt(attempts),
        "wait": _pause,
        "reraise": True,
    }


def _pause(state: RetryCallState) -> float:
    error = state.outcome.exception() if state.outcome else None
    asked: float | None = getattr(error, "retry_after", None)
    return _backoff(state) if asked is None else min(asked, LONGEST_PAUSE_SECONDS)
