"""How sure a figure is, and whether two runs differ: bootstrap and exact tests."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 2000
SEED = 20240607


@dataclass(frozen=True, slots=True)
class Interval:
    """A figure with its 95 % percentile bootstrap interval; `n` is how many cases it is from."""

    value: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Difference:
    """What changed from A to B on the same questions.

    `low` and `high` bound the difference of the means (95 %, paired bootstrap). `p` is two-sided:
    McNemar's exact test where all values are 0 or 1, the paired bootstrap's else.
    """

    a: float
    b: float
    low: float
    high: float
    p: float
    n: int
    test: str

    @property
    def change(self) -> float:
        """B minus A."""
        return self.b - self.a


def mean_interval(values: Sequence[float] | NDArray[np.float64]) -> Interval:
    """The mean of one value per case, with its interval. Without a case all figures are NaN."""
    data = np.asarray(values, float)
    if not len(data):
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    means = data[_resamples(len(data))].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    return Interval(float(data.mean()), float(low), float(high), len(data))


def share_interval(flags: Sequence[float]) -> Interval:
    """A share of yes-or-no cases with its exact 95 % interval (Clopper and Pearson, 1934): unlike
    a bootstrap's it has a width where no case, or every one, is a yes."""
    from scipy.stats import binomtest

    if not flags:
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    yes = sum(map(bool, flags))
    found = binomtest(yes, len(flags)).proportion_ci(0.95, "exact")
    return Interval(yes / len(flags), float(found.low), float(found.high), len(flags))


def interval_of(statistic: Callable[..., float], *columns: NDArray) -> Interval:
    """Any statistic of columns whose rows belong together; rows are drawn with replacement.

    Draws for which the statistic is not a number (a class is missing) are left out.
    """
    count = len(columns[0])
    if not count:
        return Interval(float("nan"), float("nan"), float("nan"), 0)
    drawn = np.array(
        [statistic(*(column[rows] for column in columns)) for rows in _resamples(count, 500)]
    )
    drawn = drawn[~np.isnan(drawn)]
    low, high = np.percentile(drawn, (2.5, 97.5)) if len(drawn) else (np.nan, np.nan)
    return Interval(statistic(*columns), float(low), float(high), count)


def difference(a: Mapping[str, float], b: Mapping[str, float]) -> Difference:
    """Compare values by question id, over the questions that both have."""
    shared = sorted(a.keys() & b.keys())
    before = np.array([a[one] for one in shared], float)
    after = np.array([b[one] for one in shared], float)
    if not shared:
        nan = float("nan")
        return Difference(nan, nan, nan, nan, nan, 0, "none")
    changes = after - before
    means = changes[_resamples(len(shared))].mean(axis=1)
    low, high = np.percentile(means, (2.5, 97.5))
    if set(np.unique([before, after])) <= {0.0, 1.0}:
        test, p = "McNemar", mcnemar_p(int((changes < 0).sum()), int((changes > 0).sum()))
    else:
        test, p = "paired bootstrap", _bootstrap_p(changes)
    return Difference(
        float(before.mean()), float(after.mean()), float(low), float(high), p, len(shared), test
    )


def mcnemar_p(lost: int, gained: int) -> float:
    """The exact two-sided p of McNemar's test on the cases that changed."""
    from scipy.stats import binomtest

    if lost + gained == 0:
        return 1.0
    return float(binomtest(lost, lost + gained, 0.5).pvalue)


def _bootstrap_p(changes: NDArray[np.float64]) -> float:
    """How often a resampled mean change is as far from zero when the true one is zero."""
    if not changes.any():
        return 1.0
    centred = changes - changes.mean()
    means = np.abs(centred[_resamples(len(changes), 10_000)].mean(axis=1))
    # One more than counted: a p of 0 cannot be told from few resamples.
    return float((np.sum(means >= abs(changes.mean()) - 1e-12) + 1) / (len(means) + 1))


def _resamples(count: int, resamples: int = RESAMPLES) -> NDArray[np.int64]:
    return np.random.default_rng(SEED).integers(0, count, (resamples, count))
