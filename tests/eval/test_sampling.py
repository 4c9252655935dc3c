"""Samples are fixed, proportionate, and grow without changing."""

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st

from eval.datasets.types import EvalQuestion
from eval.run import answered_sample
from eval.sampling import sample

kinds = st.lists(st.sampled_from("abc"), min_size=1, max_size=60)


def questions(of_kinds):
    return [EvalQuestion(f"q{n}", "?", kind) for n, kind in enumerate(of_kinds)]


@settings(deadline=None)
@given(kinds, st.integers(1, 70))
def test_each_kind_has_its_share(of_kinds, size):
    chosen = sample(questions(of_kinds), size)
    assert len(chosen) == min(size, len(of_kinds))
    have, all_of = Counter(one.kind for one in chosen), Counter(of_kinds)
    for kind, count in all_of.items():
        assert abs(have[kind] - len(chosen) * count / len(of_kinds)) < 1


@settings(deadline=None)
@given(kinds, st.integers(1, 70))
def test_the_same_questions_in_the_same_order(of_kinds, size):
    asked = questions(of_kinds)
    chosen = sample(asked, size)
    assert chosen == sample(list(reversed(asked)), size)[::-1] or len(set(of_kinds)) > 1
    assert chosen == [one for one in asked if one in chosen]


def test_a_larger_sample_of_a_kind_holds_the_smaller_one():
    asked = questions("a" * 50)
    assert {one.id for one in sample(asked, 10)} < {one.id for one in sample(asked, 20)}


def test_some_questions_without_an_answer_are_answered_too():
    asked = [EvalQuestion(f"q{n}", "?", answerable=n % 2 == 0) for n in range(100)]
    chosen = answered_sample(asked, 12)
    assert sum(one.answerable for one in chosen) == 12
    assert sum(not one.answerable for one in chosen) == 3
    assert answered_sample(asked, 0) == []
    assert len(answered_sample(asked, None)) == 100
