"""Fits the logistic models that turn signals into probabilities."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from eval.support.metrics import Flags, Floats, balanced_weights

RIDGE = 0.003
DIRECTIONS: Mapping[str, int] = {
    "coverage": 1,
    "best_sentence_coverage": 1,
    "neighbour_coverage": 1,
    "missing_words": -1,
    "missing_numbers": -1,
    "missing_names": -1,
    "negation_differs": -1,
    "cosine": 1,
    "support_logit": 1,
    "worst_word": -1,
    "second_worst_word": -1,
    "mean_word": -1,
    "reading": 1,
    "distant": -1,
    "nothing_of_the_kind": -1,
}


@dataclass(frozen=True, slots=True)
class Fit:
    """A logistic model over named signals; `weights` include "intercept"."""

    weights: Mapping[str, float]

    def probabilities(self, names: Sequence[str], signals: Floats) -> Floats:
        """The probability of each row of `signals`, whose columns are `names`."""
        logits = np.full(len(signals), self.weights["intercept"])
        for column, name in enumerate(names):
            if name in self.weights:
                logits = logits + self.weights[name] * signals[:, column]
        return 1 / (1 + np.exp(-np.clip(logits, -50, 50)))


def fit(
    names: Sequence[str],
    signals: Floats,
    positive: Flags,
    sets: Sequence[str],
    ridge: float = RIDGE,
) -> Fit:
    """Fit with every data set, and both classes in it, weighing the same: the probability is
    that of even odds before the texts are read.

    A signal whose meaning is known may only push that way (`DIRECTIONS`), lest a quirk of one set
    (hand-made paraphrases are never word for word) turns quoting into a fault. Signals are
    standardised inside, so that the `ridge` penalty treats them alike.
    """
    from scipy.optimize import minimize

    weight = np.zeros(len(positive))
    for name in set(sets):
        inside = np.array([one == name for one in sets])
        weight[inside] = balanced_weights(positive[inside])
    weight /= weight.sum()
    mean, spread = signals.mean(axis=0), signals.std(axis=0) + 1e-9
    scaled = (signals - mean) / spread
    signs = np.where(positive, 1.0, -1.0)

    def loss(parameters: Floats) -> tuple[float, Floats]:
        margins = signs * (scaled @ parameters[1:] + parameters[0])
        pull = -weight * signs / (1 + np.exp(np.clip(margins, -50, 50)))
        gradient = np.concatenate([[pull.sum()], scaled.T @ pull + ridge * parameters[1:]])
        penalty = ridge * float(parameters[1:] @ parameters[1:]) / 2
        return float(weight @ np.logaddexp(0, -margins)) + penalty, gradient

    bounds = [(None, None), *(_bound(name) for name in names)]
    start = np.zeros(len(names) + 1)
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds)
    slopes = found.x[1:] / spread
    weights = {name: float(slope) for name, slope in zip(names, slopes, strict=True)}
    return Fit({"intercept": float(found.x[0] - slopes @ mean), **weights})


def _bound(name: str) -> tuple[float | None, float | None]:
    direction = DIRECTIONS.get(name, 0)
    return (0.0 if direction > 0 else None, 0.0 if direction < 0 else None)
