from pathlib import Path

import pytest

from assistant.weights import CATALOGUE, status, verify


@pytest.mark.parametrize("name", CATALOGUE)
def test_the_weights_on_this_machine_are_the_publishers(name: str, weights: Path):
    if not any(row.present for row in status(weights) if row.name == name):
        pytest.skip(f"{name} has not been pulled into {weights}")
    assert verify(name, weights).exists()
