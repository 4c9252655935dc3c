"""Calibrates the scorer of support on the calibration parts, measures it on the report parts."""

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from assistant.answering.agreement import SUPPORT_SIGNALS, support_signals
from assistant.answering.pair_model import PairModel
from assistant.answering.support import READING_SIGNALS, reading_signals
from eval.support.calibrate import Fit, fit
from eval.support.measured_sets import SupportRow
from eval.support.metrics import (
    Flags,
    Floats,
    auroc,
    balanced_accuracy,
    best_threshold,
    calibration_error,
    interval,
    precise_threshold,
)
from eval.support.sources import split_sentences
from index.text_embedders import TextEmbedder

_logger = logging.getLogger(__name__)
# Of the sentences of drafts that may be shown, the share that has at least some support.
SHOWN_WITH_SUPPORT = 0.98


@dataclass(frozen=True, slots=True)
class Signals:
    """The signals of all rows: columns `names`, one row each; and how long a reading took."""

    names: tuple[str, ...]
    values: Floats
    milliseconds: tuple[float, ...]

    def columns(self, names: Sequence[str]) -> Floats:
        """The columns of some signals."""
        return self.values[:, [self.names.index(name) for name in names]]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """From which probability on a sentence of a draft is `shown`, and the `verdict` is yes."""

    shown: float
    verdict: float


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
    names = (*SUPPORT_SIGNALS, *READING_SIGNALS, "cosine")
    return Signals(names, np.array(values), tuple(took))


def measure_support(rows: Sequence[SupportRow], signals: Signals) -> tuple[Fit, Thresholds, Any]:
    """The fitted scorer, its thresholds, and the report: each group of signals by itself and
    together, on each data set, with intervals."""
    positive = np.array([row.supported for row in rows])
    training = np.array([row.part == "calibrate" for row in rows])
    sets = [row.data for row in rows]
    groups: Mapping[str, tuple[str, ...]] = {
        "cosine alone": ("cosine",),
        "visible agreement alone": SUPPORT_SIGNALS,
        "visible agreement and cosine": (*SUPPORT_SIGNALS, "cosine"),
        "cross-encoder verdict alone": ("support_logit",),
        "cross-encoder verdict and words": READING_SIGNALS,
        "shipped: agreement and cross-encoder": (*SUPPORT_SIGNALS, *READING_SIGNALS),
        "shipped and cosine": (*SUPPORT_SIGNALS, *READING_SIGNALS, "cosine"),
    }
    report: dict[str, Any] = {}
    shipped, thresholds = Fit({"intercept": 0.0}), Thresholds(0.5, 0.5)
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
            drafted = np.array([row.data == "drafted" for row in rows])
            some_support = np.array([row.kind != "no" for row in rows])
            chosen = drafted & training
            shown = precise_threshold(chances[chosen], some_support[chosen], SHOWN_WITH_SUPPORT)
            shipped, thresholds = fitted, Thresholds(shown, common)
            report[group]["drafted, those shown"] = _shown(
                rows, chances, drafted & ~training, shown
            )
            report[group]["by kind"] = _by_kind(rows, chances, common)
            report[group]["wice, each half judged by the other"] = _cross_fitted(
                rows, values, names, "wice"
            )
    report["milliseconds a pair, median"] = round(float(np.median(signals.milliseconds)), 1)
    report["milliseconds a pair, 95th percentile"] = round(
        float(np.percentile(signals.milliseconds, 95)), 1
    )
    return shipped, thresholds, report


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
        "right among accepted": round(float(truth[scores >= common].mean()), 3)
        if (scores >= common).any()
        else None,
        "accepted among right": round(float((scores[truth] >= common).mean()), 3),
        "AUROC": round(auroc(scores, truth), 3),
        "AUROC, 95 %": [round(area_low, 3), round(area_high, 3)],
        "calibration error": round(calibration_error(scores, truth), 3),
    }


def _shown(
    rows: Sequence[SupportRow], chances: Floats, inside: Flags, threshold: float
) -> dict[str, Any]:
    """What readers said of the sentences that would be shown, as shares, and how many there are."""
    verdicts = [
        row.kind
        for row, chance, one in zip(rows, chances, inside, strict=True)
        if one and chance >= threshold
    ]
    return {
        "sentences": int(inside.sum()),
        "shown": len(verdicts),
        **{
            verdict: round(verdicts.count(verdict) / max(1, len(verdicts)), 3)
            for verdict in ("yes", "partly", "no")
        },
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
