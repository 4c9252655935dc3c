"""SQuAD 2.0: paragraphs, questions about them, half of which have no answer there.

Rajpurkar, Jia and Liang, "Know What You Don't Know: Unanswerable Questions for SQuAD", 2018.
"""

from pathlib import Path
from typing import Literal

from corpus.types import Document
from eval.datasets.files import json_file
from eval.datasets.types import EvalQuestion, GoldSpan, QuestionSet
from eval.support.sources import squad_part

Part = Literal["report", "calibrate", "train", "all"]

FILE = Path("squad2") / "dev-v2.0-first-half.json"

NOTE = (
    "Each question is asked of all paragraphs together. A question marked impossible is so for its "
    "own paragraph; others of the same article may hold an answer. Articles whose questions "
    "trained or calibrated the scorers are only searched in, not asked about."
)


def read_squad2(data: Path, part: Part = "report") -> QuestionSet:
    """Questions of a part, asked of every paragraph. `data` is a folder, or the JSON file itself.

    Raises:
        DataSetError: the file is missing or no JSON.
    """
    content = json_file(data if data.is_file() else data / FILE, "SQuAD2 file")
    documents: list[Document] = []
    questions: list[EvalQuestion] = []
    for article in content["data"]:
        title = article["title"].replace("_", " ")
        asked = part in ("all", _part_of(article["title"]))
        for paragraph in article["paragraphs"]:
            document = Document(
                id=f"squad2/{len(documents)}",
                title=title,
                text=paragraph["context"],
                source="SQuAD 2.0",
            )
            documents.append(document)
            for row in paragraph["qas"] if asked else ():
                questions.append(_question(row, document))
    return QuestionSet("squad2", part, tuple(questions), tuple(documents), NOTE)


def _part_of(article: str) -> str:
    try:
        return squad_part(article)
    except KeyError:
        # Of the rest of SQuAD2 nothing was learned from.
        return "report"


def _question(row: dict, document: Document) -> EvalQuestion:
    if row["is_impossible"]:
        return EvalQuestion(row["id"], row["question"].strip(), "impossible", answerable=False)
    answers = {(answer["answer_start"], answer["text"]) for answer in row["answers"]}
    first = row["answers"][0]
    return EvalQuestion(
        id=row["id"],
        text=row["question"].strip(),
        answerable=True,
        relevant={document.id: 1},
        spans=(
            GoldSpan(
                document.id, first["answer_start"], first["answer_start"] + len(first["text"])
            ),
        ),
        # Any of the annotators' answers will do, so they are one fact with several phrases.
        key_facts=(tuple(sorted({text for _, text in answers})),),
    )
