"""WiCE: is support recognised, and are the supporting sentences found?"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.answering.evidence import EvidenceSentence
from assistant.answering.grounding import Grounding
from eval.corpora import Bench, Progress, bench_over
from eval.datasets.types import EvalQuestion
from eval.datasets.wice import Claim, read_wice
from eval.metrics import refusals
from eval.metrics.intervals import interval_of, mean_interval
from eval.provenance import describe, fingerprint
from eval.record_log import Record, RecordLog
from eval.result import SCHEMA, Result, interval_data, interval_table, write_result
from eval.run import RECORDS, Finished, work_through
from eval.sampling import sample
from eval.suites import Source, learned_part

if TYPE_CHECKING:
    from assistant.settings import Settings

STAGE = "claims"
LABELS = {"ours": "our scorer of support", "lexical": "shared words and embeddings"}
NOTE = (
    "Each claim is held against all sentences of its sources, of which the grounding chooses. "
    "Partially supported counts as not supported."
)


def run_wice(
    settings: "Settings",
    source: Source,
    limit: int | None,
    out: Path,
    name: str | None,
    command: str,
    progress: Progress | None,
) -> Finished:
    """Measure the grounding on WiCE's claims and write the result.

    Raises:
        DataSetError: the data are not there.
    """
    part = learned_part(source)
    claims = {claim.id: claim for claim in read_wice(source.path or source.data, part)}
    as_questions = [
        EvalQuestion(claim.id, claim.text, "supported" if claim.supported else "not supported")
        for claim in claims.values()
    ]
    asked = sample(as_questions, limit)
    name = name or f"wice-{part}"
    with bench_over(settings, (), "wice", progress) as bench:
        groundings = _groundings(bench)
        made_by = describe(bench.assistant, with_language_model=False, command=command)
        mark = fingerprint(
            [made_by[one] for one in ("version", "models", "packages")],
            [question.id for question in asked],
        )
        with RecordLog(out / RECORDS / f"{name}.jsonl", mark) as done:
            work_through(
                done,
                STAGE,
                asked,
                lambda question: _claim_record(claims[question.id], groundings),
                progress,
            )
            result = _result(name, part, made_by, asked, claims, done, groundings)
            path = out / f"{name}.json"
            write_result(result, path)
            done.finish()
            return Finished(path, result, done.resumed)


def sentence_scores(
    chosen: Sequence[int], supporting: Sequence[Sequence[int]]
) -> tuple[float, float]:
    """Precision and recall of the chosen sentences against the nearest annotated set."""
    best = (0.0, 0.0)
    for gold in supporting:
        shared = len(set(chosen) & set(gold))
        scores = (shared / len(chosen) if chosen else 0.0, shared / len(gold) if gold else 0.0)
        best = max(best, scores, key=lambda one: one[0] * one[1] / (sum(one) or 1))
    return best


def _groundings(bench: Bench) -> dict[str, tuple[Grounding, float]]:
    from assistant.answering.lexical_support import THRESHOLD, LexicalSupportScorer
    from assistant.answering.sentence_embeddings import SentenceEmbeddings
    from eval.referees import open_referee

    referee = open_referee(bench)
    embed = SentenceEmbeddings(bench.passages.embedder.embed_passages)
    return {
        "ours": (referee.grounding, referee.threshold),
        "lexical": (Grounding(LexicalSupportScorer(embed), embed), THRESHOLD),
    }


def _claim_record(
    claim: Claim, groundings: Mapping[str, tuple[Grounding, float]]
) -> dict[str, Any]:
    evidence = [
        EvidenceSentence(0, claim.id, "", place, place + 1, text)
        for place, text in enumerate(claim.evidence)
        if text.strip()
    ]
    record: dict[str, Any] = {"question": claim.text, "supported": claim.supported}
    for system, (grounding, threshold) in groundings.items():
        support = grounding.support(claim.text, evidence)
        chosen = [one.start for one in support.sentences]
        record[system] = {
            "probability": float(support.probability),
            "verdict": bool(support.probability >= threshold),
            "chosen": chosen,
        }
        if claim.supporting:
            precision, recall = sentence_scores(chosen, claim.supporting)
            record[system] |= {"precision": precision, "recall": recall}
    return record


def _result(
    name: str,
    part: str,
    made_by: Mapping[str, Any],
    asked: Sequence[EvalQuestion],
    claims: Mapping[str, Claim],
    done: RecordLog,
    systems: Mapping[str, Any],
) -> Result:
    records = done.of_stage(STAGE)
    truth = np.array([claims[record["id"]].supported for record in records], bool)
    values: dict[str, Any] = {}
    scores: dict[str, Any] = {}
    for system in systems:
        probabilities = np.array([_of(record, system, "probability") for record in records])
        # A claim that failed counts as the wrong verdict.
        accepted = np.array(
            [
                bool(_of(record, system, "verdict")) if "error" not in record else not true
                for record, true in zip(records, truth, strict=True)
            ],
            bool,
        )
        metrics = {
            "balanced accuracy": interval_of(refusals.balanced_accuracy, truth, ~accepted),
            "AUROC": interval_of(refusals.auroc, truth, probabilities),
            "Brier score": interval_of(refusals.brier, truth, probabilities),
        }
        for figure in ("precision", "recall"):
            metrics[f"sentence {figure}"] = mean_interval(
                [_of(r, system, figure) for r in records if claims[r["id"]].supporting]
            )
        values[system] = {metric: interval_data(one) for metric, one in metrics.items()}
        scores[system] = {
            "right verdict": {
                record["id"]: float(yes == true)
                for record, yes, true in zip(records, accepted, truth, strict=True)
            }
        }
    ours = np.array([_of(record, "ours", "probability") for record in records])
    return {
        "schema": SCHEMA,
        "name": name,
        "suite": "wice",
        "part": part,
        "note": NOTE,
        "made_by": dict(made_by),
        "counts": {
            "questions": len(asked),
            "kinds": {
                "supported": int(truth.sum()),
                "not supported": int((~truth).sum()),
            },
            "stages": done.counts(),
        },
        "tables": {"claims": interval_table("Recognising support", LABELS, values)},
        "reliability": refusals.reliability(truth, ours),
        "scores": {"claims": scores},
        "records": f"{RECORDS}/{name}.jsonl",
    }


def _of(record: Record, system: str, figure: str) -> float:
    return float(record.get(system, {}).get(figure, 0.0))
