"""How probable it is that a text supports a claim.

The cross-encoder's verdicts, its word marks and the visible agreement of the two texts go into one
logistic model that was fitted, with its threshold, on held-out data (`eval.support`, figures in
`eval/results/support.json`). The verdict is strict: a claim of which only a part is supported
counts as unsupported.
"""

import math
from collections.abc import Mapping, Sequence

from assistant.answering.agreement import SUPPORT_SIGNALS, support_signals
from assistant.answering.pair_model import PairModel, PairReading

READING_SIGNALS = ("support_logit", "worst_word", "second_worst_word", "mean_word")


def word_signals(reading: PairReading) -> tuple[float, float, float]:
    """How unsupported the worst, the second worst and the average word are, as logits."""
    marks = sorted(reading.unsupported, reverse=True) or [0.0]
    return (marks[0], marks[min(1, len(marks) - 1)], sum(marks) / len(marks))


def reading_signals(reading: PairReading) -> tuple[float, ...]:
    """The values of `READING_SIGNALS`: the verdict on the whole claim, then on its words."""
    return (reading.support, *word_signals(reading))


def logistic(weights: Mapping[str, float], signals: Mapping[str, float]) -> float:
    """The probability that a fitted logistic model gives; "intercept" is its constant."""
    logit = weights["intercept"] + sum(
        weight * signals[name] for name, weight in weights.items() if name != "intercept"
    )
    return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))


class ModelSupportScorer:
    """Scores claims against evidence with the pair model. Safe to share by threads.

    Evidence can be a sentence, a passage or several sentences joined; longer than about 200 words
    it is read in windows.
    """

    def __init__(self, model: PairModel) -> None:
        self._model = model
        self._weights: Mapping[str, float] = model.calibration["support"]["weights"]

    @property
    def threshold(self) -> float:
        """The probability from which on a sentence of a draft may be shown as fact: of those that
        were judged for calibration, hardly any that reaches it says what its evidence does not
        say at all. What falls short is replaced by the evidence itself, which costs little."""
        return float(self._model.calibration["support"]["threshold"])

    @property
    def verdict_threshold(self) -> float:
        """The probability from which on a claim is rather supported than not: where the balanced
        accuracy, averaged over the calibration sets, was best."""
        return float(self._model.calibration["support"]["verdict_threshold"])

    def score(self, claims_with_evidence: Sequence[tuple[str, str]]) -> list[float]:
        """The probability of each (claim, evidence) that the evidence supports all of the claim."""
        return [self._score(claim, evidence) for claim, evidence in claims_with_evidence]

    def unsupported_words(self, claim: str, evidence: str) -> list[bool]:
        """For each whitespace-separated word of the claim (the first 96), whether the model finds
        no support for it: what to point at when a claim is withheld."""
        return [mark > 0 for mark in self._model.read(claim, evidence).unsupported]

    def _score(self, claim: str, evidence: str) -> float:
        if not claim.strip() or not evidence.strip():
            return 0.0
        reading = self._model.read(claim, evidence)
        values = dict(zip(SUPPORT_SIGNALS, support_signals(claim, evidence), strict=True))
        values |= dict(zip(READING_SIGNALS, reading_signals(reading), strict=True))
        return logistic(self._weights, values)
