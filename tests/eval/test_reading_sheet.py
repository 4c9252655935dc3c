"""A person judges answers on a sheet, and the sheet is counted."""

import csv
import json

import pytest
from click.testing import CliRunner

from eval.cli import command
from eval.datasets.types import DataSetError
from eval.reading_sheet import read_sheet, write_sheet
from eval.record_log import RecordLog
from eval.result import SCHEMA, write_result

EXACT = 1e-6
TEXT = "=1+1 is no formula. Cats purr. Dogs bark."


def answer(name, sentences, **more):
    """An answer whose sentences cite spans of TEXT."""
    return {
        "stage": "answers",
        "id": name,
        "kind": "answerable",
        "question": f"Question {name}?",
        "history": [],
        "abstained": False,
        "hits": [{"document_id": "d", "start": 100, "end": 100 + len(TEXT), "text": TEXT}],
        "sentences": [
            {
                "text": text,
                "citations": [
                    {"document_id": "d", "start": 100 + a, "end": 100 + b, "read_as": "in context"}
                    for a, b in spans
                ],
            }
            for text, spans in sentences
        ],
    } | more


def rows_of(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def fill(path, verdicts):
    rows = rows_of(path)
    for row, (supported, relevant) in zip(rows, verdicts, strict=True):
        row["supported"], row["relevant"] = supported, relevant
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


TWO = (
    answer("a", [("Cats purr.", [(20, 30), (31, 41)]), ("Nothing is cited.", [])]),
    answer("b", [("Dogs bark.", [(31, 41)])]),
)


def test_each_citation_has_a_row_with_its_very_words(tmp_path):
    assert write_sheet(TWO, tmp_path / "s.csv") == 2
    rows = rows_of(tmp_path / "s.csv")
    assert [(row["id"], row["sentence_number"], row["quote"]) for row in rows] == [
        ("a", "1", "Cats purr."),
        ("a", "1", "Dogs bark."),
        ("a", "2", ""),
        ("b", "1", "Dogs bark."),
    ]
    assert {row["supported"] + row["relevant"] for row in rows} == {""}


def test_a_filled_sheet_by_hand(tmp_path):
    sheet = tmp_path / "s.csv"
    write_sheet(TWO, sheet)
    fill(sheet, [("yes", "yes"), ("", "no"), ("no", ""), (" Partly ", "YES")])
    scores = read_sheet(sheet)
    # a: 1 of 2 sentences, 1 of 2 citations; b: a part of its sentence, 1 of 1 citation.
    assert scores.metrics["citation recall"].value == pytest.approx((0.5 + 0) / 2, abs=EXACT)
    half = scores.metrics["citation recall, partly as half"].value
    assert half == pytest.approx((0.5 + 0.5) / 2, abs=EXACT)
    assert scores.metrics["citation precision"].value == pytest.approx((0.5 + 1) / 2, abs=EXACT)
    assert scores.metrics["citation precision"].low == 0.5
    assert scores.unjudged == 0


def test_answers_without_all_verdicts_are_left_out_and_counted(tmp_path):
    sheet = tmp_path / "s.csv"
    write_sheet(TWO, sheet)
    fill(sheet, [("yes", "yes"), ("", ""), ("no", ""), ("yes", "yes")])
    scores = read_sheet(sheet)
    assert scores.unjudged == 1
    assert scores.by_answer["citation recall"] == {"b": 1.0}


def test_an_empty_sheet_and_a_wrong_word_are_told(tmp_path):
    sheet = tmp_path / "s.csv"
    write_sheet(TWO, sheet)
    with pytest.raises(DataSetError, match="has all its verdicts"):
        read_sheet(sheet)
    fill(sheet, [("yes", "perhaps"), ("", ""), ("", ""), ("", "")])
    with pytest.raises(DataSetError, match="line 2: relevant is yes, no, not 'perhaps'"):
        read_sheet(sheet)
    (tmp_path / "other.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataSetError, match="no reading sheet"):
        read_sheet(tmp_path / "other.csv")


def test_no_cell_is_a_formula(tmp_path):
    write_sheet([answer("a", [("=2+3", [(0, 19)])])], tmp_path / "s.csv")
    (row,) = rows_of(tmp_path / "s.csv")
    assert (row["sentence"], row["quote"]) == ("'=2+3", "'=1+1 is no formula.")


def test_refused_and_failed_questions_are_not_on_the_sheet(tmp_path):
    refused = answer("r", [("No.", [])], abstained=True)
    failed = {"stage": "answers", "id": "f", "error": "x"}
    assert write_sheet([*TWO, refused, failed], tmp_path / "s.csv") == 2
    with pytest.raises(DataSetError, match="no answers"):
        write_sheet([refused, failed], tmp_path / "s.csv")


def test_the_sample_is_the_same_each_time(tmp_path):
    many = [answer(f"q{number}", [("Cats purr.", [(20, 30)])]) for number in range(30)]
    write_sheet(many, tmp_path / "one.csv", 7)
    write_sheet(many[::-1], tmp_path / "two.csv", 7)
    one, two = ({row["id"] for row in rows_of(tmp_path / f"{name}.csv")} for name in ("one", "two"))
    assert one == two
    assert len(one) == 7


def test_the_commands(tmp_path):
    result = {
        "schema": SCHEMA,
        "name": "run",
        "records": "records/run.jsonl",
        "scores": {"answers": {"ours": {"citation recall": {"a": 1.0, "b": 1.0}}}},
    }
    write_result(result, tmp_path / "run.json")
    with RecordLog(tmp_path / "records" / "run.jsonl", "x") as log:
        for one in TWO:
            log.append(one)
    sheet = tmp_path / "sheet.csv"
    runner = CliRunner()
    written = runner.invoke(command, ["sheet", str(tmp_path / "run"), "--out", str(sheet)])
    assert "2 answers written" in written.output
    fill(sheet, [("yes", "yes"), ("", "yes"), ("yes", ""), ("no", "yes")])
    arguments = ["sheet-score", str(sheet), "--run", str(tmp_path / "run.json")]
    told = runner.invoke(command, arguments)
    assert "citation recall                          0.500  [0.000, 1.000]  n=2" in told.output
    assert "by our checker                         1.000" in told.output
    found = json.loads(runner.invoke(command, [*arguments, "--json"]).output)
    assert found["by_reader"]["citation precision"]["value"] == 1
