"""ClapNQ: long answers from several sentences of one passage, and questions without an answer.

Rosenthal et al., "CLAPNQ: Cohesive Long-form Answers from Passages in Natural Questions for RAG
systems", 2024.
"""

from pathlib import Path
from typing import Any, Literal

from corpus.types import Document
from eval.datasets.files import json_lines
from eval.datasets.types import EvalQuestion, GoldSpan, QuestionSet
from eval.support.sources import ClapnqQuestion, clapnq_part

Part = Literal["report", "calibrate", "train", "all"]

FILES = ("dev_answerable_first_half.jsonl", "dev_unanswerable_first_half.jsonl")
NOTE = (
    "Each question is asked of all passages together; one without an answer is so for its own "
    "passage. The text is spaced as the data set gives it."
)


def read_clapnq(data: Path, part: Part = "report") -> QuestionSet:
    """Questions of a part, asked of every passage of the files in `data` or `data/clapnq`.

    Raises:
        DataSetError: a file is missing or malformed.
    """
    folder = data / "clapnq" if (data / "clapnq").is_dir() else data
    documents: dict[str, Document] = {}
    questions: list[EvalQuestion] = []
    for name in FILES:
        for _, row in json_lines(folder / name, "ClapNQ file"):
            passage = row["passages"][0]
            document = documents.setdefault(
                passage["text"],
                Document(
                    id=f"clapnq/{len(documents)}",
                    title=passage["title"],
                    text=passage["text"],
                    source="ClapNQ",
                ),
            )
            if part in ("all", _part_of(str(row["id"]))):
                questions.append(_question(row, document))
    return QuestionSet("clapnq", part, tuple(questions), tuple(documents.values()), NOTE)


def _part_of(question_id: str) -> str:
    return clapnq_part(ClapnqQuestion(question_id, "", (), (), ()))


def _question(row: dict[str, Any], document: Document) -> EvalQuestion:
    chosen = row["output"][0]["selected_sentences"]
    answers = tuple(output["answer"] for output in row["output"] if output["answer"])
    spans = tuple(
        GoldSpan(document.id, place, place + len(sentence))
        for sentence in chosen
        if (place := document.text.find(sentence)) >= 0
    )
    return EvalQuestion(
        id=str(row["id"]),
        text=row["input"].strip(),
        kind="answerable" if chosen else "impossible",
        answerable=bool(chosen),
        relevant={document.id: 1} if chosen else {},
        spans=spans,
        references=answers,
    )
