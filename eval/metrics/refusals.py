"""Refusing what has no answer: the verdicts, the scores behind them, and their calibration.

Everywhere a question without an answer is the positive class of the verdict "refuse", and the
score is the confidence that there *is* an answer, higher for more confident.
"""

import numpy as np
from numpy.typing import NDArray

Flags = NDArray[np.bool_]
Scores = NDArray[np.float64]


def refusal_precision(answerable: Flags, refused: Flags) -> float:
    """The share of the refused questions that have no answer; 1 where none was refused."""
    return float(np.mean(~answerable[refused])) if refused.any() else 1.0


def refusal_recall(answerable: Flags, refused: Flags) -> float:
    """The share of the questions without an answer that were refused."""
    return float(np.mean(refused[~answerable])) if (~answerable).any() else 1.0


def answer_rate(answerable: Flags, refused: Flags) -> float:
    """The share of the answerable questions that were not refused."""
    return float(np.mean(~refused[answerable])) if answerable.any() else 1.0


def balanced_accuracy(answerable: Flags, refused: Flags) -> float:
    """The mean of refusal recall and answer rate."""
    return (refusal_recall(answerable, refused) + answer_rate(answerable, refused)) / 2


def auroc(answerable: Flags, scores: Scores) -> float:
    """The probability that an answerable question scores above one without an answer.

    By ranks (Mann and Whitney), since intervals need it hundreds of times; NaN where one class is
    missing.
    """
    from scipy.stats import rankdata

    positives = int(answerable.sum())
    negatives = len(answerable) - positives
    if not positives or not negatives:
        return float("nan")
    ranks = float(rankdata(scores)[answerable].sum())
    return (ranks - positives * (positives + 1) / 2) / (positives * negatives)


def brier(answerable: Flags, probabilities: Scores) -> float:
    """The mean squared distance of the probabilities from the truth."""
    return float(np.mean((np.clip(probabilities, 0, 1) - answerable) ** 2))


def risk_coverage(answerable: Flags, scores: Scores) -> list[tuple[float, float]]:
    """(coverage, risk) when the most confident 1, 2, … questions are answered.

    The risk is the share of them that have no answer. Of questions with the same score none is
    taken before the others: they are answered together. El-Yaniv and Wiener, "On the Foundations
    of Noise-free Selective Classification", 2010.
    """
    order = np.argsort(-scores, kind="stable")
    wrong = np.cumsum(~answerable[order])
    last_of_score = np.append(np.diff(scores[order]) != 0, True)
    return [
        (float((place + 1) / len(order)), float(wrong[place] / (place + 1)))
        for place in np.flatnonzero(last_of_score)
    ]


def area_under_risk_coverage(answerable: Flags, scores: Scores) -> float:
    """The mean risk over all coverages; lower is better."""
    curve = risk_coverage(answerable, scores)
    area = before = 0.0
    for coverage, risk in curve:
        area += (coverage - before) * risk
        before = coverage
    return area


def reliability(
    answerable: Flags, probabilities: Scores, bins: int = 10
) -> list[dict[str, float | int]]:
    """For each bin of equal width that holds questions: mean probability, share answerable, n."""
    places = np.minimum((np.clip(probabilities, 0, 1) * bins).astype(int), bins - 1)
    return [
        {
            "mean_probability": float(probabilities[places == place].mean()),
            "share_answerable": float(answerable[places == place].mean()),
            "n": int((places == place).sum()),
        }
        for place in range(bins)
        if (places == place).any()
    ]


def expected_calibration_error(answerable: Flags, probabilities: Scores, bins: int = 10) -> float:
    """The mean gap between probability and share over the bins, weighted by their questions.

    Guo et al., "On Calibration of Modern Neural Networks", 2017.
    """
    return float(
        sum(
            one["n"] * abs(one["mean_probability"] - one["share_answerable"])
            for one in reliability(answerable, probabilities, bins)
        )
        / len(answerable)
    )


def best_threshold(answerable: Flags, scores: Scores) -> float:
    """The score from which on answering gives the best balanced accuracy."""
    candidates = np.unique(scores)
    accuracy = [balanced_accuracy(answerable, scores < candidate) for candidate in candidates]
    return float(candidates[int(np.argmax(accuracy))])
