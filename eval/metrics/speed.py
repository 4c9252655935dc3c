"""How long the stages of an answer take, and how much memory the process took at most."""

import sys
from collections.abc import Iterable, Mapping

import numpy as np


def stage_quantiles(timings: Iterable[Mapping[str, float]]) -> dict[str, dict[str, float]]:
    """For each stage the median, the 95th percentile and the mean in seconds, and n."""
    seconds: dict[str, list[float]] = {}
    for one in timings:
        for stage, value in one.items():
            seconds.setdefault(stage, []).append(value)
    return {
        stage: {
            "median": float(np.median(values)),
            "p95": float(np.percentile(values, 95)),
            "mean": float(np.mean(values)),
            "n": len(values),
        }
        for stage, values in seconds.items()
    }


def tokens_per_second(tokens: int, generate: float, first_token: float) -> float | None:
    """Tokens after the first over the seconds after it; None where fewer than two were made."""
    if tokens < 2 or generate <= first_token:
        return None
    return (tokens - 1) / (generate - first_token)


def peak_memory_bytes() -> int | None:
    """The largest resident size of this process so far; None where the system does not tell."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
