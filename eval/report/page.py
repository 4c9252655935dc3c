"""Makes the page: one HTML file without anything from elsewhere."""

from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from eval.compare import changes, what_differs
from eval.record_log import read_records
from eval.report import plots
from eval.report.cases import cases
from eval.result import Result, read_result
from eval.summary import ANSWER_STAGES
from eval.writers import LABELS

# Cases shown with all their passages; the others are in the records.
MOST_CASES = 450


def write_report(paths: Sequence[Path], out: Path) -> Path:
    """Write one page about the results and return its path.

    Drill-down needs the records that lie beside a result; a result without them has its tables
    and plots alone. With two results or more of one suite the first is compared with each other.

    Raises:
        DataSetError: a path is no result.
    """
    from jinja2 import Environment, StrictUndefined

    runs = [_run(place, path) for place, path in enumerate(paths)]
    source = (files("eval") / "report" / "page.html.j2").read_text(encoding="utf-8")
    # Texts of documents and answers reach this page: everything is escaped unless marked safe.
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.globals.update(
        interval_bar=plots.interval_bar,
        lines=plots.lines,
        reliability=plots.reliability,
        histogram=plots.histogram,
        stage_bars=plots.stage_bars,
    )
    environment.filters["figure"] = _figure
    page = environment.from_string(source).render(runs=runs, comparisons=_comparisons(runs))
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(page, encoding="utf-8")
    return out


def _run(place: int, path: Path) -> dict[str, Any]:
    result = read_result(path)
    folder = path.parent
    file = folder / result.get("records", "")
    records = read_records(file) if file.is_file() else []
    found = cases(result, records)
    return {
        "anchor": f"run-{place}",
        "result": result,
        "cases": found[:MOST_CASES],
        "left_out": max(0, len(found) - MOST_CASES),
        "answer_figures": _distributions(result),
        "stage_labels": {
            stage: "Our answer" if system == "ours" else f"Answer of {LABELS[system]}"
            for system, stage in ANSWER_STAGES.items()
        },
    }


def _comparisons(runs: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for run in runs[1:]:
        first: Result = runs[0]["result"]
        if run["result"]["suite"] == first["suite"]:
            found.append(
                {
                    "a": first["name"],
                    "b": run["result"]["name"],
                    "changes": list(changes(first, run["result"])),
                    "differs": what_differs(first, run["result"]),
                }
            )
    return found


def _distributions(result: Result) -> dict[str, list[float]]:
    """The answers' figures in [0, 1] by question, for histograms."""
    ours = result["scores"].get("answers", {}).get("ours", {})
    shown = ("key facts", "ROUGE-L", "citation recall", "support rate")
    return {name: list(ours[name].values()) for name in shown if ours.get(name)}


def _figure(value: float | None, digits: int = 3) -> str:
    return "n/a" if value is None else f"{value:.{digits}f}"
