"""Token recall, precision and IoU are chunking_evaluation's."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from eval.metrics.spans import precision_omega, span_scores

EXACT = 1e-6


def test_a_worked_example_by_hand():
    # Gold: 10 characters; found: 8 of them in 20, and 10 of another document.
    scores = span_scores([("a", 2, 22), ("b", 0, 10)], [("a", 0, 10)])
    assert scores.recall == pytest.approx(8 / 10, abs=EXACT)
    assert scores.precision == pytest.approx(8 / 30, abs=EXACT)
    assert scores.iou == pytest.approx(8 / (30 + 2), abs=EXACT)


def test_nothing_found_scores_nothing():
    scores = span_scores([], [("a", 0, 10)])
    assert (scores.recall, scores.precision, scores.iou) == (0, 0, 0)


def test_what_two_passages_share_counts_once_as_gold_and_twice_as_found():
    scores = span_scores([("a", 0, 10), ("a", 0, 10)], [("a", 0, 10)])
    assert scores.recall == 1
    assert scores.precision == pytest.approx(1 / 2, abs=EXACT)


def test_precision_omega_is_that_of_all_passages_with_gold():
    passages = [("a", 0, 10), ("a", 10, 30), ("a", 30, 40), ("b", 0, 10)]
    gold = [("a", 5, 15)]
    assert precision_omega(passages, gold) == pytest.approx(10 / 30, abs=EXACT)


def test_precision_omega_by_hand_with_overlaps_an_edge_and_gold_that_no_passage_holds():
    # Gold: 5 to 15 and 50 to 55, the second in no passage. The first and second passage share
    # 10 to 12, counted once; the third touches the first gold at its end and so belongs to it.
    passages = [("a", 0, 12), ("a", 10, 15), ("a", 15, 25), ("a", 30, 40)]
    gold = [("a", 5, 15), ("a", 50, 55)]
    assert precision_omega(passages, gold) == pytest.approx(10 / (25 + 5), abs=EXACT)


def test_precision_omega_of_nothing_is_nothing():
    assert precision_omega([], [("a", 0, 10)]) == 0
    assert precision_omega([("a", 0, 10)], []) == 0


def by_ranges(found, gold):
    """The original's arithmetic on ranges, for gold spans that do not overlap."""
    covered = 0
    for name, start, end in gold:
        places = set()
        for other, first, last in found:
            if other == name:
                places |= set(range(max(start, first), min(end, last)))
        covered += len(places)
    length_found = sum(end - start for _, start, end in found)
    length_gold = sum(end - start for _, start, end in gold)
    return (
        covered / length_gold,
        covered / length_found if length_found else 0,
        covered / (length_found + length_gold - covered),
    )


def merged(ranges):
    """Ranges that overlap or touch, as one."""
    whole = []
    for start, end in sorted(ranges):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((start, end))
    return whole


def omega_by_ranges(passages, gold):
    """The original's arithmetic: closed ranges, merged above and below the line."""
    above, below = [], []
    for name, start, end in gold:
        below.append((start, end))
        for other, first, last in passages:
            if other == name and max(start, first) <= min(end, last):
                above.append((max(start, first), min(end, last)))
                below.append((first, last))
    length = [sum(end - start for start, end in merged(ranges)) for ranges in (above, below)]
    return length[0] / length[1] if length[1] else 0


places = st.tuples(st.sampled_from("ab"), st.integers(0, 60), st.integers(1, 30)).map(
    lambda one: (one[0], one[1], one[1] + one[2])
)


@settings(deadline=None)
@given(found=st.lists(places, max_size=6), cuts=st.sets(st.integers(0, 80), min_size=2, max_size=6))
def test_agrees_with_the_arithmetic_of_ranges(found, cuts):
    edges = sorted(cuts)
    gold = [("a", start, end) for start, end in zip(edges[::2], edges[1::2], strict=False)]
    scores = span_scores(found, gold)
    assert (scores.recall, scores.precision, scores.iou) == pytest.approx(
        by_ranges(found, gold), abs=EXACT
    )
    assert precision_omega(found, gold) == pytest.approx(omega_by_ranges(found, gold), abs=EXACT)
