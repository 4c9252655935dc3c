"""Other ways to ask what the question bank answers.

People ask in their own words ("graphics card" for GPU, "coach a small net" for distillation), and
a small embedding model misses many of them. Questions known to be answered are indexed together
with their answer, as document expansion does (Nogueira and Lin, "From doc2query to
docTTTTTquery", 2019), but are never shown, cited or given to a language model as text.
"""

import re
from dataclasses import replace
from importlib.resources import files

from corpus.errors import QuestionBankError
from corpus.question_bank import load_question_bank
from corpus.types import Document

# Metadata under this key holds questions that a document answers, one a line.
ALSO_ASKED = "also_asked"

_NUMBERS = re.compile(r"\[([0-9]+(?: [0-9]+)*)\]")


def load_shipped_bank() -> tuple[Document, ...]:
    """The shipped question bank, each document with the other ways to ask for it.

    As `load_question_bank()`, with `metadata["also_asked"]` added.
    """
    documents = load_question_bank()
    text = (files("corpus") / "question_bank_also_asked.txt").read_text(encoding="utf-8")
    questions = parse_also_asked(text, answers=len(documents))
    return tuple(
        replace(
            document,
            metadata={**document.metadata, ALSO_ASKED: "\n".join(questions.get(number, ()))},
        )
        if number in questions
        else document
        for number, document in enumerate(documents, start=1)
    )


def parse_also_asked(text: str, *, answers: int) -> dict[int, tuple[str, ...]]:
    """Questions by the number of the answer they belong to, in the order of the file.

    A line `[3 18]` says that the lines below it ask for answers 3 and 18. Blank lines and lines
    that begin with `#` are passed over. Raises QuestionBankError for a number that none of the
    `answers` has and for a question before the first such line.
    """
    questions: dict[int, list[str]] = {}
    numbers: list[int] = []
    for place, line in enumerate(map(str.strip, text.splitlines()), start=1):
        if not line or line.startswith("#"):
            continue
        if match := _NUMBERS.fullmatch(line):
            numbers = [int(number) for number in match[1].split()]
            if unknown := [number for number in numbers if not 1 <= number <= answers]:
                raise QuestionBankError(f"there is no answer {unknown[0]}", line=place)
            continue
        if not numbers:
            raise QuestionBankError("a question before the first [number]", line=place)
        for number in numbers:
            questions.setdefault(number, []).append(line)
    return {number: tuple(asked) for number, asked in questions.items()}
