"""Retrieval metrics agree with worked examples and with trec_eval's definitions."""

from math import log2

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.metrics.retrieval import METRICS, documents_of, ranking_scores
from eval.retrieval_stage import fused_by_rank

EXACT = 1e-6


def test_a_worked_example_by_hand():
    scores = ranking_scores(
        {"q": ["a", "b", "c", "d"]},
        {"q": {"b": 1, "d": 1, "z": 1}},
    )
    ideal = 1 + 1 / log2(3) + 1 / log2(4)
    assert scores["nDCG@10"]["q"] == pytest.approx((1 / log2(3) + 1 / log2(5)) / ideal, abs=EXACT)
    assert scores["recall@1"]["q"] == 0
    assert scores["recall@5"]["q"] == pytest.approx(2 / 3, abs=EXACT)
    assert scores["success@1"]["q"] == 0
    assert scores["success@5"]["q"] == 1
    assert scores["MRR@10"]["q"] == pytest.approx(1 / 2, abs=EXACT)


def test_graded_relevance_counts_by_its_grade():
    scores = ranking_scores({"q": ["low", "high"]}, {"q": {"low": 1, "high": 3}})
    # trec_eval's gain is the grade itself.
    expected = (1 + 3 / log2(3)) / (3 + 1 / log2(3))
    assert scores["nDCG@10"]["q"] == pytest.approx(expected, abs=EXACT)


def test_beyond_the_tenth_place_nothing_counts_for_mrr():
    ranking = [f"d{place}" for place in range(11)]
    scores = ranking_scores({"q": ranking}, {"q": {"d10": 1}})
    assert scores["MRR@10"]["q"] == 0
    assert scores["nDCG@10"]["q"] == 0


def test_a_question_that_failed_scores_nothing_and_stays_in_the_mean():
    scores = ranking_scores({"q1": ["a"], "q2": []}, {"q1": {"a": 1}, "q2": {"a": 1}})
    for metric in METRICS:
        assert scores[metric] == {"q1": 1.0, "q2": 0.0}


@settings(deadline=None)
@given(
    relevant=st.sets(st.sampled_from("abcdefghij"), min_size=1),
    ranking=st.permutations("abcdefghijklmno"),
)
def test_ndcg_is_the_one_that_its_definition_gives(relevant, ranking):
    scores = ranking_scores({"q": ranking}, {"q": dict.fromkeys(relevant, 1)})
    gains = [float(one in relevant) for one in ranking[:10]]
    discounts = 1 / np.log2(np.arange(2, 12))
    ideal = discounts[: len(relevant)].sum()
    assert scores["nDCG@10"]["q"] == pytest.approx(float(gains @ discounts) / ideal, abs=EXACT)
    assert scores["recall@10"]["q"] == pytest.approx(sum(gains) / len(relevant), abs=EXACT)


def test_a_document_ranks_at_its_best_passage():
    assert documents_of([["a", 0, 5], ["b", 0, 5], ["a", 5, 9]]) == ["a", "b"]


def spans(names):
    return [[name, 0, 1] for name in names]


def test_rankings_are_fused_by_the_sum_of_reciprocal_ranks():
    # a: 1/61 + 1/62, b: 1/62 + 1/61 (a was found first), c: 1/63
    assert fused_by_rank([spans("abc"), spans("ba")]) == spans("abc")
    # b is in both: 1/62 + 1/61 beats 1/61.
    assert fused_by_rank([spans("ab"), spans("bc")]) == spans("bac")
    assert fused_by_rank([[], []]) == []
