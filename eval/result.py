"""A result as it is kept: one JSON file a run. `eval/README.md` describes every field."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from eval.datasets.types import DataSetError
from eval.metrics.intervals import Interval, interval_of, mean_interval

SCHEMA = 1
Result = dict[str, Any]
# system -> metric -> question id -> value
Scores = Mapping[str, Mapping[str, Mapping[str, float]]]

LOWER_IS_BETTER = frozenset(
    {
        "Brier score",
        "attack success rate",
        "attacks that reach the draft",
        "area under risk-coverage",
        "expected calibration error",
        "failed",
        "withheld sentences",
        "wrongly answered",
        "seconds",
        "seconds of checks after last token",
        "seconds to first token",
    }
)
# Of these the median tells more than the mean, which a few long answers would decide.
MEDIANS = frozenset(
    {"seconds", "seconds of checks after last token", "seconds to first token", "words"}
)
# Neither more nor less is better.
NEUTRAL = frozenset({"median words", "readings a claim", "sentences cited", "words"})


def table(
    title: str, labels: Mapping[str, str], scores: Scores, metrics: tuple[str, ...] | None = None
) -> dict[str, Any]:
    """A table of means (medians, and named so, of `MEDIANS`) with their intervals."""
    values = {
        system: {
            shown_name(metric): interval_data(_interval(metric, list(by_id.values())))
            for metric, by_id in of_system.items()
            if (metrics is None or metric in metrics) and by_id
        }
        for system, of_system in scores.items()
    }
    return interval_table(title, labels, values)


def shown_name(metric: str) -> str:
    """What the row of a metric is called in a table."""
    return f"median {metric}" if metric in MEDIANS else metric


def interval_table(
    title: str,
    labels: Mapping[str, str],
    values: Mapping[str, Mapping[str, Any]],
    directions: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """A table of figures that already have their intervals.

    `directions` says which value of a metric is the better one where its name does not.
    """
    names = list(dict.fromkeys(name for of_system in values.values() for name in of_system))
    return {
        "title": title,
        "systems": {system: labels[system] for system in values},
        "metrics": {name: (directions or {}).get(name) or better(name) for name in names},
        "values": {system: dict(of_system) for system, of_system in values.items()},
    }


def better(metric: str) -> str:
    """`higher`, `lower` or `neither`: which value of a metric is the better one."""
    if metric in NEUTRAL:
        return "neither"
    return "lower" if metric.removeprefix("median ") in LOWER_IS_BETTER else "higher"


def _interval(metric: str, values: list[float]) -> Interval:
    if metric in MEDIANS:
        return interval_of(lambda data: float(np.median(data)), np.asarray(values, float))
    return mean_interval(values)


def interval_data(interval: Interval) -> dict[str, Any]:
    """An interval as JSON, which knows no NaN."""
    return {name: rounded(value) for name, value in asdict(interval).items()}


def rounded(value: Any, digits: int = 5) -> Any:
    """Numbers rounded, NaN as None, in any nesting of lists and dicts."""
    if isinstance(value, float):
        return round(value, digits) if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: rounded(one, digits) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(one, digits) for one in value]
    return value


def write_result(result: Result, path: Path) -> None:
    """Write a result whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".json.new")
    # The scores of each question are most of the file and for programs: one line for each metric.
    scores = result.get("scores", {})
    head = json.dumps(
        {name: rounded(value) for name, value in result.items() if name != "scores"},
        ensure_ascii=False,
        indent=1,
        allow_nan=False,
    )
    compact = json.dumps(rounded(scores), ensure_ascii=False, separators=(",", ":"))
    fresh.write_text(f'{head.removesuffix("}").rstrip()},\n "scores": {compact}\n}}\n', "utf-8")
    fresh.replace(path)


def read_result(path: Path) -> Result:
    """A result by its file, or by its folder and name without `.json`.

    Raises:
        DataSetError: it is not there, or no result of this version.
    """
    file = path if path.is_file() else path.with_name(path.name + ".json")
    if not file.is_file():
        raise DataSetError(
            f"There is no result {path}.", hint="`assistant eval run` writes results."
        )
    try:
        result = json.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataSetError(f"{file} is no result: {error}") from error
    if not isinstance(result, dict) or result.get("schema") != SCHEMA:
        raise DataSetError(
            f"{file} is no result of this version.", hint="Make it again with `assistant eval run`."
        )
    return result
