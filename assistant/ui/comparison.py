"""Two evaluation runs beside each other: what changed, and whether it is more than chance."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from html import escape
from itertools import groupby
from pathlib import Path
from typing import Any

# The evaluation stands above this floor, so it is asked through the program and not imported.
PROGRAM = (sys.executable, "-c", "from assistant.cli import main; main()", "eval", "compare")
SECONDS = 120
VERDICTS = {"better": "▲ better", "worse": "▼ worse", "same": "no sure change"}


def compare_files(a: Path, b: Path) -> Mapping[str, Any] | str:
    """What `assistant eval compare` says of two result files, or why it cannot."""
    try:
        ended = subprocess.run(
            [*PROGRAM, str(a), str(b), "--json"],
            capture_output=True,
            text=True,
            timeout=SECONDS,
            stdin=subprocess.DEVNULL,
        )
    except subprocess.TimeoutExpired:
        return f"Comparing took longer than {SECONDS} seconds."
    if ended.returncode != 0:
        return (ended.stderr.strip().splitlines() or ["Comparing failed."])[-1]
    return json.loads(ended.stdout)


def comparison_html(a: str, b: str, comparison: Mapping[str, Any] | str) -> str:
    """The changes from run `a` to run `b`: a table for each part and system, and what differs."""
    if isinstance(comparison, str):
        return f'<p class="problem" role="alert">{escape(comparison)}</p>'
    changes = comparison["changes"]
    if not changes:
        return '<p class="hint" role="status">The two runs asked no question in common.</p>'
    html = (
        f'<p class="hint" role="status">From {escape(a)} to {escape(b)}, on what both '
        "asked. A change is called better or worse where p &lt; 0.05.</p>"
    )
    for (group, system), of_system in groupby(changes, lambda one: (one["group"], one["system"])):
        html += changes_html(f"{group}: {system}", list(of_system))
    rows = "".join(
        f"<tr><th scope='row'>{escape(name)}</th><td>{escape(before)}</td>"
        f"<td>{escape(after)}</td></tr>"
        for name, before, after in comparison["differs"]
    )
    if rows:
        html += (
            "<details><summary>What differs between the runs</summary>"
            "<div class='wide' tabindex='0' role='region' aria-label='What differs'><table>"
            f"<tr><th scope='col'>Setting</th><th scope='col'>{escape(a)}</th>"
            f"<th scope='col'>{escape(b)}</th></tr>{rows}</table></div></details>"
        )
    return html


def changes_html(title: str, changes: Sequence[Mapping[str, Any]]) -> str:
    """A table of changes: a row for each metric."""
    title = escape(title, quote=True)
    rows = "".join(change_html(one["metric"], one["difference"], one["verdict"]) for one in changes)
    columns = ("Metric", "Before", "After", "Change, 95 % interval", "p", "Questions", "Verdict")
    head = "".join(f"<th scope='col'>{name}</th>" for name in columns)
    return (
        f"<h2>{title}</h2><div class='wide' tabindex='0' role='region' aria-label='{title}'>"
        f"<table><tr>{head}</tr>{rows}</table></div>"
    )


def change_html(metric: str, difference: Mapping[str, Any], verdict: str) -> str:
    """What became of one metric."""
    a, b, low, high, p = (float(difference[name]) for name in ("a", "b", "low", "high", "p"))
    return (
        f"<tr class='{escape(verdict, quote=True)}'><th scope='row'>{escape(metric)}</th>"
        f"<td>{a:.3f}</td><td>{b:.3f}</td>"
        f"<td>{b - a:+.3f} <span class='place'>{low:+.3f} to {high:+.3f}</span></td>"
        f"<td>{p:.3f}</td><td>{int(difference['n'])}</td>"
        f"<td>{VERDICTS.get(verdict, escape(verdict))}</td></tr>"
    )
