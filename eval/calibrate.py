"""`python -m eval.calibrate`: set the weights and thresholds of the judgement on whether to answer.

Everything it learns from is in the project or in the data folder, and nothing of it is reported
on: of the bank's development questions the third that the pair model was not trained on, the
validation questions, questions written for this purpose alone, and the SQuAD2 article set aside for
calibration, which is asked questions from other fields too (the pair model has read those with the
bank alone).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from assistant.answering.calibration import CALIBRATION_FILE
from eval.corpora import Bench, bench_over
from eval.datasets.bank_questions import read_bank_questions
from eval.datasets.files import DATA
from eval.datasets.squad2 import read_squad2
from eval.datasets.types import EvalQuestion
from eval.refusal_stage import found_for
from eval.support.calibrate import Fit, fit
from eval.support.metrics import Flags, Floats, auroc
from eval.support.sources import BankQuestion, bank_question_part, read_bank_unanswered

if TYPE_CHECKING:
    from assistant.answering.abstention import Reader

QUESTIONS = Path(__file__).with_name("questions")
# The share of the answerable questions of dev.jsonl and validation.jsonl that each strictness
# refuses, out of fold. With the default, 0.5, the two former reporting sets that make up
# validation.jsonl have .025 of their answerable questions refused, and .913 of the near ones: room
# on both sides for other people's questions, whose shares have differed by .05 from set to set.
FALSE_REFUSALS: Mapping[float, float] = {0.0: 0.005, 0.25: 0.015, 0.5: 0.03, 0.75: 0.1, 1.0: 0.25}
# Values around `DISTANT` of `assistant.answering.abstention`, whose figures are written beside.
DISTANT_NEIGHBOURS = (0.4, 0.45, 0.55, 0.6)
FOLDS = 10
SEED = 5


@dataclass(frozen=True, slots=True)
class Row:
    """The signals of one question. `data` is bank or squad2; `kind` as in the question sets."""

    data: str
    kind: str
    answerable: bool
    signals: Mapping[str, float]


@click.command()
@click.option("--data", type=click.Path(path_type=Path), default=DATA, show_default=True)
@click.option("--out", type=click.Path(path_type=Path), default=CALIBRATION_FILE)
def main(data: Path, out: Path) -> None:
    """Fit on the calibration questions and write the file that the judge reads."""
    from assistant.answering.pair_model import PairModel
    from assistant.settings import Settings

    reader = PairModel()
    settings = Settings.load()
    rows: list[Row] = []
    squad2 = read_squad2(data, "calibrate")
    for name, documents, questions in (
        ("bank", read_bank_questions("dev").documents, bank_questions()),
        ("squad2", squad2.documents, (*squad2.questions, *far_questions("far_training.txt"))),
    ):
        with bench_over(settings, documents, name) as bench:
            rows += rows_of(bench, reader, name, questions)
    result = calibrated(rows)
    result["neighbours"] = {
        f"DISTANT = {value}": calibrated(with_distant(rows, value))["measured"]
        for value in DISTANT_NEIGHBOURS
    }
    out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    click.echo(json.dumps({"measured": result["measured"], **result["neighbours"]}, indent=2))


def bank_questions() -> tuple[EvalQuestion, ...]:
    """The questions about the bank that the pair model was not trained on."""
    asked = [
        question
        for part in ("dev", "validation")
        for question in read_bank_questions(part).questions
        if bank_question_part(BankQuestion(question.id, question.kind, question.text, ()))
        == "calibrate"
        and question.kind in ("answerable", "near", "far", "followup")
    ]
    written = read_bank_unanswered(QUESTIONS / "answerable_calibration.txt")
    return (
        *asked,
        *far_questions("far_calibration.txt"),
        *(
            EvalQuestion(f"written-{number}", text, answerable=True, kind="written")
            for number, texts in written.items()
            for text in texts
        ),
    )


def far_questions(name: str) -> Iterator[EvalQuestion]:
    """The questions of a file of far ones."""
    written = read_bank_unanswered(QUESTIONS / name)
    return (
        EvalQuestion(f"far-{number}-{place}", text, answerable=False, kind="far")
        for number, texts in written.items()
        for place, text in enumerate(texts)
    )


def rows_of(
    bench: Bench, reader: "Reader", name: str, questions: Sequence[EvalQuestion]
) -> Iterator[Row]:
    """Search and read as the judge does, question by question."""
    from assistant.answering.abstention import judgement_signals

    with click.progressbar(questions, label=name) as shown:
        for question in shown:
            found = found_for(bench, question)
            if found.hits and question.answerable is not None:
                signals = judgement_signals(reader, found.question, found.hits)
                yield Row(name, question.kind, question.answerable, signals)


def with_distant(rows: Sequence[Row], value: float) -> list[Row]:
    """The rows as they would be with this value of `DISTANT`."""
    from assistant.answering.abstention import short_of

    return [
        replace(row, signals={**row.signals, "distant": short_of(value, row.signals["cosine"])})
        for row in rows
    ]


def calibrated(rows: Sequence[Row]) -> dict[str, Any]:
    """The logistic model, the thresholds, and what they do out of fold."""
    names = tuple(rows[0].signals)
    signals = np.array([[row.signals[name] for name in names] for row in rows])
    positive = np.array([row.answerable for row in rows])
    sets = [row.data for row in rows]
    probabilities = out_of_fold(names, signals, positive, sets)
    # Only the question sets': SQuAD2's questions are written to trick, and those written for this
    # purpose alone are easier than either.
    asked = np.array([(row.data, row.kind) == ("bank", "answerable") for row in rows])
    answerable = probabilities[asked & positive]
    thresholds = [
        (strictness, float(np.quantile(answerable, share)))
        for strictness, share in FALSE_REFUSALS.items()
    ]
    return {
        "made_by": "python -m eval.calibrate",
        "weights": fit(names, signals, positive, sets).weights,
        "thresholds": thresholds,
        "measured": measured(rows, probabilities, positive, dict(thresholds)[0.5]),
    }


def out_of_fold(
    names: Sequence[str], signals: Floats, positive: Flags, sets: Sequence[str]
) -> Floats:
    """The probability of each row by a model that was fitted without it."""
    fold = np.random.default_rng(SEED).permutation(len(positive)) % FOLDS
    result = np.zeros(len(positive))
    for number in range(FOLDS):
        inside = fold == number
        kept: Fit = fit(
            names,
            signals[~inside],
            positive[~inside],
            [one for one, left_out in zip(sets, inside, strict=True) if not left_out],
        )
        result[inside] = kept.probabilities(names, signals[inside])
    return result


def measured(
    rows: Sequence[Row], probabilities: Floats, positive: Flags, threshold: float
) -> dict[str, object]:
    """Out-of-fold figures at the default strictness, for the record beside the numbers."""
    figures: dict[str, object] = {}
    for data in ("bank", "squad2"):
        inside = np.array([row.data == data for row in rows])
        figures[f"{data}: AUROC"] = round(auroc(probabilities[inside], positive[inside]), 3)
        for kind in sorted({row.kind for row in rows if row.data == data}):
            chosen = np.array([(row.data, row.kind) == (data, kind) for row in rows])
            refused = float((probabilities[chosen] < threshold).mean())
            figures[f"{data}: {kind} refused"] = f"{refused:.3f} of {int(chosen.sum())}"
    return figures


if __name__ == "__main__":
    main()
