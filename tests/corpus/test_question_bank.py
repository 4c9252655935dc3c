import hashlib
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.errors import DocumentError, QuestionBankError
from corpus.question_bank import load_question_bank, parse_question_bank

SHIPPED_SHA256 = "04e72ba2d3593bdd45332740b46741dd45269ba00de218c569a00b2a323174cb"


def test_the_shipped_bank_is_the_authors_file_byte_for_byte():
    data = (files("corpus") / "question_bank.txt").read_bytes()
    assert hashlib.sha256(data).hexdigest() == SHIPPED_SHA256


def test_fifty_answers_each_under_its_question():
    documents = load_question_bank()
    assert [document.id for document in documents] == [f"question-bank/{n}" for n in range(1, 51)]
    assert all(document.title[-1] in "?." for document in documents)
    assert all(document.text[-1] == "." for document in documents)
    assert all("\n" not in document.title for document in documents)
    assert documents[0].source == "question_bank.txt"
    assert documents[22].metadata == {
        "number": 23,
        "question": "What is the role of anchor boxes in object detection models like SSD and "
        "Faster R-CNN?",
    }


def test_every_answer_is_a_slice_of_the_file():
    text = (files("corpus") / "question_bank.txt").read_text("utf-8")
    ends = [0]
    for document in load_question_bank():
        start = text.index(f"{document.metadata['number']}. {document.text}", ends[-1])
        ends.append(start + len(document.text))


def test_every_line_of_the_file_is_in_the_bank_once():
    text = (files("corpus") / "question_bank.txt").read_text("utf-8")
    documents = load_question_bank()
    words = " ".join(
        ["# QUESTIONS"]
        + [f"{document.metadata['number']}. {document.title}" for document in documents]
        + ["# ANSWERS"]
        + [f"{document.metadata['number']}. {document.text}" for document in documents]
    )
    assert words.split() == text.split()


def test_a_question_told_over_several_lines_is_one_title():
    assert load_question_bank()[40].title == (
        "Can you explain the role of attention mechanisms in CNN models and how they improve "
        "performance?"
    )


def test_a_numbered_list_inside_an_answer_stays_in_it():
    text = load_question_bank()[23].text
    assert text.startswith("Mask R-CNN is an extension")
    assert "\n   1. Backbone network" in text
    assert "\n   3. Mask and bounding box prediction" in text
    assert text.endswith("applied to each proposed region.")


def test_an_indented_entry_is_an_entry_of_its_own():
    documents = load_question_bank()
    assert documents[29].text.endswith("and the deployment environment.")
    assert documents[30].text.startswith("GPUs accelerate CNN training")


def test_an_entry_without_a_blank_line_before_it_is_an_entry_of_its_own():
    documents = load_question_bank()
    assert documents[9].text.endswith("computational resources.")
    assert documents[10].text.startswith("Model quantization is the process")


@pytest.mark.parametrize("newline", ["\r\n", "\r"])
def test_foreign_line_ends_and_a_byte_order_mark_change_nothing(tmp_path, newline):
    data = (files("corpus") / "question_bank.txt").read_bytes()
    path = tmp_path / "question_bank.txt"
    path.write_bytes(b"\xef\xbb\xbf" + data.replace(b"\n", newline.encode()))
    assert load_question_bank(path) == load_question_bank()


def test_a_bank_that_is_not_utf8_is_refused_with_the_line(tmp_path):
    path = tmp_path / "bank.txt"
    path.write_bytes("# QUESTIONS\n1. Café?\n".encode("latin-1"))
    with pytest.raises(QuestionBankError, match=r"^line 2: bank\.txt is not UTF-8") as caught:
        load_question_bank(path)
    assert caught.value.line == 2
    assert caught.value.hint


@pytest.mark.parametrize("name", ["missing.txt", "."])
def test_a_bank_that_cannot_be_read_is_refused(tmp_path, name):
    with pytest.raises(DocumentError, match="cannot read the question bank"):
        load_question_bank(tmp_path / name)


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "'# QUESTIONS' is missing"),
        ("# QUESTIONS\n1. Why?\n", 2, "'# ANSWERS' is missing"),
        ("# ANSWERS\n1. So.\n# QUESTIONS\n1. Why?\n", 1, "out of order"),
        ("# QUESTIONS\n1. Why?\n# QUESTIONS\n", 3, "repeated"),
        ("# QUESTIONS\n1. Why?\n# ANSWERS\n1. So.\n# ANSWERS\n", 5, "repeated"),
        ("Preface\n# QUESTIONS\n1. Why?\n# ANSWERS\n1. So.\n", 1, "text before"),
        ("# QUESTIONS\nHm.\n1. Why?\n# ANSWERS\n1. So.\n", 2, "before the first question"),
        ("# QUESTIONS\n1. Why?\n# ANSWERS\n\nWell.\n1. So.\n", 5, "before the first answer"),
        ("# QUESTIONS\n# ANSWERS\n", 1, "holds no question"),
        ("# QUESTIONS\n1. Why?\n2.\n3. How?\n# ANSWERS\n1. So.\n", 3, "question 2 is empty"),
        ("# QUESTIONS\n1. Why?\n2. How?\n# ANSWERS\n1. So.\n", 3, "question 2 has no answer"),
        ("# QUESTIONS\n1. Why?\n# ANSWERS\n1. So.\n2. Thus.\n", 5, "answer 2 has no question"),
        ("# QUESTIONS\n1. Why?\n# ANSWERS\n1. So:\n   3. Odd.\n", 5, "2 is missing"),
        ("# QUESTIONS\n1. Why?\n# ANSWERS\n1. So:\n1. Thus.\n", 5, "answer 1 is repeated"),
    ],
)
def test_a_broken_bank_is_refused_with_its_line(text, line, words):
    with pytest.raises(QuestionBankError, match=words) as caught:
        parse_question_bank(text, source="bank.txt")
    assert caught.value.line == line


_LETTERS = st.sampled_from("abcdefghijklmnopqrstuvwxyzABCÄß1234567890(),;")
_WORDS = st.lists(st.text(_LETTERS, min_size=1, max_size=8), min_size=1, max_size=6).map(" ".join)
_LINE_TEXT = _WORDS.map(lambda words: f"w{words}")


@dataclass(frozen=True)
class _Bank:
    """A generated bank: the text of its entries, and the lines that spell it."""

    entries: tuple[list[str], list[str]]
    lines: list[str]
    numbered: list[tuple[str, int, int]]
    """Kind, number and line number (from 1) of every entry."""


@st.composite
def _banks(draw) -> _Bank:
    count = draw(st.integers(1, 8))
    lines = ["# QUESTIONS"]
    numbered = []
    halves = []
    for kind in ("question", "answer"):
        if kind == "answer":
            lines += [""] * draw(st.integers(0, 2)) + ["# ANSWERS"]
        entries = []
        for number in range(1, count + 1):
            body = [draw(_LINE_TEXT)]
            shape = draw(st.sampled_from(["line", "lines", "bullets", "numbers"]))
            items = draw(st.lists(_LINE_TEXT, min_size=1, max_size=3))
            if shape == "lines":
                body += ["", *items]
            elif shape == "bullets":
                body += [f"   - {item}" for item in items]
            elif shape == "numbers":
                body += [f"   {place}. {item}" for place, item in enumerate(items, 1)]
            # Less than a list's own indent: at that one, the number could be the list's next.
            indent = draw(st.sampled_from(["", " "]))
            numbered.append((kind, number, len(lines) + 1))
            lines += [f"{indent}{number}. {body[0]}", *body[1:]]
            lines += [""] * draw(st.integers(0, 1))
            entries.append("\n".join(body))
        halves.append(entries)
    return _Bank((halves[0], halves[1]), lines, numbered)


@given(_banks())
def test_a_generated_bank_is_read_back(bank):
    documents = parse_question_bank("\n".join(bank.lines), source="bank.txt")
    questions, answers = bank.entries
    assert [document.text for document in documents] == answers
    assert [document.title for document in documents] == [" ".join(q.split()) for q in questions]
    assert [document.metadata["number"] for document in documents] == [
        number for _, number, _ in bank.numbered[: len(questions)]
    ]


@given(_banks(), st.data())
def test_a_wrong_number_is_refused_at_its_line(bank, data):
    _, number, line = data.draw(st.sampled_from(bank.numbered))
    wrong = data.draw(st.integers(0, 99).filter(lambda n: n != number))
    lines = list(bank.lines)
    lines[line - 1] = lines[line - 1].replace(f"{number}.", f"{wrong}.", 1).lstrip()
    with pytest.raises(QuestionBankError) as caught:
        parse_question_bank("\n".join(lines), source="bank.txt")
    assert caught.value.line == line


@given(_banks(), st.data())
def test_a_repeated_entry_is_refused_at_the_second_one(bank, data):
    _, _, line = data.draw(st.sampled_from(bank.numbered))
    lines = list(bank.lines)
    lines.insert(line, lines[line - 1].lstrip())
    with pytest.raises(QuestionBankError, match="repeated") as caught:
        parse_question_bank("\n".join(lines), source="bank.txt")
    assert caught.value.line == line + 1


@given(_banks(), st.data())
def test_an_entry_without_its_partner_is_refused_at_its_line(bank, data):
    """The last entry of one half is taken out: the last of the other half is left alone."""
    count = len(bank.entries[0])
    kind = data.draw(st.sampled_from(["question", "answer"]))
    first = next(line for k, n, line in bank.numbered if (k, n) == (kind, count))
    after = bank.lines.index("# ANSWERS") if kind == "question" else len(bank.lines)
    lines = bank.lines[: first - 1] + bank.lines[after:]
    with pytest.raises(QuestionBankError) as caught:
        parse_question_bank("\n".join(lines), source="bank.txt")
    if count == 1:
        assert "holds no question" in caught.value.message or "has no" in caught.value.message
    else:
        other = "answer" if kind == "question" else "question"
        lonely = next(line for k, n, line in bank.numbered if (k, n) == (other, count))
        removed = after - first + 1 if kind == "question" else 0
        assert caught.value.line == lonely - removed


@given(st.text(max_size=400))
def test_text_that_is_no_bank_is_refused_as_one(text):
    with pytest.raises(QuestionBankError) as caught:
        parse_question_bank(text, source="bank.txt")
    assert 1 <= caught.value.line <= text.count("\n") + text.count("\r") + 1


def test_the_path_of_the_shipped_bank_gives_the_same_documents():
    assert load_question_bank(Path(str(files("corpus") / "question_bank.txt"))) == (
        load_question_bank()
    )
