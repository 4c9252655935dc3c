"""The figures that were committed still hold: search, refusals, and answers of the real model."""

from pathlib import Path

import pytest

from assistant.settings import Settings
from eval.gate import compare_with_baseline, measure, read_baseline

RESULTS = Path(__file__).resolve().parents[2] / "eval" / "results"


@pytest.mark.slow
def test_nothing_is_significantly_worse_than_the_baseline(own_home, weights, tmp_path):
    settings = Settings(home=own_home, weights=weights)
    result = measure(settings, tmp_path / "records")
    verdict = compare_with_baseline(result, read_baseline(RESULTS))
    assert verdict.passed, (
        f"{verdict.explained()}\nIf the change is meant to: assistant eval gate --update"
    )
