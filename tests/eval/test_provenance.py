"""A result says what produced it, and tells nothing of where or by which key."""

from pathlib import Path

from assistant.settings import Settings
from eval.provenance import code_version, fingerprint, machine, packages, shown_settings


def test_settings_are_shown_without_places_and_secrets(tmp_path):
    folder = tmp_path / "models" / "my-embedder"
    shown = shown_settings(
        Settings(home=tmp_path, api_key="secret", llm_key="secret", embedder=str(folder))
    )
    assert shown["embedder"] == "my-embedder"
    assert shown["passages"] == Settings(home=tmp_path).passages
    assert "secret" not in repr(shown)
    assert str(tmp_path) not in repr(shown)


def test_the_version_names_the_code():
    assert "+code." in code_version()
    assert str(Path.home()) not in code_version()


def test_another_setting_is_another_run():
    assert fingerprint(1, "a") == fingerprint(1, "a")
    assert fingerprint(1, "a") != fingerprint(1, "b")


def test_machine_and_packages_are_named():
    assert machine()["cores"] >= 1
    assert "numpy" in packages()
