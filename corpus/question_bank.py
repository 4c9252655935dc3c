"""The question bank: one text file of numbered questions, then as many numbered answers.

The layout, as its authors wrote it::

    # QUESTIONS
    1. First question?
    2. Second question,
       told on two lines?

    # ANSWERS
    1. First answer.

    2. Second answer, with a list of its own:
       1. one
       2. two

Numbers run from 1 without a gap, once in each half. An entry reaches to the next number, whether
or not a blank line stands between them. An indented number is the next entry when it is the
number that must come next, and an item of the entry's own list when it starts one (1.) or
continues one; any other number is a mistake, and is refused with its line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from corpus.errors import DocumentError, QuestionBankError
from corpus.types import Document

_LINE = re.compile(r"[^\n]*\n?")
_NUMBER = re.compile(r"(?P<indent>[ \t]*)(?P<number>[0-9]{1,6})\.(?=\s|$)")
_BOM = "\ufeff"
_HALVES = ("QUESTIONS", "ANSWERS")
_HEADINGS_HINT = "A bank begins with a line '# QUESTIONS' and has '# ANSWERS' once, below it."


@dataclass(frozen=True, slots=True)
class _Line:
    number: int
    start: int
    text: str


@dataclass(frozen=True, slots=True)
class _Entry:
    number: int
    line: int
    text: str


def load_question_bank(path: Path | None = None) -> tuple[Document, ...]:
    """Read a question bank; without `path`, the one that is shipped with the package.

    Returns one document per answer, in order: id `question-bank/N`, the question (on one line)
    as title, the answer as text, with its inner lines as they stand in the file. Line ends are
    read as `\\n`, a UTF-8 byte order mark is dropped. `metadata` holds `number` and `question`.

    Raises:
        QuestionBankError: a heading, a number, a question or an answer is missing, repeated, out
            of order or without its partner; `line` says where.
        DocumentError: the file cannot be read, or is not UTF-8.
    """
    if path is None:
        name = "question_bank.txt"
        data = (files("corpus") / name).read_bytes()
    else:
        name = path.name
        try:
            data = path.read_bytes()
        except OSError as error:
            raise DocumentError(
                f"cannot read the question bank {path}: {error.strerror or error}",
                hint="Check that the file is there and that you may read it.",
            ) from error
    return parse_question_bank(_decode(data, name), source=name)


def parse_question_bank(text: str, *, source: str) -> tuple[Document, ...]:
    """Like `load_question_bank`, from text that is already read; `source` names where it is from.

    Raises:
        QuestionBankError: as `load_question_bank`.
    """
    lines = _lines(text.removeprefix(_BOM).replace("\r\n", "\n").replace("\r", "\n"))
    question_lines, answer_lines = _halves(lines)
    questions = _entries(question_lines, "question")
    answers = _entries(answer_lines, "answer")
    _check_pairs(questions, answers)
    documents = []
    for question, answer in zip(questions, answers, strict=True):
        title = " ".join(question.text.split())
        documents.append(
            Document(
                id=f"question-bank/{answer.number}",
                title=title,
                text=answer.text,
                source=source,
                metadata={"number": answer.number, "question": title},
            )
        )
    return tuple(documents)


def _decode(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise QuestionBankError(
            f"{name} is not UTF-8: byte {data[error.start]:#04x} at offset {error.start}",
            line=len(re.findall(rb"\r\n|\r|\n", data[: error.start])) + 1,
            hint="Save the file as UTF-8 and try again.",
        ) from None


def _lines(text: str) -> list[_Line]:
    found = (match for match in _LINE.finditer(text) if match.group())
    return [_Line(number, match.start(), match.group()) for number, match in enumerate(found, 1)]


def _heading(line: _Line) -> str:
    text = line.text.strip()
    return text.strip("#").strip().upper() if text.startswith("#") else ""


def _halves(lines: Sequence[_Line]) -> tuple[Sequence[_Line], Sequence[_Line]]:
    """The lines below `# QUESTIONS` and those below `# ANSWERS`."""
    places: list[int] = []
    for place, line in enumerate(lines):
        name = _heading(line)
        if name in _HALVES:
            if name not in _HALVES[len(places) : len(places) + 1]:
                raise QuestionBankError(
                    f"the heading {line.text.strip()!r} is repeated or out of order",
                    line=line.number,
                    hint=_HEADINGS_HINT,
                )
            places.append(place)
        elif not places and line.text.strip():
            raise QuestionBankError(
                "text before the heading '# QUESTIONS'", line=line.number, hint=_HEADINGS_HINT
            )
    if len(places) < len(_HALVES):
        raise QuestionBankError(
            f"the heading '# {_HALVES[len(places)]}' is missing",
            line=max(len(lines), 1),
            hint=_HEADINGS_HINT,
        )
    return lines[places[0] + 1 : places[1]], lines[places[1] + 1 :]


def _entries(lines: Sequence[_Line], kind: str) -> list[_Entry]:
    """Cut one half into its numbered entries, whose numbers are checked to run from 1."""
    starts: list[tuple[int, int, int]] = []
    list_next: dict[int, int] = {}
    for place, line in enumerate(lines):
        match = _NUMBER.match(line.text)
        if match is None:
            if not starts and line.text.strip():
                raise QuestionBankError(
                    f"text before the first {kind}",
                    line=line.number,
                    hint=f"Begin the first {kind} with '1. '.",
                )
            continue
        number, indent = int(match["number"]), len(match["indent"])
        expected = len(starts) + 1
        if starts and indent and number in (1, list_next.get(indent)):
            list_next[indent] = number + 1
        elif number == expected:
            starts.append((place, match.end(), line.number))
            list_next = {}
        else:
            raise _number_error(kind, number, expected, line.number)
    ends = [*(place for place, _, _ in starts), len(lines)][1:]
    entries = []
    for number, ((place, offset, line_number), end) in enumerate(
        zip(starts, ends, strict=True), start=1
    ):
        text = "".join(line.text for line in lines[place:end])[offset:].strip()
        if not text:
            raise QuestionBankError(
                f"{kind} {number} is empty",
                line=line_number,
                hint=f"Write the {kind} after its number.",
            )
        entries.append(_Entry(number, line_number, text))
    return entries


def _number_error(kind: str, number: int, expected: int, line: int) -> QuestionBankError:
    if number < expected:
        what = f"{kind} {number} is repeated, or its list begins without an indent"
    elif number == expected + 1:
        what = f"{kind} {number} stands where {kind} {expected} must come: {expected} is missing"
    else:
        what = (
            f"{kind} {number} stands where {kind} {expected} must come: "
            f"{expected} to {number - 1} are missing"
        )
    return QuestionBankError(
        what,
        line=line,
        hint="Number the entries 1, 2, 3 … in order; indent a list inside an entry and begin "
        "it with 1.",
    )


def _check_pairs(questions: Sequence[_Entry], answers: Sequence[_Entry]) -> None:
    if not questions and not answers:
        raise QuestionBankError(
            "the bank holds no question",
            line=1,
            hint="Write '1. ' and a question below '# QUESTIONS', and its answer the same way.",
        )
    for longer, shorter, kind, partner in (
        (questions, answers, "question", "answer"),
        (answers, questions, "answer", "question"),
    ):
        if len(longer) > len(shorter):
            lonely = longer[len(shorter)]
            raise QuestionBankError(
                f"{kind} {lonely.number} has no {partner}",
                line=lonely.line,
                hint=f"Add {partner} {lonely.number}, or remove the {kind}.",
            )
