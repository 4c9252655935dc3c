"""Refusal metrics agree with worked examples and with scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, precision_score, recall_score, roc_auc_score

from eval.metrics import refusals

EXACT = 1e-6
TRUTH = np.array([True, True, True, False, False])
SCORES = np.array([0.9, 0.8, 0.3, 0.6, 0.1])


def test_verdicts_by_hand():
    refused = SCORES < 0.5
    assert refusals.refusal_precision(TRUTH, refused) == pytest.approx(1 / 2)
    assert refusals.refusal_recall(TRUTH, refused) == pytest.approx(1 / 2)
    assert refusals.answer_rate(TRUTH, refused) == pytest.approx(2 / 3)
    assert refusals.balanced_accuracy(TRUTH, refused) == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_auroc_is_the_share_of_pairs_in_the_right_order():
    assert refusals.auroc(TRUTH, SCORES) == pytest.approx(5 / 6, abs=EXACT)
    assert np.isnan(refusals.auroc(TRUTH[:3], SCORES[:3]))


def test_brier_by_hand():
    expected = (0.01 + 0.04 + 0.49 + 0.36 + 0.01) / 5
    assert refusals.brier(TRUTH, SCORES) == pytest.approx(expected, abs=EXACT)


def test_risk_coverage_by_hand():
    curve = refusals.risk_coverage(TRUTH, SCORES)
    assert curve == [
        (pytest.approx(0.2), 0.0),
        (pytest.approx(0.4), 0.0),
        (pytest.approx(0.6), pytest.approx(1 / 3)),
        (pytest.approx(0.8), pytest.approx(1 / 4)),
        (pytest.approx(1.0), pytest.approx(2 / 5)),
    ]
    area = (0 + 0 + 1 / 3 + 1 / 4 + 2 / 5) / 5
    assert refusals.area_under_risk_coverage(TRUTH, SCORES) == pytest.approx(area, abs=EXACT)


def test_questions_with_equal_scores_are_answered_together():
    curve = refusals.risk_coverage(np.array([True, False]), np.array([0.5, 0.5]))
    assert curve == [(1.0, 0.5)]


def test_reliability_and_calibration_error_by_hand():
    truth = np.array([True, False, True, True])
    probabilities = np.array([0.25, 0.25, 0.85, 0.95])
    bins = refusals.reliability(truth, probabilities, bins=2)
    assert bins == [
        {"mean_probability": 0.25, "share_answerable": 0.5, "n": 2},
        {"mean_probability": pytest.approx(0.9), "share_answerable": 1.0, "n": 2},
    ]
    error = refusals.expected_calibration_error(truth, probabilities, bins=2)
    assert error == pytest.approx((0.25 + 0.1) / 2, abs=EXACT)


def test_the_best_threshold_splits_where_the_balanced_accuracy_is_best():
    truth = np.array([False, False, True, True])
    assert refusals.best_threshold(truth, np.array([0.1, 0.2, 0.7, 0.9])) == 0.7


cases = st.lists(st.tuples(st.booleans(), st.booleans()), min_size=2, max_size=40)


@settings(deadline=None)
@given(cases)
def test_precision_and_recall_are_scikit_learns(rows):
    truth, refused = map(np.array, zip(*rows, strict=True))
    if not refused.any() or truth.all():
        return
    assert refusals.refusal_precision(truth, refused) == pytest.approx(
        precision_score(~truth, refused), abs=EXACT
    )
    assert refusals.refusal_recall(truth, refused) == pytest.approx(
        recall_score(~truth, refused), abs=EXACT
    )


scored = st.lists(st.tuples(st.booleans(), st.integers(0, 10)), min_size=2, max_size=40)


@settings(deadline=None)
@given(scored)
def test_auroc_and_brier_are_scikit_learns(rows):
    truth = np.array([yes for yes, _ in rows])
    scores = np.array([score / 10 for _, score in rows])
    assert refusals.brier(truth, scores) == pytest.approx(
        brier_score_loss(truth, scores, labels=[False, True]), abs=EXACT
    )
    if truth.any() and not truth.all():
        assert refusals.auroc(truth, scores) == pytest.approx(
            roc_auc_score(truth, scores), abs=EXACT
        )
