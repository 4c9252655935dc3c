"""What all tests share: the pulled weights, and a home of their own."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from platformdirs import user_data_path

DATA = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def weights() -> Path:
    """The folder of the real weights that `make test` pulls."""
    folder = os.environ.get("CV_ASSISTANT_WEIGHTS")
    path = Path(folder) if folder else user_data_path("cv-assistant") / "weights"
    if not (path / "all-MiniLM-L6-v2").is_dir():
        pytest.fail(f"No weights in {path}: run `make test`, or `assistant weights pull`.")
    return path


@pytest.fixture(autouse=True)
def own_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """No test reads or writes the home of the person who runs it."""
    home = tmp_path / "home"
    monkeypatch.setenv("CV_ASSISTANT_HOME", str(home))
    return home


@pytest.fixture(scope="session")
def outside_data() -> Path:
    """The outside data sets, for measuring; tests that need them skip where they are missing."""
    if not DATA.is_dir():
        pytest.skip("the outside data sets (../shared/data) are not here")
    return DATA
