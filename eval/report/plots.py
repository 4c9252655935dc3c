"""Plots as inline SVG: no script, no font and no picture from elsewhere. Colours are the page's."""

from collections.abc import Mapping, Sequence
from html import escape
from math import ceil
from typing import Any

WIDTH, HEIGHT = 420, 300
_HEADROOM = 1.25
LEFT, RIGHT, TOP, BOTTOM = 46, 14, 12, 40


def interval_bar(value: Mapping[str, Any], *, ours: bool, largest: float = 1.0) -> str:
    """A figure as a dot on a line from 0 to `largest`, with its interval."""
    if value["value"] is None:
        return ""
    width, height, margin = 150, 16, 6

    def x(figure: float) -> float:
        return margin + max(0.0, min(1.0, figure / largest)) * (width - 2 * margin)

    kind = "ours" if ours else "other"
    low = value["low"] if value["low"] is not None else value["value"]
    high = value["high"] if value["high"] is not None else value["value"]
    return (
        f'<svg class="bar {kind}" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" aria-hidden="true">'
        f'<line class="rail" x1="{x(0):.1f}" x2="{x(largest):.1f}" y1="8" y2="8"/>'
        f'<line class="range" x1="{x(low):.1f}" x2="{x(high):.1f}" y1="8" y2="8"/>'
        f'<circle class="dot" cx="{x(value["value"]):.1f}" cy="8" r="4"/></svg>'
    )


def lines(
    curves: Mapping[str, Sequence[Sequence[float]]],
    labels: Mapping[str, str],
    x_label: str,
    y_label: str,
    *,
    y_largest: float = 1.0,
) -> str:
    """Curves of (x, y) in [0, 1] by [0, y_largest], with a legend."""
    parts = [_axes(x_label, y_label, y_largest)]
    for place, (name, points) in enumerate(curves.items()):
        path = " ".join(f"{_x(x):.1f},{_y(y / y_largest):.1f}" for x, y in points)
        parts.append(f'<polyline class="curve c{place}" points="{path}"/>')
        parts.append(_legend(place, labels[name]))
    return _figure(parts, f"{y_label} by {x_label}")


def reliability(bins: Sequence[Mapping[str, float]], y_label: str) -> str:
    """The share of true cases by the probability given; dots grow with the cases in them."""
    parts = [_axes("probability given", y_label, 1.0)]
    parts.append(f'<line class="ideal" x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}"/>')
    most = max((one["n"] for one in bins), default=1)
    points = " ".join(
        f"{_x(one['mean_probability']):.1f},{_y(one['share_answerable']):.1f}" for one in bins
    )
    parts.append(f'<polyline class="curve c0" points="{points}"/>')
    parts += [
        f'<circle class="dot c0" cx="{_x(one["mean_probability"]):.1f}" '
        f'cy="{_y(one["share_answerable"]):.1f}" r="{3 + 6 * (one["n"] / most) ** 0.5:.1f}">'
        f"<title>{one['n']} cases: {one['mean_probability']:.2f} given, "
        f"{one['share_answerable']:.2f} true</title></circle>"
        for one in bins
    ]
    return _figure(parts, "reliability diagram")


def histogram(values: Mapping[str, Sequence[float]], x_label: str, bins: int = 20) -> str:
    """How values in [0, 1] are distributed, one colour for each name."""
    counts = {
        name: [
            sum(min(int(value * bins), bins - 1) == place for value in of_name)
            for place in range(bins)
        ]
        for name, of_name in values.items()
    }
    highest = max((count for of_name in counts.values() for count in of_name), default=0)
    # Room for the legend above the columns, and whole numbers at the four ticks.
    most = 4 * ceil(max(1, highest) * _HEADROOM / 4)
    parts = [_axes(x_label, "questions", float(most))]
    width = (WIDTH - LEFT - RIGHT) / bins / max(1, len(counts))
    for series, (name, of_name) in enumerate(counts.items()):
        for place, count in enumerate(of_name):
            if count:
                x = _x(place / bins) + series * width
                y = _y(count / most)
                parts.append(
                    f'<rect class="column c{series}" x="{x:.1f}" y="{y:.1f}" '
                    f'width="{width * 0.92:.1f}" height="{_y(0) - y:.1f}">'
                    f"<title>{escape(name)}: {count}</title></rect>"
                )
        parts.append(_legend(series, name))
    return _figure(parts, f"distribution of {x_label}")


def stage_bars(stages: Mapping[str, Mapping[str, float]]) -> str:
    """The median of each stage as a bar, the 95th percentile as a line."""
    row, left, width = 24, 130, 560
    longest = max((one["p95"] for one in stages.values()), default=1.0) or 1.0
    scale = (width - left - 160) / longest
    parts = []
    for place, (stage, one) in enumerate(stages.items()):
        y = place * row
        parts.append(
            f'<text x="{left - 8}" y="{y + 16}" text-anchor="end">{escape(stage)}</text>'
            f'<rect class="column c0" x="{left}" y="{y + 5}" height="14" '
            f'width="{max(1.0, one["median"] * scale):.1f}"/>'
            f'<line class="range" x1="{left}" x2="{left + one["p95"] * scale:.1f}" '
            f'y1="{y + 12}" y2="{y + 12}"/>'
            f'<text x="{left + one["p95"] * scale + 8:.1f}" y="{y + 16}">'
            f"{one['median']:.2f} s (p95 {one['p95']:.2f})</text>"
        )
    height = row * len(stages) + 4
    return (
        f'<svg class="plot wide" viewBox="0 0 {width} {height}" role="img" '
        f'aria-label="seconds by stage">{"".join(parts)}</svg>'
    )


def _x(value: float) -> float:
    return LEFT + value * (WIDTH - LEFT - RIGHT)


def _y(value: float) -> float:
    return HEIGHT - BOTTOM - value * (HEIGHT - TOP - BOTTOM)


def _axes(x_label: str, y_label: str, y_largest: float) -> str:
    parts = []
    for tick in (0, 0.25, 0.5, 0.75, 1):
        shown = tick * y_largest
        text = f"{shown:.0f}" if y_largest > 4 else f"{shown:.2f}"
        parts.append(
            f'<line class="grid" x1="{_x(0)}" x2="{_x(1)}" y1="{_y(tick):.1f}" '
            f'y2="{_y(tick):.1f}"/>'
            f'<text class="tick" x="{LEFT - 6}" y="{_y(tick) + 4:.1f}" text-anchor="end">{text}'
            f'</text><text class="tick" x="{_x(tick):.1f}" y="{HEIGHT - BOTTOM + 16}" '
            f'text-anchor="middle">{tick:.2f}</text>'
        )
    parts.append(
        f'<text class="axis" x="{_x(0.5)}" y="{HEIGHT - 6}" text-anchor="middle">'
        f"{escape(x_label)}</text>"
        f'<text class="axis" transform="translate(12 {_y(0.5)}) rotate(-90)" '
        f'text-anchor="middle">{escape(y_label)}</text>'
    )
    return "".join(parts)


def _legend(place: int, label: str) -> str:
    y = TOP + 8 + place * 17
    return (
        f'<rect class="column c{place}" x="{LEFT + 10}" y="{y - 5}" width="14" height="8"/>'
        f'<text class="legend" x="{LEFT + 30}" y="{y + 3}">{escape(label)}</text>'
    )


def _figure(parts: Sequence[str], label: str) -> str:
    return (
        f'<svg class="plot" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )
