"""The questions about the bank that were written for training, with the passages they bring."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from eval.support.pairs import Pair, unanswered_pair

# How many passages are read for a question when it is judged, and one more.
_FOUND = 4
# Of what is found for an answerable question, the first one that surely does not answer it.
_SURELY_OTHER = 8


def written_pairs(
    answerable: Mapping[int, Sequence[str]],
    unanswerable: Mapping[int, Sequence[str]],
    answers: Mapping[int, str],
    ranked: Mapping[str, Sequence[int]],
) -> Iterator[Pair]:
    """Answerable questions with their answer ("bank-written") and with another one
    ("bank-written-other"); unanswerable ones with all that retrieval brings ("unanswered-found").

    The questions come by the number of their answer, or of the one that is nearest; `ranked` gives
    every question's answer numbers, best first.
    """
    for number, questions in answerable.items():
        for question in questions:
            words = tuple(question.split())
            yield Pair("answer", words, answers[number], 1, "bank-written", (0,) * len(words))
            other = ranked[question][_SURELY_OTHER]
            if other != number:
                yield unanswered_pair(question, answers[other], "bank-written-other")
    for questions in unanswerable.values():
        for question in questions:
            for found in ranked[question][:_FOUND]:
                yield unanswered_pair(question, answers[found], "unanswered-found")


def far_pairs(
    questions: Iterable[str], answers: Mapping[int, str], ranked: Mapping[str, Sequence[int]]
) -> Iterator[Pair]:
    """Questions on other fields with all that retrieval brings ("far-found")."""
    for question in questions:
        for found in ranked[question][:_FOUND]:
            yield unanswered_pair(question, answers[found], "far-found")
