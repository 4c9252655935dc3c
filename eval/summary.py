"""From the records of a run to its result: tables, curves, and the scores of each question."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from eval import refusal_stage, retrieval_stage
from eval.answer_stage import figures_by_metric
from eval.datasets.types import EvalQuestion, QuestionSet
from eval.endpoint_judge import STAGE as GRADED
from eval.metrics.intervals import mean_interval
from eval.metrics.speed import stage_quantiles
from eval.planted_stage import LABELS as PLANTED_LABELS
from eval.planted_stage import STAGE as PLANTED_STAGE
from eval.planted_stage import planted_scores
from eval.record_log import Record, RecordLog
from eval.result import SCHEMA, Result, interval_data, interval_table, table
from eval.writers import LABELS

ANSWER_STAGES = {
    "ours": "answers",
    "langchain": "answers of LangChain",
    "bare": "answers of the bare model",
}


def summarise(
    name: str,
    questions: QuestionSet,
    asked: Sequence[EvalQuestion],
    done: RecordLog,
    made_by: Mapping[str, Any],
) -> Result:
    """The result of a run over a question set."""
    result: Result = {
        "schema": SCHEMA,
        "name": name,
        "suite": questions.name,
        "part": questions.part,
        "note": questions.note,
        "made_by": dict(made_by),
        "counts": _counts(asked, done),
        "tables": {},
        "scores": {},
    }
    _add_retrieval(result, asked, done)
    _add_refusal(result, done)
    _add_planted(result, done)
    _add_answers(result, asked, done)
    _add_graded(result, done)
    return result


def _counts(asked: Sequence[EvalQuestion], done: RecordLog) -> dict[str, Any]:
    return {
        "questions": len(asked),
        "kinds": dict(Counter(question.kind for question in asked)),
        "stages": done.counts(),
    }


def _add_retrieval(result: Result, asked: Sequence[EvalQuestion], done: RecordLog) -> None:
    records = _by_id(done, retrieval_stage.STAGE)
    searched = [question for question in asked if question.id in records]
    if not searched:
        return
    scores = retrieval_stage.retrieval_scores(searched, records)
    labels = retrieval_stage.LABELS
    result["tables"]["retrieval"] = table("Retrieval", labels, scores)
    result["scores"]["retrieval"] = scores
    result["by_kind"] = result.get("by_kind", {}) | {
        "retrieval": _retrieval_by_kind(searched, scores)
    }
    seconds = [record["seconds"] for record in records.values() if "error" not in record]
    result["search_seconds"] = _quantiles(seconds)


def _retrieval_by_kind(
    searched: Sequence[EvalQuestion], scores: Mapping[str, Mapping[str, Mapping[str, float]]]
) -> dict[str, Any]:
    kinds: dict[str, Any] = {}
    ours = scores["ours"]
    for kind in dict.fromkeys(question.kind for question in searched):
        ids = [question.id for question in searched if question.kind == kind]
        kinds[kind] = {
            metric: interval_data(mean_interval([by_id[one] for one in ids if one in by_id]))
            for metric, by_id in ours.items()
        }
    return kinds


def _add_refusal(result: Result, done: RecordLog) -> None:
    records = done.of_stage(refusal_stage.STAGE)
    if not records:
        return
    tuning = done.of_stage(refusal_stage.TUNING_STAGE)
    results = refusal_stage.refusal_results(records, tuning)
    result["tables"]["refusal"] = interval_table(
        "Refusing what has no answer",
        refusal_stage.LABELS,
        {
            system: {name: interval_data(one) for name, one in of_system["metrics"].items()}
            for system, of_system in results.items()
        },
    )
    result["tables"]["refused"] = refusal_stage.refused_table(
        records,
        results["top score"].get("threshold"),
        [one for one in done.of_stage(ANSWER_STAGES["ours"]) if one["answerable"] is not None],
    )
    result["risk_coverage"] = {
        system: of_system["risk_coverage"] for system, of_system in results.items()
    }
    result["reliability"] = results["ours"]["reliability"]
    result["confidence"] = {
        "answerable": [r.get("score", 0.0) for r in records if r["answerable"]],
        "without answer": [r.get("score", 0.0) for r in records if not r["answerable"]],
    }
    result["scores"]["refusal"] = refusal_stage.scores_by_id(results)
    kinds = {"refusal": refusal_stage.by_kind(records)}
    result["by_kind"] = result.get("by_kind", {}) | kinds


def _add_planted(result: Result, done: RecordLog) -> None:
    records = _by_id(done, PLANTED_STAGE)
    if records:
        scores = planted_scores(records)
        result["tables"]["planted"] = table("Planted claims", PLANTED_LABELS, scores)
        result["scores"]["planted"] = scores


def _add_answers(result: Result, asked: Sequence[EvalQuestion], done: RecordLog) -> None:
    scores: dict[str, dict[str, dict[str, float]]] = {}
    speed: dict[str, Any] = {}
    for system, stage in ANSWER_STAGES.items():
        records = _by_id(done, stage)
        if not records:
            continue
        scores[system] = figures_by_metric(asked, records)
        whole = [record for record in records.values() if "error" not in record]
        rates = [r["tokens_per_second"] for r in whole if r.get("tokens_per_second")]
        speed[system] = {
            "stages": stage_quantiles(record["timings"] for record in whole),
            "tokens_per_second": _quantiles(rates),
            "peak_memory_bytes": max((r["peak_memory_bytes"] or 0 for r in whole), default=0),
        }
    if not scores:
        return
    result["tables"]["answers"] = table("Answers and citations", LABELS, scores)
    shared = _on_shared_questions(scores)
    if len(shared) > 1:
        result["tables"]["answers on the same questions"] = table(
            "Answers on the questions that every system was asked", LABELS, shared
        )
    result["scores"]["answers"] = scores
    result["speed"] = speed


def _add_graded(result: Result, done: RecordLog) -> None:
    records = _by_id(done, GRADED)
    if not records:
        return
    judges = {record["judge"] for record in records.values() if "judge" in record}
    values = {name: float(record.get("right", False)) for name, record in records.items()}
    scores = {"ours": {"right by the judge model": values}}
    title = f"Optional: answers shown, as judged by the model {', '.join(sorted(judges))}"
    result["tables"]["judged"] = table(title, LABELS, scores)
    result["scores"]["judged"] = scores


def _on_shared_questions(
    scores: Mapping[str, Mapping[str, Mapping[str, float]]],
) -> dict[str, dict[str, dict[str, float]]]:
    asked = [
        {one for by_id in of_system.values() for one in by_id} for of_system in scores.values()
    ]
    shared = set.intersection(*asked)
    return {
        system: {
            metric: {one: value for one, value in by_id.items() if one in shared}
            for metric, by_id in of_system.items()
        }
        for system, of_system in scores.items()
    }


def _by_id(done: RecordLog, stage: str) -> dict[str, Record]:
    return {record["id"]: record for record in done.of_stage(stage)}


def _quantiles(values: Sequence[float]) -> dict[str, float | int] | None:
    if not values:
        return None
    return {
        "median": float(np.median(values)),
        "p95": float(np.percentile(values, 95)),
        "mean": float(np.mean(values)),
        "n": len(values),
    }
