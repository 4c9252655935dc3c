"""Properties of the fused score."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from index.fusion import (
    convex_combination,
    coverage,
    dense_scores,
    fuse,
    inverse_document_frequency,
    ranks_of,
    reciprocal_rank_fusion,
)

cosines = st.floats(-1, 1, allow_nan=False)
positive = st.floats(0, 50, allow_nan=False)


def pairs(left, right):
    return st.integers(1, 12).flatmap(
        lambda n: st.tuples(
            hnp.arrays(np.float64, n, elements=left), hnp.arrays(np.float64, n, elements=right)
        )
    )


views = st.lists(st.tuples(st.integers(1, 4), st.integers(0, 2), cosines), min_size=1, max_size=20)


@given(views)
def test_dense_score_is_the_mean_over_kinds_of_the_best_of_each(rows):
    rows.sort()
    passages, kinds, scores = (np.array(column) for column in zip(*rows, strict=True))
    result = dense_scores(scores, passages, kinds)
    for place, passage in enumerate(sorted({row[0] for row in rows})):
        mine = [row for row in rows if row[0] == passage]
        best = [max(s for _, k, s in mine if k == kind) for kind in {k for _, k, _ in mine}]
        assert np.isclose(result[place], np.mean(best))


@given(pairs(positive, st.floats(1e-6, 12)))
def test_coverage_is_a_share_that_grows_with_bm25(both):
    bm25, frequencies = both
    share = coverage(bm25, frequencies)
    assert np.all((share >= 0) & (share <= 1))
    assert np.all(np.diff(share[np.argsort(bm25)]) >= 0)


def test_a_word_that_no_passage_has_lowers_the_coverage_of_all():
    found = inverse_document_frequency(np.array([2.0]), 50)
    with_unknown = inverse_document_frequency(np.array([2.0, 0.0]), 50)
    assert coverage(np.array([3.0]), with_unknown)[0] < coverage(np.array([3.0]), found)[0] / 2


def test_frequent_words_weigh_least_and_never_below_zero():
    weights = inverse_document_frequency(np.array([0, 1, 10, 25, 50]), 50)
    assert np.all(np.diff(weights) <= 0)
    assert np.all(weights > 0)


@given(pairs(cosines, st.floats(0, 1)), st.floats(0, 3), st.randoms(use_true_random=False))
def test_fused_score_of_a_passage_does_not_depend_on_the_others(both, weight, random):
    dense, covered = both
    scores = fuse(dense, covered, weight)
    assert np.all((scores >= -1) & (scores <= 1 + weight + 1e-12))
    order = list(range(len(dense)))
    random.shuffle(order)
    assert np.array_equal(fuse(dense[order], covered[order], weight), scores[order])
    assert np.array_equal(fuse(dense[:1], covered[:1], weight), scores[:1])


@given(pairs(cosines, st.floats(0, 1)))
def test_being_better_at_one_thing_never_lowers_the_fused_score(both):
    dense, covered = both
    assert np.all(fuse(dense + 0.1, covered) > fuse(dense, covered))
    assert np.all(fuse(dense, covered + 0.1) > fuse(dense, covered))


def test_reciprocal_rank_fusion_of_the_paper():
    scores = reciprocal_rank_fusion([np.array([1, 2, 0]), np.array([3, 0, 1])])
    assert np.allclose(scores, [1 / 61 + 1 / 63, 1 / 62, 1 / 61])


@given(pairs(cosines, positive), st.floats(0, 1))
def test_convex_combination_stays_in_the_unit_interval(both, weight):
    scores = convex_combination(*both, weight)
    assert np.all((scores >= 0) & (scores <= 1 + 1e-12))


@given(hnp.arrays(np.float64, st.integers(1, 20), elements=cosines))
def test_ranks_count_from_one_without_gaps(scores):
    found = scores >= 0
    ranks = ranks_of(scores, found)
    assert sorted(ranks[found]) == list(range(1, int(found.sum()) + 1))
    assert not ranks[~found].any()
    by_rank = scores[found][np.argsort(ranks[found])]
    assert np.all(np.diff(by_rank) <= 0)
