"""The questions about the bank that the pair model learns from, with the passages they bring."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from eval.support.pairs import Pair, unanswered_pair
from eval.support.sources import BankQuestion, bank_question_part

# How many passages are read for a question when it is judged, and one more.
_FOUND = 4
# Of what is found for an answerable question, the first one that surely does not answer it.
_SURELY_OTHER = 8


def bank_question_pairs(
    questions: Iterable[BankQuestion],
    answers: Mapping[int, str],
    ranked: Mapping[str, Sequence[int]],
) -> Iterator[Pair]:
    """The training questions over the bank with the answers that retrieval finds for them.

    `ranked` gives every question's answer numbers, best first. Of an answerable question's other
    answers only a low-ranked one is taken as empty: one near the top may hold a part. Whatever is
    found for a question that the bank does not answer is a passage without an answer.
    """
    for asked in questions:
        if bank_question_part(asked) != "train":
            continue
        words = tuple(asked.question.split())
        if asked.kind == "answerable":
            for number in asked.answers[:2]:
                yield Pair("answer", words, answers[number], 1, "bank", (0,) * len(words))
            far = ranked[asked.question][_SURELY_OTHER]
            if far not in asked.answers:
                yield unanswered_pair(asked.question, answers[far], "bank-other")
        else:
            for number in ranked[asked.question][:_FOUND]:
                yield unanswered_pair(asked.question, answers[number], "bank-near")


def bank_asked_pairs(
    asked: Mapping[int, Sequence[str]], answers: Mapping[int, str]
) -> Iterator[Pair]:
    """Other ways to ask for each answer of the bank, with that answer."""
    for number, questions in asked.items():
        for question in questions:
            words = tuple(question.split())
            yield Pair("answer", words, answers[number], 1, "asked", (0,) * len(words))


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
