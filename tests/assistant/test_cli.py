import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from assistant.cli import COMMANDS

PROGRAM = Path(sys.executable).with_name("assistant")


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [PROGRAM, *map(str, arguments)],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=300,
        check=False,
    )


@pytest.fixture
def program(bank_home, bank_assistant, weights):
    """The program over the shared bank, without its language model unless it is asked for."""

    def call(*arguments: object, home: Path = bank_home) -> subprocess.CompletedProcess[str]:
        return run(*arguments, CV_ASSISTANT_HOME=str(home), CV_ASSISTANT_WEIGHTS=str(weights))

    return call


def test_help_names_every_command_and_exit_code():
    result = run("--help")
    assert result.returncode == 0
    for name in COMMANDS:
        assert f"  {name} " in result.stdout
    assert "Exit codes:" in result.stdout


def test_help_imports_nothing_heavy():
    code = "import sys, assistant.cli; print(*sys.modules, sep='\\n')"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout.split()
    heavy = {"torch", "gradio", "numpy", "pydantic", "langchain_core", "faiss", "llama_cpp"}
    assert not heavy & set(loaded)


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"eval"}))
def test_every_command_has_help(name):
    result = run(name, "--help")
    assert result.returncode == 0
    assert "Usage: assistant" in result.stdout


def test_an_unknown_command_is_a_usage_error():
    result = run("fly")
    assert result.returncode == 2
    assert "No such command 'fly'" in result.stderr


def test_search_prints_passages_and_json(program):
    plain = program("search", "predefined boxes of different shapes", "-k", 2)
    assert plain.returncode == 0
    assert "question-bank/23" in plain.stdout
    hits = json.loads(program("search", "--json", "predefined boxes", "-k", 2).stdout)
    assert len(hits) == 2
    assert hits[0]["passage"]["document_id"] == hits[0]["document"]["id"]


@pytest.mark.parametrize("question", ["", "  ", "why " * 30_000])
def test_a_bad_question_ends_with_exit_code_2_and_says_why(program, question):
    result = program("ask", question)
    assert result.returncode == 2
    assert result.stderr.startswith("Error: The question ")
    assert "Traceback" not in result.stderr
    problem = json.loads(program("ask", "--json", question).stdout)["error"]
    assert problem["code"] == "question-invalid"
    assert problem["hint"]


def test_a_wrong_setting_ends_with_exit_code_2(program):
    result = program("ask", "--strictness", "7", "What is pooling?")
    assert result.returncode == 2
    assert "strictness" in result.stderr


def test_missing_weights_end_with_exit_code_5_and_the_command_that_gets_them(tmp_path):
    result = run("ask", "What is pooling?", "--home", tmp_path, CV_ASSISTANT_WEIGHTS="")
    assert result.returncode == 5
    assert "assistant weights pull" in result.stderr


def test_files_that_cannot_be_documents_are_refused_one_by_one(program, tmp_path):
    home, files = tmp_path / "own", tmp_path / "files"
    files.mkdir()
    (files / "good.md").write_text("# Good\n\nThe axolotl regrows its limbs.\n")
    (files / "binary.txt").write_bytes(bytes(range(256)) * 20)
    (files / "latin1.txt").write_bytes("Ein schöner Tag in Köln.".encode("latin-1"))
    (files / "empty.txt").write_bytes(b"")
    result = program("add", "--json", files, home=home)
    assert result.returncode == 3
    report = json.loads(result.stdout)
    assert [Path(name).name for name in report["added"]] == ["good.md"]
    refused = {Path(file["path"]).name: file["reason"] for file in report["refused"]}
    assert set(refused) == {"binary.txt", "latin1.txt", "empty.txt"}
    assert all(refused.values())

    found = program("search", "which animal regrows its limbs", "-k", 1, home=home)
    assert "good.md" in found.stdout
    assert program("remove", files, home=home).returncode == 0
    nothing = program("remove", files, home=home)
    assert nothing.returncode == 3
    assert "No document has that name" in nothing.stderr


def test_a_missing_file_is_refused_by_name(program, tmp_path):
    result = program("add", tmp_path / "nowhere.md", home=tmp_path / "own")
    assert result.returncode == 3
    assert "nowhere.md" in result.stdout


def test_status_names_the_models_and_every_setting(program):
    rows = json.loads(program("status", "--json", "--settings", "--documents").stdout)
    assert rows["documents"] == 50
    assert len(rows["document_list"]) == 50
    assert "all-MiniLM-L6-v2" in rows["embedder"]
    assert rows["settings"]["port"] == 7860


def test_a_secret_setting_is_never_printed(bank_home, bank_assistant, weights):
    result = run(
        "status",
        "--settings",
        CV_ASSISTANT_HOME=str(bank_home),
        CV_ASSISTANT_WEIGHTS=str(weights),
        CV_ASSISTANT_API_KEY="open-sesame",
    )
    assert result.returncode == 0
    assert "open-sesame" not in result.stdout + result.stderr


@pytest.mark.slow
def test_ask_prints_the_answer_with_its_sources(program):
    result = program("ask", "Why do detectors use predefined boxes of different shapes?")
    assert result.returncode == 0, result.stderr
    answer, _, sources = result.stdout.partition("Sources")
    assert "[1]" in answer
    assert "question-bank/23" in sources
    assert "qwen2.5-coder-0.5b" in result.stderr
