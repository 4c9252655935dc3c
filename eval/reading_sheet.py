"""A sheet of answers for a person to judge, and the citation figures of a filled one.

One row for each citation. A person writes into `supported` (first row of a sentence) whether all
that the sentence cites bears it out, taken together: yes, no or partly; and into `relevant`
whether this citation bears out the sentence or a part of it: yes or no. The figures are those of
Liu, Zhang and Liang, "Evaluating Verifiability in Generative Search Engines", 2023, as means over
answers: recall is the share of sentences that are supported, precision the share of citations
that are relevant.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from eval.datasets.types import DataSetError, EvalQuestion
from eval.metrics.intervals import Interval, mean_interval
from eval.record_log import Record
from eval.sampling import sample

QUESTIONS = 50
COLUMNS = (
    "id",
    "question",
    "sentence_number",
    "sentence",
    "citation_number",
    "document",
    "quote",
    "quote_in_context",
    "supported",
    "relevant",
)
SUPPORTED = {"yes": 1.0, "partly": 0.5, "no": 0.0}
RELEVANT = {"yes": 1.0, "no": 0.0}
# What a spreadsheet would take for a formula. Texts of documents come into these cells.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class SheetScores:
    """What a person found, by metric, over the answers that were judged in full.

    `by_answer` has the same as metric -> question id -> value; `unjudged` counts the answers of
    which a verdict is missing.
    """

    metrics: Mapping[str, Interval]
    by_answer: Mapping[str, Mapping[str, float]]
    unjudged: int


def write_sheet(records: Sequence[Record], path: Path, size: int = QUESTIONS) -> int:
    """Write a fixed sample of `size` answered questions as CSV; returns how many there are.

    Raises:
        DataSetError: the run has no answer to a question.
    """
    answered = {
        record["id"]: record
        for record in records
        if record["stage"] == "answers" and record.get("sentences") and not record["abstained"]
    }
    if not answered:
        raise DataSetError(
            "The run has no answers to read.",
            hint="Its records must lie beside it, and --answers must not have been 0.",
        )
    questions = [EvalQuestion(name, "", one["kind"]) for name, one in answered.items()]
    chosen = sample(questions, size)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The mark at the beginning makes spreadsheets read it as UTF-8.
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        for question in chosen:
            writer.writerows(_rows(answered[question.id]))
    return len(chosen)


def read_sheet(path: Path) -> SheetScores:
    """The figures of a filled sheet.

    Raises:
        DataSetError: the file is no sheet, a verdict is none of the allowed words, or no answer
            has all its verdicts.
    """
    answers: dict[str, list[tuple[int, dict[str, str]]]] = {}
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            if missing := set(COLUMNS) - set(reader.fieldnames or ()):
                raise DataSetError(
                    f"{path} is no reading sheet: it has no column {min(missing)!r}.",
                    hint="`assistant eval sheet` writes one.",
                )
            for row in reader:
                answers.setdefault(row["id"], []).append((reader.line_num, row))
    except (OSError, UnicodeDecodeError) as error:
        raise DataSetError(f"{path} cannot be read: {error}") from error
    by_answer: dict[str, dict[str, float]] = {}
    for name, rows in answers.items():
        for metric, value in _scores(path, rows).items():
            by_answer.setdefault(metric, {})[name] = value
    judged = len(by_answer.get("citation recall", {}))
    if not judged:
        raise DataSetError(
            f"No answer in {path} has all its verdicts.",
            hint="Fill the columns supported (yes, partly, no) and relevant (yes, no).",
        )
    metrics = {name: mean_interval(list(values.values())) for name, values in by_answer.items()}
    return SheetScores(metrics, by_answer, len(answers) - judged)


def _rows(record: Record) -> list[dict[str, Any]]:
    rows = []
    for number, sentence in enumerate(record["sentences"], start=1):
        about = {
            "id": record["id"],
            "question": _cell(_asked(record)),
            "sentence_number": number,
            "sentence": _cell(sentence["text"]),
        }
        if not sentence["citations"]:
            rows.append(about)
        for place, cited in enumerate(sentence["citations"], start=1):
            rows.append(
                about
                | {
                    "citation_number": place,
                    "document": _cell(cited["document_id"]),
                    "quote": _cell(_quote(record, cited)),
                    "quote_in_context": _cell(cited["read_as"]),
                }
            )
    return rows


def _asked(record: Record) -> str:
    """The question, after the turns that it leans on."""
    turns = [f"{turn['role']}: {turn['text']}" for turn in record.get("history", ())]
    return "\n".join([*turns, record["question"]])


def _quote(record: Record, cited: Mapping[str, Any]) -> str:
    """The very words that are cited, out of the passage that holds them."""
    for hit in record["hits"]:
        inside = hit["start"] <= cited["start"] and cited["end"] <= hit["end"]
        if inside and hit["document_id"] == cited["document_id"]:
            return str(hit["text"])[cited["start"] - hit["start"] : cited["end"] - hit["start"]]
    return str(cited["read_as"])


def _scores(path: Path, rows: Sequence[tuple[int, dict[str, str]]]) -> dict[str, float]:
    """The figures of one answer; none where a verdict is missing."""
    supported: dict[str, float | None] = {}
    relevant: list[float | None] = []
    for line, row in rows:
        verdict = _verdict(path, line, "supported", row, SUPPORTED)
        if supported.get(row["sentence_number"]) is None:
            supported[row["sentence_number"]] = verdict
        if row["citation_number"]:
            relevant.append(_verdict(path, line, "relevant", row, RELEVANT))
    sentences, citations = list(supported.values()), relevant
    if any(one is None for one in (*sentences, *citations)):
        return {}
    borne_out = [one for one in sentences if one is not None]
    useful = [one for one in citations if one is not None]
    return {
        "citation recall": sum(one == 1.0 for one in borne_out) / len(borne_out),
        "citation recall, partly as half": sum(borne_out) / len(borne_out),
        "citation precision": sum(useful) / len(useful) if useful else 0.0,
    }


def _verdict(
    path: Path, line: int, column: str, row: Mapping[str, str], known: Mapping[str, float]
) -> float | None:
    word = (row[column] or "").strip().lower()
    if not word:
        return None
    if word not in known:
        raise DataSetError(
            f"{path}, line {line}: {column} is {', '.join(known)}, not {row[column]!r}."
        )
    return known[word]


def _cell(text: str) -> str:
    """A text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.startswith(_FORMULA) else text
