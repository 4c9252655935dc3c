import pytest

from assistant.answering.answerability import AnswerabilityScorer
from assistant.answering.pair_model import PairModel
from corpus.question_bank import load_question_bank

BRIDGE = (
    "The bridge was opened in 1932 by the engineer Maria Lopez. It carries 4,000 cars a day. "
    "The river below it freezes in winter."
)
BUDGET = "The council met on Tuesday and talked about the budget of the town."


@pytest.fixture(scope="module")
def scorer():
    return AnswerabilityScorer(PairModel(threads=1))


def test_question_with_an_answer_scores_above_one_without(scorer):
    held = scorer.score("When was the bridge opened?", [BRIDGE]).probability
    absent = scorer.score("What did the bridge cost to build?", [BRIDGE]).probability
    far = scorer.score("Who painted the Mona Lisa?", [BRIDGE]).probability
    assert held > scorer.threshold
    assert held > absent
    assert held > far


def test_the_passage_with_the_answer_is_named(scorer):
    found = scorer.score("When was the bridge opened?", [BUDGET, BRIDGE])
    assert found.best == 1
    assert found.by_passage[1] == found.probability > found.by_passage[0]


def test_the_likeliest_answer_is_a_span_of_the_best_passage(scorer):
    found = scorer.score("In what year was the bridge opened?", [BUDGET, BRIDGE])
    assert "1932" in BRIDGE[found.start : found.end]


def test_order_of_passages_does_not_change_the_probability(scorer):
    question = "How many cars does the bridge carry each day?"
    one = scorer.score(question, [BRIDGE, BUDGET])
    two = scorer.score(question, [BUDGET, BRIDGE])
    assert one.probability == two.probability


def test_no_passage_holds_no_answer(scorer):
    assert scorer.score("When was the bridge opened?", []).probability == 0


def test_bank_titles_are_answered_by_their_texts_and_far_questions_are_not(scorer):
    documents = load_question_bank()[::5]
    held = [scorer.score(one.title, [one.text]).probability for one in documents]
    far = [
        scorer.score(question, [one.text]).probability
        for one in documents
        for question in ("How long do I boil an egg?", "Who won the 1998 World Cup?")
    ]
    assert sum(p >= scorer.threshold for p in held) >= 0.9 * len(held)
    assert sum(p < scorer.threshold for p in far) >= 0.95 * len(far)
