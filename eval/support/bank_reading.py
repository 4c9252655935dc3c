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
        if asked.kind == "answerable":
            for number in asked.answers[:2]:
                yield _answered_pair(asked.question, answers[number], "bank")
            far = ranked[asked.question][_SURELY_OTHER]
            if far not in asked.answers:
                yield unanswered_pair(asked.question, answers[far], "bank-other")
        else:
            yield from _found_pairs(asked.question, answers, ranked, "bank-near")


def bank_asked_pairs(
    asked: Mapping[int, Sequence[str]], answers: Mapping[int, str]
) -> Iterator[Pair]:
    """Other ways to ask for each answer of the bank, with that answer."""
    for number, questions in asked.items():
        for question in questions:
            yield _answered_pair(question, answers[number], "asked")


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
            yield _answered_pair(question, answers[number], "bank-written")
            other = ranked[question][_SURELY_OTHER]
            if other != number:
                yield unanswered_pair(question, answers[other], "bank-written-other")
    for questions in unanswerable.values():
        for question in questions:
            yield from _found_pairs(question, answers, ranked, "unanswered-found")


def far_pairs(
    questions: Iterable[str], answers: Mapping[int, str], ranked: Mapping[str, Sequence[int]]
) -> Iterator[Pair]:
    """Questions on other fields with all that retrieval brings ("far-found")."""
    for question in questions:
        yield from _found_pairs(question, answers, ranked, "far-found")


def _answered_pair(question: str, text: str, kind: str) -> Pair:
    words = tuple(question.split())
    return Pair("answer", words, text, 1, kind, (0,) * len(words))


def _found_pairs(
    question: str, answers: Mapping[int, str], ranked: Mapping[str, Sequence[int]], kind: str
) -> Iterator[Pair]:
    """A question that the bank does not answer, with each text that retrieval brings."""
    for number in ranked[question][:_FOUND]:
        yield unanswered_pair(question, answers[number], kind)
