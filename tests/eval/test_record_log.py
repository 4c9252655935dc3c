"""A run that was interrupted loses nothing but the question it was at."""

from eval.datasets.types import EvalQuestion
from eval.record_log import RecordLog, read_records
from eval.run import work_through

QUESTIONS = [EvalQuestion(f"q{number}", f"question {number}") for number in range(5)]


def test_an_interrupted_run_goes_on_where_it_stopped(tmp_path):
    path = tmp_path / "run.jsonl"

    def until_interrupted(question):
        if question.id == "q3":
            raise KeyboardInterrupt
        return {"value": question.id}

    log = RecordLog(path, "a")
    try:
        work_through(log, "stage", QUESTIONS, until_interrupted)
    except KeyboardInterrupt:
        log.close()
    asked = []
    with RecordLog(path, "a") as log:
        assert log.resumed == 3
        work_through(log, "stage", QUESTIONS, lambda question: asked.append(question.id) or {})
    assert asked == ["q3", "q4"]
    assert [record["id"] for record in read_records(path)] == [one.id for one in QUESTIONS]


def test_a_record_that_a_crash_cut_off_is_made_again(tmp_path):
    path = tmp_path / "run.jsonl"
    with RecordLog(path, "a") as log:
        log.append({"stage": "s", "id": "q1", "value": 1})
        log.append({"stage": "s", "id": "q2", "value": 2})
    path.write_bytes(path.read_bytes()[:-9])
    with RecordLog(path, "a") as log:
        assert log.done("s", "q1")
        assert not log.done("s", "q2")
        log.append({"stage": "s", "id": "q2", "value": 3})
    assert [record["value"] for record in read_records(path)] == [1, 3]


def test_another_run_or_a_finished_one_begins_anew(tmp_path):
    path = tmp_path / "run.jsonl"
    with RecordLog(path, "a") as log:
        log.append({"stage": "s", "id": "q1"})
    with RecordLog(path, "b") as log:
        assert log.resumed == 0
        log.append({"stage": "s", "id": "q1"})
        log.finish()
    with RecordLog(path, "b") as log:
        assert log.resumed == 0


def test_a_failed_question_is_recorded_and_tried_again_when_the_run_goes_on(tmp_path):
    path = tmp_path / "run.jsonl"

    def fail(question):
        raise ValueError("no")

    with RecordLog(path, "a") as log:
        work_through(log, "s", QUESTIONS[:2], fail)
        assert [record["error"] for record in log.of_stage("s")] == ["ValueError: no"] * 2
    with RecordLog(path, "a") as log:
        work_through(log, "s", QUESTIONS[:2], lambda question: {"value": 1})
        assert all("error" not in record for record in log.of_stage("s"))
        assert len(log.of_stage("s")) == 2


def test_progress_counts_every_question_once(tmp_path):
    seen = []
    with RecordLog(tmp_path / "run.jsonl", "a") as log:
        log.append({"stage": "s", "id": "q0"})
        work_through(log, "s", QUESTIONS, lambda _: {}, lambda *now: seen.append(now))
    assert seen == [(number, 5, "s") for number in range(1, 6)]
