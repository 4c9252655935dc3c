"""An assistant over the bank with the real embedding model, opened once."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from assistant import Assistant, Settings


@pytest.fixture(scope="session")
def bank_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home in which the bank is indexed once for all tests that only read it."""
    return tmp_path_factory.mktemp("bank-home")


@pytest.fixture(scope="session")
def bank_settings(bank_home: Path, weights: Path) -> Settings:
    """Settings of the shared assistant, with the default language model."""
    return Settings(home=bank_home, weights=weights)


@pytest.fixture(scope="session")
def bank_assistant(bank_settings: Settings) -> Iterator[Assistant]:
    """The shared assistant: real index, real models. Tests must not change its corpus."""
    with Assistant.open(bank_settings) as assistant:
        yield assistant
