"""The quality tab reads result files of any state."""

import json
from pathlib import Path

import pytest

from assistant.ui.comparison import compare_files, comparison_html
from assistant.ui.quality import figure_html, read_runs, run_html

RESULTS = Path(__file__).parents[2] / "eval" / "results"
RESULT = {
    "suite": "bank",
    "counts": {"questions": 3},
    "tables": {
        "retrieval": {
            "title": "Retrieval <b>",
            "systems": {"ours": "our assistant"},
            "metrics": {"recall@1": "higher", "words": "neither"},
            "values": {"ours": {"recall@1": {"value": 0.9, "low": 0.8, "high": 0.95, "n": 3}}},
        }
    },
    "risk_coverage": {"ours": [[0.1, 0.0], [1.0, 0.2]], "broken": [[2]]},
}


def write(folder: Path, name: str, text: str) -> None:
    (folder / name).write_text(text, encoding="utf-8")


def test_a_run_is_shown_with_figures_intervals_and_curves(tmp_path: Path) -> None:
    write(tmp_path, "run.json", json.dumps(RESULT))
    html = run_html(read_runs(tmp_path)[0])
    assert "0.900" in html
    assert "0.800 to 0.950" in html
    assert "higher is better" in html
    assert "Retrieval &lt;b&gt;" in html
    assert html.count("<polyline") == 1


def test_files_that_are_no_results_are_passed_over(tmp_path: Path) -> None:
    write(tmp_path, "good.json", json.dumps(RESULT))
    for name, text in (("a", "{"), ("b", "[]"), ("c", '{"tables": 1}'), ("d", "\x00")):
        write(tmp_path, f"{name}.json", text)
    assert [run.name for run in read_runs(tmp_path)] == ["good"]
    assert read_runs(tmp_path / "missing") == []


def test_parts_of_another_form_leave_their_place_empty() -> None:
    assert figure_html({}) == "-"
    assert figure_html({"value": None}) == "-"
    assert figure_html({"value": 12.5}) == "12.500"


@pytest.mark.slow
def test_two_runs_are_compared_by_what_both_asked() -> None:
    compared = compare_files(RESULTS / "clapnq-report.json", RESULTS / "clapnq-report.json")
    assert not isinstance(compared, str)
    html = comparison_html("before", "after", compared)
    assert "From before to after" in html
    assert html.count("<tr class='same'>") == len(compared["changes"]) > 5
    assert "better</td>" not in html


def test_a_change_is_shown_with_its_interval_and_its_verdict_in_words() -> None:
    difference = {"a": 0.5, "b": 0.75, "low": 0.1, "high": 0.4, "p": 0.01, "n": 40, "test": "t"}
    change = {"group": "g", "system": "<s>", "metric": "recall@1", "difference": difference}
    differs = [["model", "<old>", "new"]]
    html = comparison_html(
        "a", "b", {"changes": [change | {"verdict": "better"}], "differs": differs}
    )
    assert "+0.250" in html
    assert "+0.100 to +0.400" in html
    assert "▲ better" in html
    assert "&lt;s&gt;" in html
    assert "&lt;old&gt;" in html


def test_results_that_cannot_be_compared_are_said_to_be_so(tmp_path: Path) -> None:
    write(tmp_path, "a.json", "{}")
    compared = compare_files(tmp_path / "a.json", tmp_path / "missing.json")
    assert isinstance(compared, str)
    assert 'role="alert"' in comparison_html("a", "b", compared)
    assert "no question in common" in comparison_html("a", "b", {"changes": [], "differs": []})
