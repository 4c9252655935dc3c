import json

import pytest
from fake_models import FakePassageSearch
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.answering.abstention import (
    ReadingJudge,
    SimilarityJudge,
    judgement_signals,
    unknown_compared,
)
from assistant.answering.calibration import Calibration
from assistant.answering.pair_model import PairReading
from assistant.answering.retriever import find_passages
from assistant.answering.wanted import holds_nothing_of_the_kind

FRAMEWORKS = ("PyTorch and TensorFlow", "PyTorch has a dynamic graph, TensorFlow a static one.")
UNET = ("What is U-Net?", "U-Net is an encoder and a decoder with skip connections.")
CALIBRATION = Calibration({"intercept": 0.0, "reading": 1.0}, ((0.0, 0.1), (0.5, 0.5), (1.0, 0.9)))


class FakeReader:
    """Finds an answer to a question that holds one of the words it was told."""

    def __init__(self, *known, logit=3.0):
        self.known = known
        self.logit = logit
        self.read_texts = []

    def read(self, first, second):
        self.read_texts.append(second)
        answers = any(word in first for word in self.known)
        return PairReading(0.0, self.logit if answers else -3.0, 0.0, (), 0, 0)


def hits(*documents, query="U-Net PyTorch"):
    return FakePassageSearch(*documents).search(query, 5)


def found(question, *documents):
    return find_passages(FakePassageSearch(*documents), question, 5)


def judge(*known, strictness=0.5, **options):
    return ReadingJudge(FakeReader(*known, **options), CALIBRATION, strictness)


def test_what_the_passages_answer_is_answered():
    judgement = judge("U-Net").judge(found("What is U-Net?", UNET))
    assert judgement.verdict == "answer"
    assert judgement.answered == ("What is U-Net?",)
    assert judgement.missing == ()
    assert judgement.score == pytest.approx(0.953, abs=0.001)


def test_what_they_do_not_answer_is_refused_with_the_nearest_topics():
    judgement = judge("something").judge(found("Who invented U-Net?", UNET, FRAMEWORKS))
    assert judgement.verdict == "refuse"
    assert judgement.nearest_topics[0] == "What is U-Net?"
    assert set(judgement.nearest_topics) == {"What is U-Net?", "PyTorch and TensorFlow"}


def test_an_empty_corpus_answers_nothing():
    assert judge("U-Net").judge(found("What is U-Net?")).verdict == "refuse"


def test_a_question_of_which_one_part_has_an_answer_is_answered_in_part():
    question = "What is U-Net, and who published it in which year?"
    judgement = judge("What is U-Net").judge(found(question, UNET))
    assert judgement.verdict == "partial"
    assert judgement.answered == ("What is U-Net?",)
    assert judgement.missing == ("Who published U-Net in which year?",)


def test_a_question_of_which_no_part_has_an_answer_is_refused():
    question = "Who published U-Net, and in which year did they publish it?"
    assert judge("nothing").judge(found(question, UNET)).verdict == "refuse"


def test_a_comparison_with_something_unknown_is_answered_in_part():
    judgement = judge("PyTorch").judge(found("PyTorch or JAX: which is better?", FRAMEWORKS))
    assert judgement.verdict == "partial"
    assert judgement.missing == ("JAX",)


@pytest.mark.parametrize(
    ("question", "unknown"),
    [
        ("Compare PyTorch and TensorFlow.", []),
        ("How do PyTorch, TensorFlow and JAX differ?", ["JAX"]),
        ("Is MXNet or JAX better?", []),
        ("What does PyTorch do on an iPhone?", []),
        ("Compare the two.", []),
    ],
)
def test_only_names_put_side_by_side_with_known_ones_count_as_missing(question, unknown):
    assert unknown_compared(question, hits(FRAMEWORKS)) == unknown


@pytest.mark.parametrize(
    ("question", "share"),
    [
        ("Compare PyTorch and TensorFlow.", 0),
        ("How do PyTorch and JAX differ?", 0.5),
        ("What is MXNet?", 1),
        ("How many of 250 graphs are static?", 0),
        ("what is a graph?", 0),
    ],
)
def test_names_that_no_passage_holds_are_weighed_by_their_share(question, share):
    assert judgement_signals(FakeReader(), question, hits(FRAMEWORKS))["unknown_names"] == share


def test_each_part_of_a_question_is_read_with_its_own_best_passage_first():
    reader = FakeReader()
    question = "What is U-Net, and how do PyTorch and TensorFlow differ?"
    ReadingJudge(reader, CALIBRATION).judge(found(question, UNET, FRAMEWORKS))
    assert reader.read_texts[::2] == [UNET[1], FRAMEWORKS[1]]


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1), st.floats(-5, 5))
def test_the_stricter_the_more_is_refused(one, other, logit):
    lenient, strict = sorted((one, other))
    asked = found("What is U-Net?", UNET)
    if judge("U-Net", strictness=lenient, logit=logit).judge(asked).verdict == "refuse":
        assert judge("U-Net", strictness=strict, logit=logit).judge(asked).verdict == "refuse"


def test_only_the_best_passages_are_read():
    reader = FakeReader("x")
    documents = [(f"Title {place}", f"U-Net text {place}.") for place in range(6)]
    signals = judgement_signals(reader, "U-Net?", hits(*documents))
    assert len(reader.read_texts) == 3
    assert signals["reading"] == -3


@pytest.mark.parametrize(
    ("question", "lacks"),
    [
        ("When did U-Net come out?", True),
        ("How many layers does U-Net have?", True),
        ("What learning rate should I use for U-Net?", True),
        ("Who invented U-Net?", True),
        ("Which company released U-Net, in which year?", True),
        ("How long, for 3 epochs, does it train?", True),
        ("What is U-Net?", False),
        ("How does U-Net work?", False),
        ("When is U-Net useful?", False),
        ("How much does U-Net help?", False),
        ("Who uses U-Net?", False),
        ("What does a lower learning rate do?", False),
    ],
)
def test_what_kind_of_answer_is_asked_for_is_seen_to_be_lacking(question, lacks):
    assert holds_nothing_of_the_kind(question, UNET[1]) is lacks
    assert judgement_signals(FakeReader(), question, hits(UNET))["nothing_of_the_kind"] == lacks


@pytest.mark.parametrize(
    ("question", "text"),
    [
        ("How many stages does it have?", "It has three stages."),
        ("How many boxes are there?", "SSD uses 8732 boxes."),
        ("When was it published?", "The paper came out in 2015."),
        ("Who invented it?", "It was developed in Freiburg by three people."),
        ("Who designed the engine?", "In Leeds the engine of Matthew Murray ran first."),
    ],
)
def test_a_text_that_has_something_of_the_kind_is_not_dismissed(question, text):
    assert not holds_nothing_of_the_kind(question, text)


def test_a_far_question_is_refused_by_similarity_alone():
    far, near = (found(question, UNET) for question in ("Who won the match?", "What is U-Net?"))
    assert SimilarityJudge(0.25).judge(far).verdict == "refuse"
    assert SimilarityJudge(0.25).judge(near).verdict == "answer"


def test_a_calibration_is_read_back_as_it_was_written(tmp_path):
    file = tmp_path / "calibration.json"
    file.write_text(json.dumps({"weights": {"intercept": 1.0}, "thresholds": [[0, 0.2], [1, 0.6]]}))
    calibration = Calibration.load(file)
    assert calibration.threshold(0.5) == pytest.approx(0.4)
    assert calibration.threshold(7) == pytest.approx(0.6)
    assert calibration.probability({}) == pytest.approx(0.731, abs=0.001)
