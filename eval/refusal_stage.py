"""Lets the judge decide on each question, without the language model, beside a plain baseline."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from assistant.answering.abstention import Judge, best_cosine
from assistant.answering.retriever import Found, find_passages
from eval.corpora import Bench
from eval.datasets.types import EvalQuestion
from eval.metrics import refusals
from eval.metrics.intervals import Interval, interval_of, mean_interval
from eval.record_log import Record
from eval.result import interval_data, interval_table
from eval.retrieval_stage import standalone

STAGE = "refusal"
# Questions for tuning: only what the baseline needs to choose its threshold.
TUNING_STAGE = "tuning"
SYSTEMS = ("ours", "top score")
LABELS = {"ours": "our judge", "top score": "cosine of the best passage"}


def judge_question(bench: Bench, judge: Judge, question: EvalQuestion) -> Record:
    """The judge's score and verdict, and the baseline's score."""
    found = found_for(bench, question)
    started = time.perf_counter()
    judgement = judge.judge(found)
    return {
        "answerable": question.answerable,
        "kind": question.kind,
        "score": judgement.score,
        "refused": judgement.verdict == "refuse",
        "top_score": best_cosine(found.hits),
        "nearest": list(judgement.nearest_topics),
        "seconds": time.perf_counter() - started,
    }


def tune_question(bench: Bench, question: EvalQuestion) -> Record:
    """The baseline's score of a question that is not reported on."""
    hits = found_for(bench, question).hits
    return {"answerable": question.answerable, "top_score": best_cosine(hits)}


def found_for(bench: Bench, question: EvalQuestion) -> Found:
    """The passages that the chain would judge and answer from."""
    passages = bench.assistant.settings.passages
    return find_passages(bench.passages, standalone(question), passages)


def refusal_results(
    records: Sequence[Record], tuning: Sequence[Record]
) -> dict[str, dict[str, Any]]:
    """Metrics, curves and per-question verdicts of each system.

    A question that failed counts as answered wrongly: as refused where there is an answer, as
    answered where there is none, with no confidence. The baseline's threshold is the best one on
    the tuning questions; without any, only what needs no threshold is reported for it.
    """
    answerable = np.array([bool(record["answerable"]) for record in records], bool)
    failed = np.array(["error" in record for record in records], bool)
    ours = np.array([record.get("score", 0.0) for record in records], float)
    top = np.array([record.get("top_score", 0.0) for record in records], float)
    refused = np.array([bool(record.get("refused")) for record in records], bool)
    refused = np.where(failed, answerable, refused)
    results = {"ours": _result(records, answerable, ours, refused, probabilities=True)}
    threshold = _tuned_threshold(tuning)
    top_refused = None if threshold is None else np.where(failed, answerable, top < threshold)
    results["top score"] = _result(records, answerable, top, top_refused, probabilities=False)
    results["ours"]["metrics"]["AUROC above top score"] = interval_of(
        lambda truth, a, b: refusals.auroc(truth, a) - refusals.auroc(truth, b),
        answerable,
        ours,
        top,
    )
    if threshold is not None:
        results["top score"]["threshold"] = threshold
    return results


def by_kind(records: Sequence[Record]) -> dict[str, dict[str, float | int]]:
    """For each kind of question, how many there are and which share our judge refused."""
    kinds: dict[str, list[bool]] = {}
    for record in records:
        refused = bool(record.get("refused", record["answerable"]))
        kinds.setdefault(record.get("kind", ""), []).append(refused)
    return {
        kind: {"n": len(verdicts), "refused": sum(verdicts) / len(verdicts)}
        for kind, verdicts in kinds.items()
    }


def refused_table(
    records: Sequence[Record], threshold: float | None, answers: Sequence[Record]
) -> dict[str, Any]:
    """Which share of each kind of question is refused, with intervals.

    By our judge, by the best cosine under `threshold` (where there is one), and in our whole
    `answers`, which may also be withheld sentence by sentence. A failed question counts against
    each.
    """
    verdicts: dict[str, list[tuple[str, float]]] = {
        "ours": [(_kind(one), _refused(one, "refused")) for one in records]
    }
    if threshold is not None:
        verdicts["top score"] = [
            (_kind(one), _refused(one | {"below": one.get("top_score", 0.0) < threshold}, "below"))
            for one in records
        ]
    if answers:
        verdicts["answers"] = [(_kind(one), _refused(one, "abstained")) for one in answers]
    values: dict[str, dict[str, Any]] = {}
    for system, of_system in verdicts.items():
        for kind in dict.fromkeys(map(_kind, records)):
            if shares := [share for name, share in of_system if name == kind]:
                figure = interval_data(mean_interval(shares))
                values.setdefault(system, {})[f"{kind} refused"] = figure
    directions = {
        f"{_kind(one)} refused": "lower" if one["answerable"] else "higher" for one in records
    }
    labels = LABELS | {"answers": "our whole answers, on the questions answered in full"}
    return interval_table("Refused, by kind of question", labels, values, directions)


def _kind(record: Record) -> str:
    return record.get("kind") or "questions"


def _refused(record: Record, field: str) -> float:
    return float(bool(record["answerable"] if "error" in record else record[field]))


def _tuned_threshold(tuning: Sequence[Record]) -> float | None:
    usable = [record for record in tuning if "error" not in record]
    truths = {bool(record["answerable"]) for record in usable}
    if len(truths) < 2:
        return None
    return refusals.best_threshold(
        np.array([bool(record["answerable"]) for record in usable], bool),
        np.array([record["top_score"] for record in usable], float),
    )


def _result(
    records: Sequence[Record],
    answerable: refusals.Flags,
    scores: refusals.Scores,
    refused: refusals.Flags | None,
    *,
    probabilities: bool,
) -> dict[str, Any]:
    metrics: dict[str, Interval] = {
        "AUROC": interval_of(refusals.auroc, answerable, scores),
        "area under risk-coverage": interval_of(
            refusals.area_under_risk_coverage, answerable, scores
        ),
    }
    result: dict[str, Any] = {
        "risk_coverage": _thinned(refusals.risk_coverage(answerable, scores)),
    }
    if refused is not None:
        for name, statistic in _VERDICTS.items():
            metrics[name] = interval_of(statistic, answerable, refused)
        result["correct"] = {
            record["id"]: float(no != yes)
            for record, yes, no in zip(records, answerable, refused, strict=True)
        }
    if probabilities:
        metrics["Brier score"] = interval_of(refusals.brier, answerable, scores)
        metrics["expected calibration error"] = interval_of(
            refusals.expected_calibration_error, answerable, scores
        )
        result["reliability"] = refusals.reliability(answerable, scores)
    return result | {"metrics": metrics}


_VERDICTS = {
    "refusal precision": refusals.refusal_precision,
    "refusal recall": refusals.refusal_recall,
    "answer rate": refusals.answer_rate,
    "balanced accuracy": refusals.balanced_accuracy,
}


def _thinned(curve: Sequence[tuple[float, float]], points: int = 200) -> list[list[float]]:
    places = np.unique(np.linspace(0, len(curve) - 1, min(points, len(curve))).astype(int))
    return [[round(value, 5) for value in curve[place]] for place in places]


def scores_by_id(results: Mapping[str, Mapping[str, Any]]) -> dict[str, dict]:
    """Whether each verdict was right, in the form that results keep for comparisons."""
    return {
        system: {"right verdict": result["correct"]}
        for system, result in results.items()
        if "correct" in result
    }
