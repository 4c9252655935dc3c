"""Ways of grounding and of choosing sentences are measured as they ship and beside it."""

import numpy as np
import pytest

from assistant.answering import selection
from assistant.answering.chain import AnsweringSettings
from assistant.answering.evidence import EvidenceSentence
from eval.benchmarks.grounding import Clock, figures
from eval.datasets.types import EvalQuestion
from eval.grounding_scorers import CombinedScorer, RememberingScorer, Verdict, scorer_result
from eval.sentence_choice import NEIGHBOURS, WORDS, Read, measure
from eval.support.sources import BankClaim


class ToyScorer:
    """Says the same of everything, and counts how often it was asked."""

    def __init__(self, probability, threshold=0.5):
        self.threshold = threshold
        self.probability = probability
        self.asked = 0

    def score(self, pairs):
        self.asked += len(pairs)
        return [self.probability] * len(pairs)


def toy_embed(texts):
    return np.stack([np.eye(8, dtype=np.float32)[len(text) % 8] for text in texts])


def test_a_pair_is_read_once_however_often_it_is_asked_for():
    toy = ToyScorer(0.7)
    scorer = RememberingScorer(toy)
    assert scorer.score([("a", "b"), ("a", "b"), ("a", "c")]) == [0.7] * 3
    assert toy.asked == len(scorer.seconds) == 2


@pytest.mark.parametrize(("first", "second", "accepted"), [(0.9, 0.4, True), (0.3, 0.6, False)])
def test_the_heavier_scorer_of_a_combination_decides_where_they_disagree(first, second, accepted):
    combined = CombinedScorer(ToyScorer(first), ToyScorer(second), share=0.25)
    assert (combined.score([("claim", "evidence")])[0] >= combined.threshold) is accepted


def test_scorers_at_their_own_thresholds_combine_to_the_threshold():
    combined = CombinedScorer(ToyScorer(0.3, 0.3), ToyScorer(0.8, 0.8), share=0.5)
    assert combined.score([("claim", "evidence")])[0] == pytest.approx(combined.threshold)


def test_figures_come_from_the_half_they_are_shown_for():
    claims = [
        BankClaim(part, 1, "toy", supported, "A claim.")
        for part in ("calibrate", "report")
        for supported in (True, True, False, False)
    ]
    right = [Verdict(0.9, True, 1, 1), Verdict(0.8, True, 1, 1)]
    wrong = [Verdict(0.1, False, 3, 1), Verdict(0.2, False, 3, 1)]
    found = {"ours": [*right, *wrong, *wrong, *right]}
    tables = scorer_result(claims, found, {"the trained scorer": [0.01]}, {})["tables"]
    calibrate = tables["grounding, calibrate"]["values"]["ours"]
    report = tables["grounding, report"]["values"]["ours"]
    assert calibrate["right claims accepted"]["value"] == 1
    assert calibrate["wrong claims rejected"]["value"] == 1
    assert calibrate["readings a claim"]["value"] == 2
    assert report["balanced accuracy"]["value"] == 0
    assert report["AUROC"]["value"] == 0


def test_the_neighbours_lie_around_what_ships_and_every_number_is_put_back():
    shipped = {name: getattr(selection, name) for name in NEIGHBOURS if name != WORDS}
    shipped_words = AnsweringSettings().answer_words
    for name, values in NEIGHBOURS.items():
        now = shipped.get(name, shipped_words)
        assert min(values) < now < max(values)
        assert now not in values
    texts = ["Box blur averages pixels.", "A wider square blurs more."]
    evidence = [EvidenceSentence(0, "d", "Blur", 0, 9, text) for text in texts]
    asked = EvalQuestion("q", "What does box blur do?", key_facts=(("averages",), ("unheard",)))
    found = measure(
        selection.SentenceSelection(toy_embed), [Read(asked, evidence, {asked.text: (1.0,)})]
    )
    assert found["as it ships"]["key facts"]["value"] <= 0.5
    assert len(found) == 1 + sum(map(len, NEIGHBOURS.values()))
    assert {name: getattr(selection, name) for name in shipped} == shipped


def test_checks_are_timed_against_when_the_model_wrote_not_when_somebody_read():
    pieces = [
        (1.0, "One is "),
        (2.0, "here. "),
        (3.0, "Two "),
        (4.0, "is there. "),
        (5.0, "Three."),
    ]
    early = Clock(pieces=pieces, checks=[0.5, 0.5], first_check=3.5, done=5.2)
    late = Clock(pieces=pieces, checks=[2.0], first_check=6.0, done=8.0)
    found = figures([early, late])
    assert found["first_sentence_checked_before_second_was_written"]["value"] == 0.5
    assert found["after_last_token_ms"]["p50"] == pytest.approx(1600)
    assert found["check_over_writing_of_a_sentence"]["n"] == 2
