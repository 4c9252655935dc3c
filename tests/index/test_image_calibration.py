"""Scores are read against the query's own background, not against one cut-off."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.image_calibration import Background, Calibration

CALIBRATION = Calibration(Background(0.0, 0.1, 0.07), Background(0.0, 0.05, 0.07))


def sample(mean: float, spread: float, count: int = 500) -> np.ndarray:
    return np.random.default_rng(0).normal(mean, spread, count).astype(np.float32)


def test_the_same_cosine_means_less_to_a_query_that_resembles_everything() -> None:
    score = np.array([0.3], np.float32)
    among_strangers = CALIBRATION.standardise(score, sample(0.0, 0.08), "image")[0]
    among_relatives = CALIBRATION.standardise(score, sample(0.18, 0.08), "image")[0]
    assert among_strangers > among_relatives + 1
    assert CALIBRATION.read(among_strangers) == "related"
    assert CALIBRATION.read(among_relatives) == "far"


def test_words_and_pictures_have_backgrounds_of_their_own() -> None:
    score = np.array([0.25], np.float32)
    none = np.empty(0, np.float32)
    assert CALIBRATION.read(CALIBRATION.standardise(score, none, "text")[0]) == "near"
    assert CALIBRATION.read(CALIBRATION.standardise(score, none, "image")[0]) == "related"


def test_a_collection_full_of_hits_does_not_hide_them() -> None:
    alike = sample(0.8, 0.02)
    standardised = CALIBRATION.standardise(np.array([0.8], np.float32), alike, "image")
    assert CALIBRATION.read(standardised[0]) == "near"


@given(
    st.lists(st.floats(-1, 1, width=32), max_size=50),
    st.lists(st.floats(-1, 1, width=32), min_size=2, max_size=9),
)
def test_standardising_keeps_the_order_whatever_the_collection(
    background: list[float], scores: list[float]
) -> None:
    ordered = np.sort(np.array(scores, np.float32))
    found = CALIBRATION.standardise(ordered, np.array(background, np.float32), "image")
    assert np.isfinite(found).all()
    assert (np.diff(found) >= -1e-4).all()


@pytest.mark.parametrize(("score", "reading"), [(4.0, "near"), (3.9, "related"), (1.9, "far")])
def test_readings_have_bounds(score: float, reading: str) -> None:
    assert CALIBRATION.read(score) == reading
