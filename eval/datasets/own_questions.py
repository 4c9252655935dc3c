"""A user's own questions, in CSV or JSONL, asked of the user's own corpus.

Fields (columns): `question`, and as far as known `id`, `kind`, `answerable` (yes or no), `answer`
(a reference), `documents` (ids or titles of documents that hold the answer), `key_facts`. In CSV,
`documents` are separated by `;`, facts by `;` and the phrases of a fact, of which any one will
do, by `|`. In JSONL they are lists.
"""

import csv
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from corpus.types import Document
from eval.datasets.files import json_lines, require
from eval.datasets.types import DataSetError, EvalQuestion, QuestionSet

FIELDS = frozenset({"id", "question", "kind", "answerable", "answer", "documents", "key_facts"})
_TRUTH = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


def read_own_questions(path: Path, documents: Iterable[Document]) -> QuestionSet:
    """The questions of a `.csv` or `.jsonl` file; `documents` is the corpus they are asked of.

    Raises:
        DataSetError: the file cannot be read; the message names the line.
    """
    names = {document.id: document.id for document in documents}
    for document in documents:
        names.setdefault(document.title, document.id)
    questions = tuple(
        _question(row, f"{path}, line {line}", path.stem, line, names) for line, row in _rows(path)
    )
    ids = [question.id for question in questions]
    if repeated := {one for one in ids if ids.count(one) > 1}:
        raise DataSetError(f"{path}: the id {min(repeated)!r} is given to several questions.")
    if not questions:
        raise DataSetError(f"{path} holds no question.")
    return QuestionSet("questions", path.stem, questions, None)


def write_own_questions(path: Path, questions: Iterable[EvalQuestion]) -> int:
    """Write questions as JSONL that `read_own_questions` reads; returns how many."""
    count = 0
    with path.open("w", encoding="utf-8") as file:
        for question in questions:
            row: dict[str, Any] = {"id": question.id, "question": question.text}
            row["kind"] = question.kind
            if question.answerable is not None:
                row["answerable"] = question.answerable
            if question.references:
                row["answer"] = question.references[0]
            if question.relevant:
                row["documents"] = list(question.relevant)
            if question.key_facts:
                row["key_facts"] = [list(fact) for fact in question.key_facts]
            file.write(json.dumps(row, ensure_ascii=False) + "\n")
            count += 1
    return count


def _rows(path: Path) -> Iterable[tuple[int, dict[str, Any]]]:
    if path.suffix.lower() == ".jsonl":
        return list(json_lines(path, "question file"))
    if path.suffix.lower() != ".csv":
        raise DataSetError(f"{path}: questions are read from .csv and .jsonl files.")
    require(path, "question file")
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            rows = [(reader.line_num, row) for row in reader]
    except UnicodeDecodeError as error:
        raise DataSetError(f"{path} is not UTF-8 text.", hint="Save it as UTF-8.") from error
    return [(line, {name: value for name, value in row.items() if value}) for line, row in rows]


def _question(
    row: dict[str, Any], where: str, stem: str, line: int, names: Mapping[str, str]
) -> EvalQuestion:
    if unknown := sorted(set(map(str, row)) - FIELDS):
        raise DataSetError(
            f"{where}: the field {unknown[0]!r} is not known.",
            hint=f"Known are {', '.join(sorted(FIELDS))}.",
        )
    if not str(row.get("question", "")).strip():
        raise DataSetError(f"{where}: the question is empty.")
    relevant = {}
    for name in _listed(row.get("documents", ())):
        if name not in names:
            raise DataSetError(
                f"{where}: the corpus has no document {name!r}.",
                hint="Name documents by id or by title, as `assistant status` lists them.",
            )
        relevant[names[name]] = 1
    answer = str(row.get("answer", "")).strip()
    answerable = _truth(row.get("answerable"), where)
    if answerable is None and (answer or relevant or row.get("key_facts")):
        answerable = True
    return EvalQuestion(
        id=str(row.get("id") or f"{stem}-{line}"),
        text=str(row["question"]).strip(),
        kind=str(row.get("kind") or ("unanswerable" if answerable is False else "answerable")),
        answerable=answerable,
        relevant=relevant,
        key_facts=_facts(row.get("key_facts", ())),
        references=(answer,) if answer else (),
    )


def _truth(value: Any, where: str) -> bool | None:
    if value is None or value == "":
        return None
    truth = _TRUTH.get(str(value).strip().lower())
    if truth is None:
        raise DataSetError(f"{where}: answerable is yes or no, not {value!r}.")
    return truth


def _listed(value: Any) -> list[str]:
    items = value.split(";") if isinstance(value, str) else value
    return [str(item).strip() for item in items if str(item).strip()]


def _facts(value: Any) -> tuple[tuple[str, ...], ...]:
    if isinstance(value, str):
        value = [fact.split("|") for fact in value.split(";")]
    facts = (([fact] if isinstance(fact, str) else fact) for fact in value)
    return tuple(
        phrases
        for fact in facts
        if (phrases := tuple(str(phrase).strip() for phrase in fact if str(phrase).strip()))
    )
