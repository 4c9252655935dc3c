"""Calibrates both scorers on the calibration parts and measures them on the report parts."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assistant.answering.agreement import ANSWER_SIGNALS, SUPPORT_SIGNALS, support_signals
from assistant.answering.answerability import READING_SIGNALS as ANSWER_READING
from assistant.answering.answerability import answerability_signals
from assistant.answering.pair_model import PairModel
from assistant.answering.support import READING_SIGNALS as SUPPORT_READING
from assistant.answering.support import reading_signals
from eval.support.calibrate import Fit, fit
from eval.support.measured_sets import AnswerRow, SupportRow
from eval.support.metrics import (
    Flags,
    Floats,
    auroc,
    balanced_accuracy,
    best_threshold,
    calibration_error,
    interval,
    risk_coverage,
)
from eval.support.sources import split_sentences
from index.text_embedders import TextEmbedder

_logger = logging.getLogger(__name__)
# The best log loss in tenfold cross-validation of the calibration rows, of 0.003 to 1.
_ANSWER_RIDGE = 0.03
_COVERAGES = (0.25, 0.5, 0.75, 1.0)
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Signals:
    """The signals of all rows: columns `names`, one row each; and how long a reading took."""

    names: tuple[str, ...]
    values: Floats
    milliseconds: tuple[float, ...]

    def columns(self, names: Sequence[str]) -> Floats:
        """The columns of some signals."""
        return self.values[:, [self.names.index(name) for name in names]]


def read_support(rows: Sequence[SupportRow], model: PairModel, embedder: TextEmbedder) -> Signals:
    """All signals of the support rows, with the cosine of the claim's likest sentence."""
    values, took = [], []
    for row in rows:
        began = time.perf_counter()
        signals = [
            *support_signals(row.claim, row.evidence),
            *reading_signals(model.read(row.claim, row.evidence)),
        ]
        took.append(1000 * (time.perf_counter() - began))
        sentences = embedder.embed_passages(split_sentences(row.evidence) or [row.evidence])
        values.append([*signals, float((sentences @ embedder.embed_query(row.claim)).max())])
    names = (*SUPPORT_SIGNALS, *SUPPORT_READING, "cosine")
    return Signals(names, np.array(values), tuple(took))


def read_answers(rows: Sequence[AnswerRow], model: PairModel) -> list[Signals]:
    """All signals of each row's passages, with the question's best cosine to any passage."""
    names = (*ANSWER_SIGNALS, *ANSWER_READING, "top_cosine")
    found = []
    for row in rows:
        values, took = [], []
        for passage in row.passages:
            began = time.perf_counter()
            signals = answerability_signals(
                row.question, passage, model.read(row.question, passage)
            )
            took.append(1000 * (time.perf_counter() - began))
            values.append([*(signals[name] for name in names[:-1]), row.top_cosine])
        found.append(Signals(names, np.array(values), tuple(took)))
    return found


def measure_support(rows: Sequence[SupportRow], signals: Signals) -> tuple[Fit, float, Any]:
    """The fitted scorer, its threshold, and the report: each group of signals by itself and
    together, on each data set, with intervals."""
    positive = np.array([row.supported for row in rows])
    training = np.array([row.part == "calibrate" for row in rows])
    sets = [row.data for row in rows]
    groups: Mapping[str, tuple[str, ...]] = {
        "cosine alone": ("cosine",),
        "visible agreement alone": SUPPORT_SIGNALS,
        "visible agreement and cosine": (*SUPPORT_SIGNALS, "cosine"),
        "cross-encoder verdict alone": ("support_logit",),
        "cross-encoder verdict and words": SUPPORT_READING,
        "shipped: agreement and cross-encoder": (*SUPPORT_SIGNALS, *SUPPORT_READING),
        "shipped and cosine": (*SUPPORT_SIGNALS, *SUPPORT_READING, "cosine"),
    }
    report: dict[str, Any] = {}
    shipped, threshold = Fit({"intercept": 0.0}), 0.5
    for group, names in groups.items():
        values = signals.columns(names)
        fitted = fit(
            names,
            values[training],
            positive[training],
            [name for name, one in zip(sets, training, strict=True) if one],
        )
        chances = fitted.probabilities(names, values)
        own = {
            data: best_threshold(chances[inside], positive[inside])
            for data in sorted(set(sets))
            for inside in [training & np.array([one == data for one in sets])]
        }
        common = best_threshold(
            chances[training], positive[training], np.array(sets)[training].tolist()
        )
        report[group] = {
            data: _judge(
                chances,
                positive,
                ~training & np.array([one == data for one in sets]),
                common,
                own[data],
            )
            for data in sorted(set(sets))
        }
        if group.startswith("shipped:"):
            shipped, threshold = fitted, common
            report[group]["by kind"] = _by_kind(rows, chances, common)
            report[group]["wice, each half judged by the other"] = _cross_fitted(
                rows, values, names, "wice"
            )
    report["milliseconds a pair, median"] = round(float(np.median(signals.milliseconds)), 1)
    report["milliseconds a pair, 95th percentile"] = round(
        float(np.percentile(signals.milliseconds, 95)), 1
    )
    return shipped, threshold, report


def _cross_fitted(
    rows: Sequence[SupportRow], values: Floats, names: Sequence[str], data: str
) -> dict[str, Any]:
    """All of one data set: weights and threshold for each half come from the other half alone.

    Twice the rows of the report part, so half the noise, at the price of two fits.
    """
    inside = [number for number, row in enumerate(rows) if row.data == data]
    values = values[inside]
    positive = np.array([rows[number].supported for number in inside])
    first = np.array([rows[number].part == "calibrate" for number in inside])
    margins = np.zeros(len(inside))
    for half in (first, ~first):
        fitted = fit(names, values[half], positive[half], [data] * int(half.sum()))
        chances = fitted.probabilities(names, values)
        threshold = best_threshold(chances[half], positive[half])
        margins[~half] = (chances - threshold)[~half]
    low, high = interval(lambda s, p: balanced_accuracy(s >= 0, p), margins, positive)
    return {
        "rows": len(inside),
        "balanced accuracy": round(balanced_accuracy(margins >= 0, positive), 3),
        "balanced accuracy, 95 %": [round(low, 3), round(high, 3)],
    }


def _judge(
    chances: Floats, positive: Flags, inside: Flags, common: float, own: float
) -> dict[str, Any]:
    scores, truth = chances[inside], positive[inside]
    low, high = interval(lambda s, p: balanced_accuracy(s >= common, p), scores, truth)
    area_low, area_high = interval(auroc, scores, truth)
    return {
        "rows": int(inside.sum()),
        "balanced accuracy": round(balanced_accuracy(scores >= common, truth), 3),
        "balanced accuracy, 95 %": [round(low, 3), round(high, 3)],
        "balanced accuracy at this set's own threshold": round(
            balanced_accuracy(scores >= own, truth), 3
        ),
        "AUROC": round(auroc(scores, truth), 3),
        "AUROC, 95 %": [round(area_low, 3), round(area_high, 3)],
        "calibration error": round(calibration_error(scores, truth), 3),
    }


def _by_kind(
    rows: Sequence[SupportRow], chances: Floats, threshold: float
) -> dict[str, dict[str, Any]]:
    """How often each kind of claim is judged right."""
    kinds = sorted({(row.data, row.kind) for row in rows})
    found = {}
    for data, kind in kinds:
        right = [
            (chance >= threshold) == row.supported
            for row, chance in zip(rows, chances, strict=True)
            if (row.data, row.kind, row.part) == (data, kind, "report")
        ]
        if right:
            found[f"{data}: {kind}"] = {
                "rows": len(right),
                "right": round(float(np.mean(right)), 3),
            }
    return found


def measure_answers(
    rows: Sequence[AnswerRow], signals: Sequence[Signals]
) -> tuple[Fit, float, Any]:
    """The fitted scorer, its threshold, and the report against the naive top scores."""
    positive = np.array([row.answerable for row in rows])
    training = np.array([row.part == "calibrate" for row in rows])
    sets = np.array([row.data for row in rows])
    groups: Mapping[str, tuple[str, ...]] = {
        "visible agreement alone": ANSWER_SIGNALS,
        "cross-encoder verdict alone": ("answer_logit",),
        "cross-encoder span alone": ("span_logit",),
        "cross-encoder verdict and span": ANSWER_READING[:2],
        "cross-encoder verdict, span and words": ANSWER_READING,
        "cross-encoder, and how well passages were found": (*ANSWER_READING, "top_cosine"),
        "shipped: agreement and cross-encoder": (*ANSWER_SIGNALS, *ANSWER_READING),
    }
    report: dict[str, Any] = {"naive top score": _naive(rows, positive, training, sets)}
    shipped, threshold = Fit({"intercept": 0.0}), 0.5
    for group, chosen in groups.items():
        # Which passage is best depends on the weights, and they on it: two rounds settle it.
        best = [one.columns(chosen)[0] for one in signals]
        for _ in range(3):
            values = np.array(best)
            fitted = fit(
                chosen,
                values[training],
                positive[training],
                sets[training].tolist(),
                _ANSWER_RIDGE,
            )
            best = [
                columns[int(np.argmax(fitted.probabilities(chosen, columns)))]
                for columns in (one.columns(chosen) for one in signals)
            ]
        chances = fitted.probabilities(chosen, np.array(best))
        common = best_threshold(chances[training], positive[training], sets[training].tolist())
        report[group] = {}
        for data in sorted(set(sets)):
            inside = ~training & (sets == data)
            own = best_threshold(
                chances[training & (sets == data)], positive[training & (sets == data)]
            )
            report[group][data] = _judge(chances, positive, inside, common, own) | {
                "risk at coverage": _rounded(
                    risk_coverage(chances[inside], positive[inside], _COVERAGES)
                )
            }
        if group.startswith("shipped:"):
            shipped, threshold = fitted, common
            report[group]["bank by kind"] = _refusals(rows, chances, common)
    took = [each for one in signals for each in one.milliseconds]
    report["milliseconds a passage, median"] = round(float(np.median(took)), 1)
    return shipped, threshold, report


def _naive(
    rows: Sequence[AnswerRow], positive: Flags, training: Flags, sets: Any
) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for name, scores in (
        ("cosine", np.array([row.top_cosine for row in rows])),
        ("BM25", np.array([row.top_bm25 for row in rows])),
    ):
        for data in ("bank", "squad2"):
            inside = ~training & (sets == data)
            low, high = interval(auroc, scores[inside], positive[inside])
            found.setdefault(data, {})[name] = {
                "AUROC": round(auroc(scores[inside], positive[inside]), 3),
                "AUROC, 95 %": [round(low, 3), round(high, 3)],
                "risk at coverage": _rounded(
                    risk_coverage(scores[inside], positive[inside], _COVERAGES)
                ),
            }
    return found


def _refusals(rows: Sequence[AnswerRow], chances: Floats, threshold: float) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in ("answerable", "near", "far"):
        those = [
            chance
            for row, chance in zip(rows, chances, strict=True)
            if (row.data, row.kind, row.part) == ("bank", kind, "report")
        ]
        found[kind] = {
            "rows": len(those),
            "refused": round(float(np.mean(np.array(those) < threshold)), 3),
        }
    return found


def _rounded(figures: Mapping[str, float]) -> dict[str, float]:
    return {name: round(value, 3) for name, value in figures.items()}
