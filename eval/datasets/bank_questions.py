"""The question sets about the question bank, in `eval/questions`."""

from importlib.resources import files
from pathlib import Path
from typing import Any, Literal, get_args

from assistant.answering.types import Message
from corpus.also_asked import load_shipped_bank
from eval.datasets.files import json_lines
from eval.datasets.types import EvalQuestion, QuestionSet

Part = Literal["training", "dev", "validation", "test"]
PARTS = get_args(Part)

WITHOUT_ANSWER = frozenset({"near", "far"})


def read_bank_questions(part: Part) -> QuestionSet:
    """`training` is what the pair model learns from, `dev` and `validation` are for tuning, `test`
    is for reporting; the format is in `eval/questions/README.md`.

    Raises:
        DataSetError: the file is not what its README says.
    """
    documents = load_shipped_bank()
    questions = tuple(
        _question(row, [document.id for document in documents]) for row in _rows(part)
    )
    return QuestionSet("bank", part, questions, documents)


def standing_alone(part: Part) -> frozenset[str]:
    """The ids of the follow-ups that are marked as changing the topic; only `dev` has marks."""
    return frozenset(row["id"] for row in _rows(part) if row.get("stands_alone"))


def _rows(part: Part) -> list[dict[str, Any]]:
    path = Path(str(files("eval") / "questions" / f"{part}.jsonl"))
    return [row for _, row in json_lines(path, "question set")]


def _question(row: dict[str, Any], document_ids: list[str]) -> EvalQuestion:
    return EvalQuestion(
        id=row["id"],
        text=row["question"],
        kind=row["kind"],
        history=tuple(Message(turn["role"], turn["text"]) for turn in row.get("history", ())),
        answerable=row["kind"] not in WITHOUT_ANSWER,
        relevant={document_ids[number - 1]: 1 for number in row.get("answers", ())},
        key_facts=tuple(map(tuple, row.get("key_facts", ()))),
    )
