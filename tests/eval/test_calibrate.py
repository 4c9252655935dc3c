"""The calibration of the judgement: thresholds by shares, neighbours by the same rows."""

import numpy as np
import pytest

from assistant.answering.abstention import DISTANT
from eval.calibrate import DISTANT_NEIGHBOURS, FALSE_REFUSALS, Row, calibrated, with_distant


def made_up_rows() -> list[Row]:
    random = np.random.default_rng(3)
    rows = []
    for number in range(400):
        answerable = number % 2 == 0
        cosine = float(random.normal(0.7 if answerable else 0.5, 0.1))
        signals = {"cosine": cosine, "distant": max(0.0, DISTANT - cosine)}
        kind = "answerable" if answerable else "far"
        rows.append(Row("squad2" if number % 4 > 1 else "bank", kind, answerable, signals))
    return rows


def test_default_threshold_refuses_the_documented_share_of_the_banks_answerable_questions() -> None:
    result = calibrated(made_up_rows())

    share = float(result["measured"]["bank: answerable refused"].split()[0])
    assert share == pytest.approx(FALSE_REFUSALS[0.5], abs=0.01)


def test_stricter_settings_have_higher_thresholds() -> None:
    thresholds = dict(calibrated(made_up_rows())["thresholds"])

    assert list(thresholds) == sorted(FALSE_REFUSALS)
    assert list(thresholds.values()) == sorted(thresholds.values())


def test_far_signal_may_only_count_against_an_answer() -> None:
    assert calibrated(made_up_rows())["weights"]["distant"] <= 0


@pytest.mark.parametrize("value", [*DISTANT_NEIGHBOURS, DISTANT])
def test_neighbour_of_distant_changes_that_signal_alone(value: float) -> None:
    rows = made_up_rows()

    for before, after in zip(rows, with_distant(rows, value), strict=True):
        assert after.signals["distant"] == max(0.0, value - before.signals["cosine"])
        assert after.signals["cosine"] == before.signals["cosine"]
        if value == DISTANT:
            assert after == before
