"""The figures that judge the scorers, each with a bootstrap interval."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

_RESAMPLES = 1000
_SEED = 11


def auroc(scores: Floats, positive: Flags) -> float:
    """The chance that a positive scores above a negative, ties counted half (Mann-Whitney)."""
    order = np.sort(scores[~positive])
    below = np.searchsorted(order, scores[positive], "left")
    upto = np.searchsorted(order, scores[positive], "right")
    return float((below + upto).sum() / (2 * len(order) * positive.sum()))


def balanced_accuracy(verdicts: Flags, positive: Flags) -> float:
    """The mean of the shares of positives and of negatives that are judged right."""
    return float((verdicts[positive].mean() + (~verdicts[~positive]).mean()) / 2)


def calibration_error(probabilities: Floats, positive: Flags, bins: int = 10) -> float:
    """Expected calibration error over equal-width bins, both classes weighing the same."""
    weight = balanced_weights(positive)
    place = np.minimum((probabilities * bins).astype(int), bins - 1)
    error = 0.0
    for number in range(bins):
        inside = place == number
        if inside.any():
            total = weight[inside].sum()
            gap = (weight[inside] * (probabilities[inside] - positive[inside])).sum() / total
            error += total * abs(gap)
    return float(error / weight.sum())


def balanced_weights(positive: Flags) -> Floats:
    """A weight for each row such that both classes weigh a half."""
    return np.where(positive, 0.5 / max(1, positive.sum()), 0.5 / max(1, (~positive).sum()))


def interval(
    figure: Callable[[Floats, Flags], float], scores: Floats, positive: Flags
) -> tuple[float, float]:
    """The 95 % bootstrap interval of a figure, resampling rows within each class."""
    generator = np.random.default_rng(_SEED)
    yes, no = np.flatnonzero(positive), np.flatnonzero(~positive)
    figures = []
    for _ in range(_RESAMPLES):
        rows = np.concatenate([generator.choice(yes, len(yes)), generator.choice(no, len(no))])
        figures.append(figure(scores[rows], positive[rows]))
    low, high = np.percentile(figures, [2.5, 97.5])
    return float(low), float(high)


def precise_threshold(probabilities: Floats, positive: Flags, precision: float) -> float:
    """The lowest threshold at which this share of what reaches it is positive; midway between the
    rows around it. The highest probability where no threshold will do."""
    order = np.argsort(-probabilities, kind="stable")
    ranked = probabilities[order]
    share = np.cumsum(positive[order]) / np.arange(1, len(order) + 1)
    # Equal probabilities go together: only the last of them has the share of all.
    reached = (share >= precision) & np.append(ranked[1:] < ranked[:-1], True)
    if not reached.any():
        return float(ranked[0])
    last = int(np.flatnonzero(reached)[-1])
    return float((ranked[last] + ranked[last + 1]) / 2) if last + 1 < len(ranked) else 0.0


def best_threshold(probabilities: Floats, positive: Flags, sets: Sequence[str] = ()) -> float:
    """The threshold with the best balanced accuracy, averaged over the `sets` that rows belong to
    (all one set when none are named); midway between the rows around it."""
    names = np.array(sets) if len(sets) else np.zeros(len(positive))
    groups = [names == name for name in np.unique(names)]
    values = np.unique(probabilities)
    middles = (values[1:] + values[:-1]) / 2 if len(values) > 1 else values

    def mean_accuracy(threshold: float) -> float:
        return sum(
            balanced_accuracy(probabilities[rows] >= threshold, positive[rows]) for rows in groups
        ) / len(groups)

    return float(max(middles, key=mean_accuracy))
