import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from eval.support.calibrate import fit
from eval.support.metrics import (
    auroc,
    balanced_accuracy,
    best_threshold,
    calibration_error,
    interval,
    precise_threshold,
)

rows = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=4, max_size=40).filter(
    lambda found: len({truth for _, truth in found}) == 2
)


@settings(deadline=None)
@given(rows)
def test_figures_agree_with_scikit_learn(found):
    scores = np.array([score for score, _ in found], dtype=float)
    truth = np.array([truth for _, truth in found])
    assert auroc(scores, truth) == pytest.approx(roc_auc_score(truth, scores))
    assert balanced_accuracy(scores >= 3, truth) == pytest.approx(
        balanced_accuracy_score(truth, scores >= 3)
    )


def test_calibration_error_is_zero_for_honest_and_large_for_boastful_scores():
    truth = np.array([True] * 50 + [False] * 50)
    assert calibration_error(np.full(100, 0.5), truth) == pytest.approx(0)
    assert calibration_error(np.full(100, 0.99), truth) == pytest.approx(0.49)


def test_interval_holds_the_figure():
    generator = np.random.default_rng(0)
    truth = generator.random(200) < 0.5
    scores = truth + generator.normal(size=200)
    low, high = interval(auroc, scores, truth)
    assert low < auroc(scores, truth) < high


def test_a_precise_threshold_lets_hardly_anything_wrong_through():
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0.5, 0.4])
    truth = np.array([True, True, False, True, False, False])
    threshold = precise_threshold(scores, truth, 0.75)
    assert 0.5 < threshold < 0.6
    assert 0.7 < precise_threshold(scores, truth, 0.9) < 0.8


def test_no_threshold_is_precise_where_the_surest_are_wrong():
    scores, truth = np.array([0.9, 0.2]), np.array([False, False])
    assert precise_threshold(scores, truth, 0.9) == 0.9


def test_threshold_parts_what_can_be_parted():
    scores, truth = np.array([0.1, 0.2, 0.7, 0.9]), np.array([False, False, True, True])
    assert 0.2 < best_threshold(scores, truth) < 0.7


def test_fit_finds_the_signal_and_never_turns_agreement_into_a_fault():
    generator = np.random.default_rng(1)
    truth = generator.random(300) < 0.3
    useful = truth + generator.normal(scale=0.5, size=300)
    perverse = -1.0 * truth + generator.normal(scale=0.5, size=300)
    names = ("support_logit", "coverage")
    fitted = fit(names, np.stack([useful, perverse], axis=1), truth, ["one"] * 300)
    assert fitted.weights["support_logit"] > 0
    assert fitted.weights["coverage"] == 0
    chances = fitted.probabilities(names, np.stack([useful, perverse], axis=1))
    assert auroc(chances, truth) > 0.9
