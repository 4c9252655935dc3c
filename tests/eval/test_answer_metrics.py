"""What is said of an answer's words agrees with worked examples."""

import numpy as np
import pytest

from eval.metrics.answers import (
    embedding_similarity,
    key_facts_stated,
    rouge_l,
    token_f1,
    without_marks,
)

EXACT = 1e-6


class TestKeyFacts:
    def test_any_phrase_of_a_fact_will_do(self):
        facts = [["filter", "kernel"], ["oversampl"], ["pooling"]]
        assert key_facts_stated("Kernels, and Oversampling [1].", facts) == pytest.approx(2 / 3)

    def test_case_and_runs_of_white_space_do_not_matter(self):
        assert key_facts_stated("The CHAIN\n  rule.", [["chain rule"]]) == 1

    def test_a_citation_mark_within_a_phrase_does_not_hide_it(self):
        assert key_facts_stated("the chain [2] rule", [["chain rule"]]) == 1

    def test_without_facts_an_answer_is_complete(self):
        assert key_facts_stated("", []) == 1


def test_marks_are_taken_out_with_the_blank_before_them():
    assert without_marks("One [1]. Two [2][13].") == "One. Two."


class TestRougeL:
    def test_a_worked_example_by_hand(self):
        # Longest common subsequence "police the gunman" of 4 and 4 words: Lin's own example.
        assert rouge_l("police kill the gunman", ["police killed the gunman"]) == pytest.approx(1)
        assert rouge_l("the gunman kill police", ["police killed the gunman"]) == pytest.approx(
            0.5, abs=EXACT
        )

    def test_the_nearest_reference_counts(self):
        assert rouge_l("one two", ["three four", "one two"]) == 1

    def test_no_answer_scores_nothing(self):
        assert rouge_l("", ["one"]) == 0


class TestWordF1:
    def test_a_worked_example_by_hand(self):
        # "cat sat" against "cat sat on mat": precision 1, recall 1/2.
        assert token_f1("The cat sat.", ["a cat sat on the mat"]) == pytest.approx(2 / 3, abs=EXACT)

    def test_both_empty_is_a_match_as_in_squad(self):
        assert token_f1("", [""]) == 1
        assert token_f1("", ["cat"]) == 0


def test_similarity_is_the_cosine_to_the_nearest_reference():
    vectors = {"said": [1.0, 0.0], "far": [0.0, 1.0], "near": [0.6, 0.8]}
    similarity = embedding_similarity(
        "said", ["far", "near"], lambda texts: np.array([vectors[one] for one in texts])
    )
    assert similarity == pytest.approx(0.6, abs=EXACT)
