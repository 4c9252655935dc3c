"""Chroma's chunking_evaluation: five long texts, questions, and the exact spans that answer them.

Smith and Troynikov, "Evaluating Chunking Strategies for Retrieval", 2024.
"""

import csv
import json
from pathlib import Path

from corpus.types import Document
from eval.datasets.files import require
from eval.datasets.types import DataSetError, EvalQuestion, GoldSpan, QuestionSet

NOTE = "All five texts are searched together. Tokens are characters, as in the original."


def read_chunking_evaluation(data: Path) -> QuestionSet:
    """The questions of `questions_df.csv`, asked of all texts in `corpora`.

    Raises:
        DataSetError: a file is missing, or a span does not hold the words it should.
    """
    folder = data / "chunking_evaluation" if (data / "chunking_evaluation").is_dir() else data
    texts: dict[str, Document] = {}
    for path in sorted(require(folder / "corpora", "folder of texts").glob("*.md")):
        text = path.read_text(encoding="utf-8")
        texts[path.stem] = Document(
            id=f"chunking/{path.stem}",
            title=path.stem.replace("_", " "),
            text=text,
            source=path.name,
            media_type="text/markdown",
        )
    questions = []
    table = require(folder / "questions_df.csv", "table of questions")
    with table.open(encoding="utf-8", newline="") as rows:
        for number, row in enumerate(csv.DictReader(rows)):
            document = texts.get(row["corpus_id"])
            if document is None:
                raise DataSetError(f"{table}: there is no text {row['corpus_id']!r}.")
            references = json.loads(row["references"])
            for reference in references:
                start, end = reference["start_index"], reference["end_index"]
                if document.text[start:end] != reference["content"]:
                    raise DataSetError(
                        f"{table}: characters {start} to {end} of {row['corpus_id']} are not "
                        f"the words that question {number} quotes."
                    )
            questions.append(
                EvalQuestion(
                    id=f"chunking-{number:03d}",
                    text=row["question"],
                    kind=row["corpus_id"],
                    spans=tuple(
                        GoldSpan(document.id, reference["start_index"], reference["end_index"])
                        for reference in references
                    ),
                )
            )
    return QuestionSet("chunking", "all", tuple(questions), tuple(texts.values()), NOTE)
