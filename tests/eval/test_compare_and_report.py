"""Results are compared question by question, and shown without anything from elsewhere."""

import json
import re

import pytest

from eval.compare import changes, what_differs
from eval.datasets.types import DataSetError
from eval.gate import compare_with_baseline
from eval.record_log import RecordLog
from eval.report.page import write_report
from eval.result import SCHEMA, read_result, table, write_result


def result(name, values, **made_by):
    scores = {"ours": {"key facts": values}}
    return {
        "schema": SCHEMA,
        "name": name,
        "suite": "bank",
        "part": "dev",
        "note": "",
        "made_by": {"date": "now", "version": "1", "command": "", "models": made_by},
        "counts": {
            "questions": len(values),
            "kinds": {"answerable": len(values)},
            "stages": {"answers": {"asked": len(values), "failed": 0}},
        },
        "tables": {"answers": table("Answers", {"ours": "our assistant"}, scores)},
        "scores": {"answers": scores, "retrieval": {}, "refusal": {}},
        "records": f"records/{name}.jsonl",
    }


GOOD = {f"q{n}": 1.0 for n in range(30)}
WORSE = {f"q{n}": float(n % 3 == 0) for n in range(30)}


def test_a_loss_is_called_worse_and_the_same_is_called_same():
    (change,) = changes(result("a", GOOD), result("b", WORSE))
    assert change.verdict == "worse"
    (change,) = changes(result("a", GOOD), result("b", GOOD))
    assert change.verdict == "same"


def test_for_some_figures_more_is_worse():
    before, after = result("a", WORSE), result("b", GOOD)
    for one in (before, after):
        ours = one["scores"]["answers"]["ours"]
        ours["withheld sentences"] = ours.pop("key facts")
    (change,) = changes(before, after)
    assert change.verdict == "worse"


def test_what_was_set_differently_is_listed():
    differs = what_differs(result("a", GOOD, llm="x"), result("b", GOOD, llm="y"))
    assert differs == [("models.llm", "x", "y")]


def test_the_gate_fails_on_a_loss_and_on_failed_questions():
    baseline = result("a", GOOD)
    assert compare_with_baseline(result("b", GOOD), baseline).passed
    lost = compare_with_baseline(result("b", WORSE), baseline)
    assert not lost.passed
    assert "key facts" in lost.explained()
    failed = result("b", GOOD)
    failed["counts"]["stages"]["answers"]["failed"] = 1
    assert not compare_with_baseline(failed, baseline).passed


def test_the_gate_takes_account_of_how_many_figures_it_tests():
    # One loss of 7 in 30 has McNemar's p = 0.016: enough alone, too little among twenty figures.
    slightly = {one: float(int(one[1:]) >= 7) for one in GOOD}
    alone = compare_with_baseline(result("b", slightly), result("a", GOOD))
    assert not alone.passed
    before, after = result("a", GOOD), result("b", slightly)
    for number in range(20):
        for one in (before, after):
            one["scores"]["answers"]["ours"][f"other {number}"] = GOOD
    assert compare_with_baseline(after, before).passed


def test_the_gate_does_not_look_at_the_clock():
    before, after = result("a", GOOD), result("b", GOOD)
    before["scores"]["answers"]["ours"]["seconds"] = dict.fromkeys(GOOD, 1.0)
    after["scores"]["answers"]["ours"]["seconds"] = dict.fromkeys(GOOD, 30.0)
    assert compare_with_baseline(after, before).passed


def test_the_gate_refuses_a_baseline_about_other_questions():
    baseline = result("a", GOOD)
    baseline["scores"]["retrieval"] = {"ours": {"nDCG@10": GOOD}}
    with pytest.raises(DataSetError, match="other questions"):
        compare_with_baseline(result("b", GOOD), baseline)


def test_a_result_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "a.json"
    written = result("a", {"q1": 0.5}) | {"empty": float("nan")}
    write_result(written, path)
    found = read_result(tmp_path / "a")
    assert found["scores"] == written["scores"]
    assert found["empty"] is None
    assert [file.name for file in tmp_path.iterdir()] == ["a.json"]


@pytest.mark.parametrize("content", ["{", "[]", '{"schema": 0}'])
def test_what_is_no_result_is_refused(tmp_path, content):
    (tmp_path / "a.json").write_text(content)
    with pytest.raises(DataSetError, match="no result"):
        read_result(tmp_path / "a.json")


HOSTILE = "<script>alert(1)</script><img src=x onerror=alert(2)>"


def test_the_page_escapes_documents_and_answers_and_asks_no_other_host(tmp_path):
    write_result(result("a", {"q1": 0.0, "q2": 1.0}), tmp_path / "a.json")
    write_result(result("b", {"q1": 1.0, "q2": 1.0}), tmp_path / "b.json")
    answer = {
        "stage": "answers",
        "kind": "answerable",
        "answerable": True,
        "question": HOSTILE,
        "history": [],
        "text": HOSTILE,
        "draft": HOSTILE,
        "abstained": False,
        "sentences": [
            {
                "text": HOSTILE,
                "support": 0.2,
                "supported": False,
                "citations": [{"document_id": HOSTILE, "start": 0, "end": 1, "read_as": HOSTILE}],
            }
        ],
        "hits": [
            {
                "document_id": "d",
                "title": HOSTILE,
                "start": 0,
                "end": 1,
                "text": HOSTILE,
                "score": 1.0,
            }
        ],
    }
    with RecordLog(tmp_path / "records" / "a.jsonl", "x") as log:
        log.append(answer | {"id": "q1"})
        log.append({"stage": "answers", "id": "q2", "error": "ValueError: no", "question": "ok?"})
    page = write_report([tmp_path / "a.json", tmp_path / "b.json"], tmp_path / "page.html")
    text = page.read_text()
    assert HOSTILE not in text
    assert "<img" not in text
    assert text.count("<script") == 1
    assert not re.findall(r"""<\w[^>]*\s(?:src|href)="(?!#)""", text)
    assert not re.findall(r"https?://|url\(|@import", text)
    assert text.index("failed") < text.index("answered in part")
    assert "a → b" in text


def test_the_json_of_a_result_knows_no_nan(tmp_path):
    write_result(result("a", {"q1": float("nan")}), tmp_path / "a.json")

    def no_constant(name):
        raise AssertionError(name)

    json.loads((tmp_path / "a.json").read_text(), parse_constant=no_constant)
