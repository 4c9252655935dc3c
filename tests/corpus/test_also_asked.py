"""The other ways to ask what the bank answers."""

import json
from pathlib import Path

import pytest

from corpus.also_asked import ALSO_ASKED, load_shipped_bank, parse_also_asked
from corpus.errors import QuestionBankError
from corpus.question_bank import load_question_bank

QUESTION_SETS = sorted((Path(__file__).parents[2] / "eval" / "questions").glob("*.jsonl"))


def words(question: str) -> set[str]:
    return {word.strip("?,.;:'\"") for word in question.lower().split()}


def test_every_answer_has_other_questions_and_is_otherwise_unchanged():
    for plain, expanded in zip(load_question_bank(), load_shipped_bank(), strict=True):
        assert len(str(expanded.metadata[ALSO_ASKED]).splitlines()) >= 5
        assert (expanded.id, expanded.title, expanded.text) == (plain.id, plain.title, plain.text)
        assert plain.metadata.items() <= expanded.metadata.items()


def test_none_of_them_is_a_question_that_measures_retrieval():
    if not QUESTION_SETS:
        pytest.skip("the question sets are not there")
    shipped = {
        question
        for document in load_shipped_bank()
        for question in str(document.metadata[ALSO_ASKED]).splitlines()
    }
    for path in QUESTION_SETS:
        for line in path.read_text(encoding="utf-8").splitlines():
            if "question" not in (record := json.loads(line)):
                continue
            asked = words(record["question"])
            for question in shipped:
                shared = len(asked & words(question)) / len(asked | words(question))
                assert shared < 0.6, (record["question"], question)


def test_questions_go_to_every_answer_named_above_them():
    text = "# note\n[1 3]\nHow?\n\n[3]\n  Why?  \n"
    assert parse_also_asked(text, answers=3) == {1: ("How?",), 3: ("How?", "Why?")}


@pytest.mark.parametrize(("text", "line"), [("[1]\nHow?\n[4]\nWhy?", 3), ("\nHow?\n[1]", 2)])
def test_a_question_without_its_answer_is_refused_with_its_line(text: str, line: int):
    with pytest.raises(QuestionBankError) as caught:
        parse_also_asked(text, answers=3)
    assert caught.value.line == line
