"""Runs a suite of questions, stage by stage, and sums it up."""

import logging
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.corpora import Bench, Progress, bench_over
from eval.datasets.types import EvalQuestion, QuestionSet
from eval.document_cuts import DocumentCuts
from eval.endpoint_judge import STAGE as GRADED
from eval.endpoint_judge import EndpointJudge
from eval.improve import advice
from eval.plain_store import PlainStore
from eval.provenance import corpus_digest, describe, fingerprint
from eval.record_log import Record, RecordLog
from eval.refusal_stage import STAGE as REFUSAL
from eval.result import Result, write_result
from eval.retrieval_stage import STAGE as RETRIEVAL
from eval.sampling import sample, with_answer, without_answer
from eval.summary import ANSWER_STAGES, summarise

if TYPE_CHECKING:
    from assistant.settings import Settings

log = logging.getLogger(__name__)

RECORDS = "records"
# Of the questions that have no answer, one is answered in full for so many that have one.
ANSWERED_PER_UNANSWERABLE = 4
TUNING_QUESTIONS = 300


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured. `answers` and `baseline_answers` count questions with an answer; 0 leaves
    the language model out, None means all. `limit` restricts the whole suite."""

    limit: int | None = None
    answers: int | None = None
    baseline_answers: int | None = 12


@dataclass(frozen=True, slots=True)
class Finished:
    """Where a run's result is, and the result."""

    path: Path
    result: Result
    resumed: int


def run_questions(
    settings: "Settings",
    questions: QuestionSet,
    plan: Plan,
    out: Path,
    *,
    tuning: QuestionSet | None = None,
    name: str | None = None,
    judge: EndpointJudge | None = None,
    command: str = "",
    progress: Progress | None = None,
) -> Finished:
    """Measure a question set and write `<out>/<name>.json`.

    A run that was interrupted goes on where it stopped. Questions that fail are recorded as
    failed. `tuning` questions set the threshold of the refusal baseline and nothing else. `judge`
    is an optional model that grades our answers in a table of its own.

    Raises what opening the assistant and loading its models raise.
    """
    name = name or f"{questions.name}-{questions.part}"
    asked = sample(questions.questions, plan.limit)
    with bench_over(settings, questions.documents, questions.name, progress) as bench:
        with_model = plan.answers != 0 or plan.baseline_answers != 0
        made_by = describe(bench.assistant, with_language_model=with_model, command=command)
        mark = fingerprint(
            [made_by[part] for part in ("version", "models", "settings", "packages")],
            corpus_digest(bench.assistant),
            [question.id for question in asked],
            plan,
        )
        records = out / RECORDS / f"{name}.jsonl"
        with RecordLog(records, mark) as done:
            _run_stages(bench, asked, tuning, plan, done, progress)
            if judge is not None:
                _grade(asked, judge, done, progress)
            result = summarise(name, questions, asked, done, made_by)
            result["improve"] = advice(
                bench,
                done.of_stage(RETRIEVAL),
                done.of_stage(REFUSAL),
                done.of_stage(ANSWER_STAGES["ours"]),
                {question.id: question.text for question in asked},
            )
            result["records"] = f"{RECORDS}/{name}.jsonl"
            path = out / f"{name}.json"
            write_result(result, path)
            done.finish()
            return Finished(path, result, done.resumed)


def work_through(
    done: RecordLog,
    stage: str,
    questions: Iterable[EvalQuestion],
    measure: Callable[[EvalQuestion], Record],
    progress: Progress | None = None,
) -> None:
    """Record `measure` of each question that has no record yet; an exception is a failure."""
    todo = list(questions)
    for number, question in enumerate(todo, start=1):
        if not done.done(stage, question.id):
            about = {"stage": stage, "id": question.id, "question": question.text}
            started = time.perf_counter()
            found = _measured(question, measure)
            done.append(about | found | {"took": time.perf_counter() - started})
        if progress is not None:
            progress(number, len(todo), stage)


def _measured(question: EvalQuestion, measure: Callable[[EvalQuestion], Record]) -> dict[str, Any]:
    try:
        return measure(question)
    # Whatever goes wrong with one question is a failure of that question, not of the run.
    except Exception as error:
        log.warning("Question %s failed: %s", question.id, error, exc_info=True)
        return {
            "error": f"{type(error).__name__}: {error}",
            "kind": question.kind,
            "answerable": question.answerable,
        }


def _grade(
    asked: Sequence[EvalQuestion],
    judge: EndpointJudge,
    done: RecordLog,
    progress: Progress | None,
) -> None:
    answers = {record["id"]: record for record in done.of_stage(ANSWER_STAGES["ours"])}
    graded = [
        question
        for question in asked
        if question.id in answers and not answers[question.id].get("abstained", True)
    ]
    work_through(done, GRADED, graded, lambda one: judge.judge(answers[one.id]), progress)


def _run_stages(
    bench: Bench,
    asked: Sequence[EvalQuestion],
    tuning: QuestionSet | None,
    plan: Plan,
    done: RecordLog,
    progress: Progress | None,
) -> None:
    from eval import refusal_stage, retrieval_stage
    from eval.referees import open_judge

    plain = PlainStore(bench)
    cuts = DocumentCuts(bench, plain)
    judged = [question for question in asked if question.relevant or question.spans]
    if any(not done.done(retrieval_stage.STAGE, question.id) for question in judged):
        plain.fill()
    work_through(
        done,
        retrieval_stage.STAGE,
        judged,
        lambda question: retrieval_stage.search_all(bench, plain, cuts, question),
        progress,
    )
    if any(question.answerable is False for question in asked):
        judge = open_judge(bench)
        known = [question for question in asked if question.answerable is not None]
        work_through(
            done,
            refusal_stage.STAGE,
            known,
            lambda question: refusal_stage.judge_question(bench, judge, question),
            progress,
        )
        work_through(
            done,
            refusal_stage.TUNING_STAGE,
            sample(tuning.questions if tuning else (), TUNING_QUESTIONS),
            lambda question: refusal_stage.tune_question(bench, question),
            progress,
        )
    _run_answers(bench, plain, asked, plan, done, progress)


def _run_answers(
    bench: Bench,
    plain: PlainStore,
    asked: Sequence[EvalQuestion],
    plan: Plan,
    done: RecordLog,
    progress: Progress | None,
) -> None:
    if plan.answers == 0 and plan.baseline_answers == 0:
        return
    from assistant.answering.assemble import load_chat_model
    from eval.answer_stage import answer_record
    from eval.referees import open_referee
    from eval.writers import PlainChain, written_bare, written_by_us

    referee = open_referee(bench)
    # Loaded here, so that a model that is missing ends the run and is no failed question.
    _ = bench.assistant.chain
    work_through(
        done,
        ANSWER_STAGES["ours"],
        answered_sample(asked, plan.answers),
        lambda question: answer_record(question, written_by_us(bench, question), referee),
        progress,
    )
    compared = answered_sample(asked, plan.baseline_answers)
    if not compared:
        return
    model = load_chat_model(bench.assistant.settings)
    for stage, write in (
        (ANSWER_STAGES["langchain"], PlainChain(plain, model).write),
        (ANSWER_STAGES["bare"], lambda question: written_bare(bench, model, question)),
    ):
        work_through(
            done,
            stage,
            compared,
            lambda question, write=write: answer_record(question, write(question), referee),  # type: ignore[misc]
            progress,
        )


def answered_sample(questions: Sequence[EvalQuestion], size: int | None) -> list[EvalQuestion]:
    """`size` questions with an answer, and some without, in a fixed proportion."""
    if size == 0:
        return []
    without = without_answer(questions)
    share = None if size is None else size // ANSWERED_PER_UNANSWERABLE
    return sample(with_answer(questions), size) + sample(without, share)
