"""Whatever the OpenAPI description allows, and much that it does not, never breaks the server."""

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from fake_assistant import FakeAssistant
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from schemathesis import GenerationMode

from assistant import Assistant, Settings
from assistant.serving.server import create_app

EXAMPLES = 10
HOSTS = ("testserver",)
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def call_all(app: Any, paths: str = ".*") -> list[str]:
    """Call the operations below `paths` with made-up values; which ones were called."""
    schema = schemathesis.openapi.from_asgi("/openapi.json", app).include(path_regex=paths)
    called = []
    for result in schema.get_all_operations():
        operation = result.ok()
        called.append(operation.label)
        for mode in MODES:
            call_one(operation, mode)
    return called


def call_one(operation: Any, mode: GenerationMode) -> None:
    @hypothesis_settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def call(case: Any) -> None:
        response = case.call()
        assert response.status_code < 500 or case.path == "/readyz", response.text

    try:
        call()
    except Exception as error:
        # An operation without anything to get wrong has no wrong calls.
        if type(error).__name__ not in ("Unsatisfiable", "SkipTest", "Skipped"):
            raise


def test_no_route_fails_over_the_fake_assistant(own_home: Path) -> None:
    settings = Settings(home=own_home, allowed_hosts=HOSTS)
    called = call_all(create_app(FakeAssistant(), settings, chat=False))
    for route in ("POST /v1/ask", "POST /v1/documents", "POST /v1/chat/completions"):
        assert route in called


@pytest.mark.slow
def test_no_route_over_the_real_index_fails(
    bank_assistant: Assistant, bank_settings: Settings
) -> None:
    settings = bank_settings.model_copy(update={"allowed_hosts": HOSTS})
    app = create_app(bank_assistant, settings, chat=False)
    called = call_all(app, r"^/v1/(search|documents|status)")
    assert "POST /v1/search" in called
