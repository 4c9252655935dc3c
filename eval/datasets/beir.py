"""Folders in the format of BEIR: corpus.jsonl, queries.jsonl and qrels/<split>.tsv.

Thakur et al., "BEIR: A Heterogeneous Benchmark for Zero-shot Evaluation of Information Retrieval
Models", 2021. A document's title, where it has one, becomes the document's title.
"""

import csv
from pathlib import Path

from corpus.types import Document
from eval.datasets.files import json_lines, require
from eval.datasets.types import DataSetError, EvalQuestion, QuestionSet


def read_beir(folder: Path, split: str = "test") -> QuestionSet:
    """The questions of a split that have a relevant document, and the whole corpus.

    Raises:
        DataSetError: a file is missing or malformed.
    """
    documents = tuple(
        Document(
            id=str(_field(row, "_id", folder / "corpus.jsonl", line)),
            title=str(row.get("title") or ""),
            text=str(_field(row, "text", folder / "corpus.jsonl", line)),
            source=folder.name,
        )
        for line, row in json_lines(folder / "corpus.jsonl", "BEIR corpus")
    )
    grades = _read_qrels(folder / "qrels" / f"{split}.tsv")
    questions = tuple(
        EvalQuestion(
            id=str(_field(row, "_id", folder / "queries.jsonl", line)),
            text=str(_field(row, "text", folder / "queries.jsonl", line)),
            relevant=grades[str(row["_id"])],
        )
        for line, row in json_lines(folder / "queries.jsonl", "BEIR queries")
        if any(grade > 0 for grade in grades.get(str(row["_id"]), {}).values())
    )
    return QuestionSet(f"beir-{folder.resolve().name}", split, questions, documents)


def _read_qrels(path: Path) -> dict[str, dict[str, int]]:
    grades: dict[str, dict[str, int]] = {}
    with require(path, "BEIR relevance file").open(encoding="utf-8", newline="") as lines:
        for number, row in enumerate(csv.reader(lines, delimiter="\t"), start=1):
            if not row or (number == 1 and not row[-1].lstrip("-").isdigit()):
                continue
            try:
                query, document, grade = row
                grades.setdefault(query, {})[document] = int(grade)
            except ValueError as error:
                raise DataSetError(
                    f"{path}, line {number}: query, document and grade are expected, "
                    "separated by tabs."
                ) from error
    return grades


def _field(row: dict, name: str, path: Path, line: int) -> object:
    if name not in row:
        raise DataSetError(f"{path}, line {line}: the field {name!r} is missing.")
    return row[name]
