"""Typing errors in a question are mended by the passages that it finds, and nothing else is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.retriever import find_passages
from assistant.answering.spelling import corrected
from corpus.types import Document, Passage
from index.types import Hit

PASSAGE = (
    "With transfer learning a network starts from what another has learned, which shortens the "
    "training. EfficientNet and ResNet are usual backbones, and knowledge distillation makes "
    "a student of them. Retain the weights of the first layers."
)


@pytest.mark.parametrize(
    ("question", "meant"),
    [
        ("does tranfer lerning need fewer epochs", "does transfer learning need fewer epochs"),
        ("Knowlege distilation, how?", "Knowledge distillation, how?"),
        ("do i freeze the first layrs of it", "do i freeze the first layers of it"),
    ],
)
def test_a_typing_error_is_read_as_the_word_of_the_passage(question, meant):
    assert corrected(question, [PASSAGE]) == meant


@pytest.mark.parametrize(
    "question",
    [
        "What is EfficientDet, and how is it trained?",
        "is ResNeXt a usual backbone",
        "what does yolov8 add to transfer learning",
        "When should I retrain it?",
        "How do I train a convnet on a small data set?",
        "Wann lohnt sich das Transferlernen mit einem Netzwerk?",
        "does it shorten trainings",
        "",
    ],
)
def test_a_question_without_errors_stays_as_it_is(question):
    assert corrected(question, [PASSAGE]) == question


@given(st.text(max_size=60))
def test_without_passages_nothing_changes(question):
    assert corrected(question, []) == question


def test_a_question_with_errors_is_searched_for_again_without_them():
    document = Document("d", "Transfer", PASSAGE, source="d.txt")
    hit = Hit(Passage("d#0", "d", 0, len(PASSAGE), PASSAGE), document, 1.0)
    searched = []

    class FakeSearch:
        def search(self, query, k=5, *, distinct=False):
            searched.append(query)
            return [hit]

    found = find_passages(FakeSearch(), "what is tranfer lerning good for", 4)

    assert searched == [
        "what is tranfer lerning good for",
        "what is transfer learning good for",
    ]
    assert found.question == searched[-1]
    assert found.by_part == {found.question: (1.0,)}
