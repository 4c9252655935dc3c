"""`assistant eval` from outside."""

import json

import pytest
from click.testing import CliRunner

from assistant.cli import cli
from assistant.serving.feedback import FeedbackStore
from eval.cli import command
from eval.result import SCHEMA, table, write_result


@pytest.fixture
def call():
    runner = CliRunner()

    def calling(*arguments: object):
        return runner.invoke(command, [str(one) for one in arguments])

    return calling


@pytest.fixture
def results(tmp_path):
    paths = []
    for name, value in (("before", 1.0), ("after", 0.0)):
        scores = {"ours": {"key facts": {f"q{n}": value for n in range(20)}}}
        result = {
            "schema": SCHEMA,
            "name": name,
            "suite": "bank",
            "part": "dev",
            "note": "",
            "made_by": {"date": "now", "version": name, "command": ""},
            "counts": {"questions": 20, "kinds": {}, "stages": {}},
            "tables": {"answers": table("Answers", {"ours": "our assistant"}, scores)},
            "scores": {"answers": scores},
        }
        write_result(result, tmp_path / f"{name}.json")
        paths.append(tmp_path / f"{name}.json")
    return paths


def test_the_program_finds_the_command():
    found = CliRunner().invoke(cli, ["eval", "--help"])
    assert found.exit_code == 0
    assert {"compare", "gate", "questions", "report", "run"} <= set(found.output.split())


def test_compare_tells_what_got_worse_and_what_differs(call, results):
    found = call("compare", *results)
    assert found.exit_code == 0
    assert "worse" in found.output
    assert "1.000 -> 0.000" in found.output
    assert "version: before -> after" in found.output


def test_compare_for_programs(call, results):
    found = json.loads(call("compare", *results, "--json").output)
    assert found["changes"][0]["verdict"] == "worse"
    assert found["changes"][0]["difference"]["test"] == "McNemar"


def test_the_report_is_one_page(call, results, tmp_path):
    found = call("report", *results, "--html", tmp_path / "page.html")
    assert found.exit_code == 0
    assert "before → after" in (tmp_path / "page.html").read_text()


def test_questions_are_made_from_feedback(call, own_home, tmp_path):
    FeedbackStore(own_home).add("like", "Do cats purr?", "They do.")
    found = call("questions", tmp_path / "mine.jsonl")
    assert "1 questions written" in found.output
    assert json.loads((tmp_path / "mine.jsonl").read_text())["answer"] == "They do."


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["run", "--suite", "beir"], "needs a folder"),
        (["run", "--suite", "questions"], "needs a file of questions"),
        (["run", "--suite", "images"], "needs a folder"),
        (["run", "--suite", "bank", "--part", "train"], "no part 'train'"),
        (["run", "--suite", "squad2", "--data", "nowhere"], "no SQuAD2 file"),
        (["compare", "nothing.json", "nothing.json"], "no result nothing.json"),
    ],
)
def test_what_is_missing_is_said(call, arguments, message):
    error = call(*arguments).exception
    assert error is not None
    assert message in str(error)
