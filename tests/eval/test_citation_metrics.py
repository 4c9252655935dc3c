"""Citation recall and precision are ALCE's."""

import pytest

from eval.metrics.citations import CitedSentence, citation_scores


def entails(claim: str, evidence: str) -> bool:
    """A claim is its wanted words; evidence supports it when it has them all."""
    return set(claim.split()) <= set(evidence.split())


def scores(*sentences: tuple[str, tuple[str, ...]]):
    return citation_scores([CitedSentence(text, cited) for text, cited in sentences], entails)


def test_a_sentence_whose_citations_support_it_together_is_recalled():
    found = scores(("a b", ("a", "b")))
    assert (found.recall, found.precision) == (1, 1)


def test_a_needless_citation_costs_precision_alone():
    found = scores(("a b", ("a b", "c")))
    assert found.recall == 1
    assert found.precision == pytest.approx(1 / 2)


def test_a_citation_that_supports_alone_is_not_needless_beside_another_one():
    assert scores(("a", ("a", "a b"))).precision == 1


def test_citations_of_an_unsupported_sentence_are_not_precise():
    found = scores(("a b", ("a",)), ("c", ("c",)))
    assert found.recall == pytest.approx(1 / 2)
    assert found.precision == pytest.approx(1 / 2)


def test_a_sentence_without_citation_is_not_recalled():
    found = scores(("a", ()), ("b", ("b",)))
    assert found.recall == pytest.approx(1 / 2)
    assert found.precision == 1


def test_an_answer_without_any_citation_scores_nothing():
    assert scores(("a", ())).precision == 0
    assert citation_scores([], entails).recall == 0
