"""Seconds by stage and tokens by second."""

import pytest

from eval.metrics.speed import peak_memory_bytes, stage_quantiles, tokens_per_second


def test_quantiles_are_by_stage_over_the_answers_that_have_it():
    found = stage_quantiles([{"search": 1.0}, {"search": 3.0, "generate": 5.0}])
    assert found["search"] == {
        "median": 2.0,
        "p95": pytest.approx(2.9),
        "mean": 2.0,
        "n": 2,
    }
    assert found["generate"]["n"] == 1


def test_the_first_token_is_not_part_of_the_rate():
    assert tokens_per_second(11, generate=3.0, first_token=1.0) == pytest.approx(5.0)
    assert tokens_per_second(1, generate=3.0, first_token=1.0) is None


def test_peak_memory_is_more_than_an_interpreter_needs():
    peak = peak_memory_bytes()
    assert peak is None or peak > 5_000_000
