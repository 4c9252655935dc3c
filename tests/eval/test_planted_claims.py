"""Planted drafts go the whole way: what is right is accepted, what is wrong is not."""

import pytest

from assistant.settings import Settings
from eval.corpora import bench_over
from eval.datasets.bank_questions import read_bank_questions
from eval.datasets.types import EvalQuestion
from eval.planted_stage import PlantedClaims, planted_questions, planted_scores
from eval.regressions import grounding_off

WRONG = "The capital of France has 42 bridges over the river Seine."


@pytest.fixture
def planted(own_home, weights):
    settings = Settings(home=own_home, weights=weights)
    with bench_over(settings, read_bank_questions("dev").documents[:8], "few") as bench:
        yield PlantedClaims(bench)


def claim(text: str, *, right: bool) -> EvalQuestion:
    question = read_bank_questions("dev").documents[0].title
    return EvalQuestion(
        "c", question, "right" if right else "wrong", answerable=right, references=(text,)
    )


def test_a_wrong_draft_is_rejected_and_accepted_when_grounding_is_off(planted):
    wrong = claim(WRONG, right=False)
    assert not planted.check(wrong)["accepted"]
    with grounding_off():
        assert planted.check(wrong)["accepted"]


def test_a_right_draft_is_accepted(planted):
    document = read_bank_questions("dev").documents[0]
    sentence = document.text.split(". ")[0].strip() + "."
    assert planted.check(claim(sentence, right=True))["accepted"]


def test_every_claim_has_the_banks_question_and_its_truth():
    documents = read_bank_questions("dev").documents
    questions = planted_questions(documents)
    titles = {document.title for document in documents}
    assert {question.text for question in questions} <= titles
    assert {question.kind for question in questions} == {"right", "wrong"}


def test_failed_checks_count_against_us():
    scores = planted_scores(
        {
            "a": {"kind": "right", "error": "x"},
            "b": {"kind": "wrong", "supported": False, "accepted": True},
            "c": {"kind": "wrong", "supported": False, "accepted": False},
        }
    )
    assert scores["ours"] == {
        "right claims accepted": {"a": 0.0},
        "wrong claims rejected": {"b": 0.0, "c": 1.0},
    }
