"""Intervals hold the truth about as often as they say, and tests find what is there."""

import numpy as np
import pytest
from scipy.stats import bootstrap

from eval.metrics.intervals import difference, interval_of, mcnemar_p, mean_interval


def test_the_mean_interval_is_scipys():
    values = np.random.default_rng(1).beta(2, 1, 120)
    ours = mean_interval(values)
    scipys = bootstrap((values,), np.mean, method="percentile", n_resamples=9999, rng=2)
    assert ours.value == pytest.approx(values.mean(), abs=1e-6)
    assert ours.low == pytest.approx(scipys.confidence_interval.low, abs=0.01)
    assert ours.high == pytest.approx(scipys.confidence_interval.high, abs=0.01)


def test_the_interval_holds_the_truth_in_about_95_of_100_samples():
    random = np.random.default_rng(7)
    intervals = [mean_interval(random.random(60)) for _ in range(200)]
    held = sum(one.low <= 0.5 <= one.high for one in intervals)
    assert 180 <= held <= 200


def test_the_same_values_give_the_same_interval():
    assert mean_interval([0.0, 1.0, 1.0]) == mean_interval([0.0, 1.0, 1.0])


def test_without_a_case_there_is_no_figure():
    assert np.isnan(mean_interval([]).value)
    assert mean_interval([]).n == 0


def test_any_statistic_has_an_interval_over_its_rows():
    one = interval_of(
        lambda a, b: float(np.corrcoef(a, b)[0, 1]), np.arange(30.0), np.arange(30.0) * 2
    )
    assert (one.value, one.low, one.high) == pytest.approx((1, 1, 1))


@pytest.mark.parametrize(
    ("lost", "gained", "p"),
    [(1, 8, 20 / 512), (0, 0, 1.0), (5, 5, 1.0), (0, 10, 2 / 1024)],
)
def test_mcnemar_by_hand(lost, gained, p):
    assert mcnemar_p(lost, gained) == pytest.approx(p, abs=1e-6)


def test_yes_or_no_figures_are_tested_by_mcnemar_on_the_shared_questions():
    a = {f"q{n}": 1.0 for n in range(20)} | {"only in a": 0.0}
    b = {f"q{n}": float(n >= 10) for n in range(20)} | {"only in b": 1.0}
    found = difference(a, b)
    assert (found.test, found.n) == ("McNemar", 20)
    assert found.change == pytest.approx(-0.5)
    assert found.p == pytest.approx(2 / 1024, abs=1e-6)


def test_graded_figures_are_tested_by_the_paired_bootstrap():
    random = np.random.default_rng(3)
    before = {str(n): value for n, value in enumerate(random.random(80) * 0.5)}
    after = {n: value + 0.05 + random.normal(0, 0.02) for n, value in before.items()}
    found = difference(before, after)
    assert found.test == "paired bootstrap"
    assert found.low > 0
    assert found.p < 0.001
    assert difference(before, before).p == 1


def test_noise_is_seldom_called_a_difference():
    random = np.random.default_rng(11)
    called = 0
    for _ in range(60):
        before = {str(n): random.random() for n in range(40)}
        after = {n: random.random() for n in before}
        called += difference(before, after).p < 0.05
    assert called <= 9
