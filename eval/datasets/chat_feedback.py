"""Questions made from what people thought of answers in the chat."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from eval.datasets.types import DataSetError, EvalQuestion

FILE = "feedback.sqlite"


@dataclass(frozen=True, slots=True)
class Opinion:
    """One like or dislike."""

    verdict: str
    question: str
    answer: str
    comment: str


def read_opinions(home: Path) -> list[Opinion]:
    """All opinions kept in a home, oldest first; none where nobody has given one.

    Raises:
        DataSetError: the file is no feedback.
    """
    path = home / FILE
    if not path.is_file():
        return []
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as database:
            rows = database.execute(
                "SELECT verdict, question, answer, comment FROM feedback ORDER BY id"
            ).fetchall()
    except sqlite3.Error as error:
        raise DataSetError(f"The feedback in {path} cannot be read: {error}.") from error
    return [Opinion(*(str(value or "") for value in row)) for row in rows]


def last_opinions(opinions: list[Opinion]) -> list[Opinion]:
    """Of each question that was judged the last opinion: people change their minds."""
    last: dict[str, Opinion] = {}
    for opinion in opinions:
        if question := opinion.question.strip():
            # Out and in again: the order is that of the last opinions.
            last.pop(question, None)
            last[question] = opinion
    return list(last.values())


def questions_from_opinions(opinions: list[Opinion]) -> list[EvalQuestion]:
    """One question for each text that was judged; the last opinion on it counts.

    A liked answer becomes the reference. A disliked one leaves a question without a reference,
    of the kind "disliked".
    """
    return [
        EvalQuestion(
            id=f"feedback-{number}",
            text=opinion.question.strip(),
            kind="liked" if opinion.verdict == "like" else "disliked",
            answerable=True if opinion.verdict == "like" else None,
            references=(opinion.answer,) if opinion.verdict == "like" and opinion.answer else (),
        )
        for number, opinion in enumerate(last_opinions(opinions), start=1)
    ]
