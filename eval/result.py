"""A result as it is kept: one JSON file a run. `eval/README.md` describes every field."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from eval.datasets.types import DataSetError
from eval.metrics.intervals import Interval, mean_interval

SCHEMA = 1
Result = dict[str, Any]
# system -> metric -> question id -> value
Scores = Mapping[str, Mapping[str, Mapping[str, float]]]

LOWER_IS_BETTER = frozenset(
    {
        "Brier score",
        "area under risk-coverage",
        "expected calibration error",
        "failed",
        "withheld sentences",
        "wrongly answered",
    }
)
# Neither more nor less is better.
NEUTRAL = frozenset({"words"})


def table(
    title: str, labels: Mapping[str, str], scores: Scores, metrics: tuple[str, ...] | None = None
) -> dict[str, Any]:
    """A table of means with their intervals, one row for each system that has values."""
    values = {
        system: {
            metric: interval_data(mean_interval(list(by_id.values())))
            for metric, by_id in of_system.items()
            if (metrics is None or metric in metrics) and by_id
        }
        for system, of_system in scores.items()
    }
    return interval_table(title, labels, values)


def interval_table(
    title: str, labels: Mapping[str, str], values: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """A table of figures that already have their intervals."""
    names = list(dict.fromkeys(name for of_system in values.values() for name in of_system))
    return {
        "title": title,
        "systems": {system: labels[system] for system in values},
        "metrics": {name: better(name) for name in names},
        "values": {system: dict(of_system) for system, of_system in values.items()},
    }


def better(metric: str) -> str:
    """`higher`, `lower` or `neither`: which value of a metric is the better one."""
    if metric in NEUTRAL:
        return "neither"
    return "lower" if metric in LOWER_IS_BETTER else "higher"


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
