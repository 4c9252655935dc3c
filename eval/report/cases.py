"""The questions of a run, worst first, each with all that was found and written for it."""

from collections.abc import Mapping, Sequence
from typing import Any

from eval.record_log import Record

Case = dict[str, Any]

_FAILED = 4.0
_WRONG_VERDICT = 2.0
_FIRST = ("answers", "refusal", "retrieval")
_QUALITIES = (
    "key facts",
    "ROUGE-L",
    "citation recall",
    "citation precision",
    "support rate",
    "gold span recall",
)


def cases(result: Mapping[str, Any], records: Sequence[Record]) -> list[Case]:
    """One case for each question, ordered by how bad its outcome was."""
    by_id: dict[str, Case] = {}
    for record in records:
        if record["stage"] == "tuning":
            continue
        case = by_id.setdefault(
            record["id"], {"id": record["id"], "stages": {}, "kind": "", "question": ""}
        )
        case["stages"][record["stage"]] = record
        case["kind"] = record.get("kind") or case["kind"]
        case["question"] = record.get("question") or case["question"]
    for case in by_id.values():
        # What was answered comes first, then why, then what others answered.
        case["stages"] = dict(sorted(case["stages"].items(), key=lambda one: _place(one[0])))
        case["figures"] = _figures(case["id"], result["scores"])
        case["badness"], case["outcome"] = _judged(case)
    return sorted(by_id.values(), key=lambda case: -case["badness"])


def _place(stage: str) -> int:
    return _FIRST.index(stage) if stage in _FIRST else len(_FIRST)


def _figures(question_id: str, scores: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """Our own figures on a question, by group."""
    return {
        group: {
            metric: by_id[question_id]
            for metric, by_id in of_group.get("ours", {}).items()
            if question_id in by_id
        }
        for group, of_group in scores.items()
    }


def _judged(case: Case) -> tuple[float, str]:
    stages = case["stages"]
    if any("error" in record for record in stages.values()):
        return _FAILED, "failed"
    answer, verdict = stages.get("answers"), stages.get("refusal")
    if answer and answer["answerable"] is False:
        return (0.0, "rightly refused") if answer["abstained"] else (3.0, "wrongly answered")
    if answer and answer["abstained"] and answer["answerable"]:
        return 3.0, "wrongly refused"
    if verdict and verdict["refused"] == verdict["answerable"]:
        wrong = verdict["score"] if verdict["answerable"] is False else 1 - verdict["score"]
        outcome = "wrongly refused" if verdict["answerable"] else "would be answered"
        return _WRONG_VERDICT + wrong, outcome
    figures = {name: value for group in case["figures"].values() for name, value in group.items()}
    if answer:
        qualities = [figures[name] for name in _QUALITIES if name in figures]
        if not qualities:
            return 0.5, "answered"
        mean = sum(qualities) / len(qualities)
        return 1.5 * (1 - mean), "answered" if mean > 0.8 else "answered in part"
    found = figures.get("nDCG@10", figures.get("token recall@5"))
    if found is not None:
        return 1 - found, "found" if found > 0.5 else "hardly found"
    planted = figures.get("right claims accepted", figures.get("wrong claims rejected"))
    claims = figures.get("right verdict", planted)
    if claims is not None:
        return 1.0 - claims, "right verdict" if claims else "wrong verdict"
    return 0.0, "measured"
