"""The quality tab: evaluation runs as tables and plots, from their result files."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from assistant.ui.comparison import compare_files, comparison_html

if TYPE_CHECKING:
    from assistant.serving.service import Service

NONE_YET = (
    '<p class="hint">There are no results yet. <code>assistant eval run</code> writes them; '
    "the setting <code>results</code> says where they are read.</p>"
)
NOTHING = "nothing"
BAR_WIDTH = 120
PLOT_WIDTH, PLOT_HEIGHT, PLOT_MARGIN = 420, 240, 36
LINE_STYLES = ("", "6 4", "2 3", "8 3 2 3")
DIRECTIONS = {"higher": "higher is better", "lower": "lower is better"}


@dataclass(frozen=True, slots=True)
class Run:
    """A result file: its name, when it was written, and what is in it."""

    name: str
    written: float
    data: Mapping[str, Any]


class QualityTab:
    """Tables of one chosen run. Building one puts it into the Blocks being built."""

    def __init__(self, service: "Service", page: gr.Blocks) -> None:
        self._folder = service.settings.results
        with gr.Row():
            self._choice = gr.Dropdown(label="Run", choices=[], elem_id="run", interactive=True)
            self._before = gr.Dropdown(
                label="Compare with", choices=[], elem_id="compare", interactive=True
            )
        self._shown = gr.HTML(NONE_YET, elem_id="quality", padding=False)
        private: dict[str, Any] = {"api_visibility": "private"}
        choices = [self._choice, self._before]
        page.load(self._list, None, [*choices, self._shown], show_progress="hidden", **private)
        gr.on([self._choice.input, self._before.input], self._show, choices, self._shown, **private)

    def _list(self) -> tuple[Any, Any, str]:
        runs = read_runs(self._folder)
        names = [run.name for run in runs]
        first = names[0] if names else None
        return (
            gr.Dropdown(choices=names, value=first),
            gr.Dropdown(choices=[(NOTHING, ""), *names], value=""),
            run_html(runs[0]) if runs else NONE_YET,
        )

    def _show(self, name: str | None, before: str | None) -> str:
        runs = {run.name: run for run in read_runs(self._folder)}
        if name not in runs:
            return NONE_YET
        if before in runs and before != name:
            paths = [self._folder / f"{one}.json" for one in (before, name)]
            return comparison_html(before, name, compare_files(*paths))
        return run_html(runs[name])


def read_runs(folder: Path) -> list[Run]:
    """The results in a folder, newest first; files that are none are passed over."""
    runs = []
    for path in folder.glob("*.json") if folder.is_dir() else ():
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            continue
        if isinstance(data, dict) and isinstance(data.get("tables"), dict):
            runs.append(Run(path.stem, path.stat().st_mtime, data))
    return sorted(runs, key=lambda run: run.written, reverse=True)


def run_html(run: Run) -> str:
    """One run: what was measured, its tables, and its curves."""
    data = run.data
    about = [str(data[name]) for name in ("suite", "part", "note") if data.get(name)]
    questions = mapping(data.get("counts")).get("questions")
    if questions:
        about.append(f"{questions} questions")
    html = f'<p class="hint">{escape(" · ".join(about))}</p>'
    for table in mapping(data.get("tables")).values():
        html += table_html(mapping(table))
    curves = {
        str(name): points
        for name, points in mapping(data.get("risk_coverage")).items()
        if is_curve(points)
    }
    if curves:
        html += "<h2>Risk by coverage</h2>" + plot_html(curves, "questions answered", "wrong")
    return html


def table_html(table: Mapping[str, Any]) -> str:
    """A table of figures with intervals: a row for each metric, a column for each system."""
    systems = mapping(table.get("systems"))
    values = mapping(table.get("values"))
    head = "".join(f"<th scope='col'>{escape(str(label))}</th>" for label in systems.values())
    title = escape(str(table.get("title", "")), quote=True)
    rows = ""
    for metric, direction in mapping(table.get("metrics")).items():
        cells = "".join(
            f"<td>{figure_html(mapping(mapping(values.get(system)).get(metric)))}</td>"
            for system in systems
        )
        better = DIRECTIONS.get(str(direction), "")
        rows += (
            f"<tr><th scope='row'>{escape(str(metric))}"
            f'<span class="place"> {better}</span></th>{cells}</tr>'
        )
    return (
        f"<h2>{title}</h2><div class='wide' tabindex='0' role='region' aria-label='{title}'><table>"
        f"<tr><th scope='col'>Metric</th>{head}</tr>{rows}</table></div>"
    )


def figure_html(interval: Mapping[str, Any]) -> str:
    """A figure with its 95 % interval, in digits and as a bar where it is a share."""
    value, low, high = (number(interval.get(name)) for name in ("value", "low", "high"))
    if value is None:
        return "-"
    words = f"{value:.3f}"
    if low is not None and high is not None:
        words += f' <span class="place">{low:.3f} to {high:.3f}</span>'
    if not 0 <= value <= 1:
        return words
    bar = f'<rect class="bar" width="{value * BAR_WIDTH:.1f}" height="10" rx="2"/>'
    if low is not None and high is not None:
        left, right = low * BAR_WIDTH, high * BAR_WIDTH
        bar += (
            f'<path class="whisker" d="M{left:.1f} 5H{right:.1f}M{left:.1f} 2v6M{right:.1f} 2v6"/>'
        )
    return (
        f'{words}<svg class="figure" width="{BAR_WIDTH}" height="10" aria-hidden="true">{bar}</svg>'
    )


def plot_html(curves: Mapping[str, Sequence[Any]], across: str, up: str) -> str:
    """Curves over [0, 1] x [0, 1], told apart by the style of their lines."""
    lines = ""
    legend = ""
    for place, (name, points) in enumerate(curves.items()):
        dashes = LINE_STYLES[place % len(LINE_STYLES)]
        path = " ".join(f"{plot_x(x):.1f},{plot_y(y):.1f}" for x, y in points)
        lines += f'<polyline class="curve" stroke-dasharray="{dashes}" points="{path}"/>'
        legend += (
            f'<li><svg width="36" height="8" aria-hidden="true"><path class="curve" d="M0 4H36" '
            f'stroke-dasharray="{dashes}"/></svg> {escape(name)}</li>'
        )
    names = escape(", ".join(curves), quote=True)
    frame = f"M{plot_x(0)} {plot_y(1)}V{plot_y(0)}H{plot_x(1)}"
    return (
        f'<svg class="plot" viewBox="0 0 {PLOT_WIDTH} {PLOT_HEIGHT}" role="img" '
        f'aria-label="Share of {escape(up)} answers by share of {escape(across)}: {names}">'
        f'<path class="frame" d="{frame}"/>{lines}'
        f'<text x="{plot_x(1)}" y="{PLOT_HEIGHT - 8}" text-anchor="end">{escape(across)} 1</text>'
        f'<text x="{plot_x(0)}" y="{PLOT_HEIGHT - 8}">0</text>'
        f'<text x="4" y="{plot_y(1) + 4}">1 {escape(up)}</text></svg>'
        f'<ul class="legend">{legend}</ul>'
    )


def plot_x(share: float) -> float:
    """Where a share from left to right is drawn."""
    return PLOT_MARGIN + share * (PLOT_WIDTH - 2 * PLOT_MARGIN)


def plot_y(share: float) -> float:
    """Where a share from bottom to top is drawn."""
    return PLOT_HEIGHT - PLOT_MARGIN - share * (PLOT_HEIGHT - 2 * PLOT_MARGIN)


def mapping(data: Any) -> Mapping[str, Any]:
    """`data`, or nothing where it has another form than results have."""
    return data if isinstance(data, dict) else {}


def number(data: Any) -> float | None:
    """`data` as a number, where it is one."""
    return float(data) if isinstance(data, int | float) else None


def is_curve(points: Any) -> bool:
    """Whether these are points of the unit square."""
    return isinstance(points, list) and all(
        isinstance(point, list)
        and len(point) == 2
        and all(isinstance(one, int | float) and 0 <= one <= 1 for one in point)
        for point in points
    )
