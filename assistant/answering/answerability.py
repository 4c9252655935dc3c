"""How probable it is that the passages found hold an answer to the question.

No retrieval score can tell (a question about the right topic scores high whether or not its answer
is there), so the question and each passage are read together by the cross-encoder that also
checks claims. Fitted and measured by `eval.support`; figures in `eval/results/support.json`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from assistant.answering.agreement import ANSWER_SIGNALS, answer_signals
from assistant.answering.pair_model import PairModel, PairReading
from assistant.answering.support import logistic, word_signals

READING_SIGNALS = ("answer_logit", "span_logit", "worst_word", "second_worst_word", "mean_word")


@dataclass(frozen=True, slots=True)
class Answerability:
    """Whether passages hold an answer, and where.

    `probability` is calibrated for the passages together; `by_passage` is it for each passage
    alone. The likeliest short answer is `passages[best][start:end]`.
    """

    probability: float
    by_passage: tuple[float, ...]
    best: int
    start: int
    end: int


class AnswerabilityScorer:
    """Scores questions against retrieved passages with the pair model. Safe to share by threads."""

    def __init__(self, model: PairModel) -> None:
        self._model = model
        self._weights: Mapping[str, float] = model.calibration["answerability"]["weights"]

    @property
    def threshold(self) -> float:
        """The probability from which on a question counts as answerable: where the balanced
        accuracy, averaged over the calibration sets, was best."""
        return float(self._model.calibration["answerability"]["threshold"])

    def score(self, question: str, passages: Sequence[str]) -> Answerability:
        """Judge the passages, best retrieved first; one reading each (about 50 ms on one core).

        The passages are no independent witnesses, so the best one alone decides. Without a
        passage the probability is 0.
        """
        readings = [self._model.read(question, passage) for passage in passages]
        by_passage = tuple(
            logistic(self._weights, answerability_signals(question, passage, reading))
            for passage, reading in zip(passages, readings, strict=True)
        )
        if not by_passage:
            return Answerability(0.0, (), 0, 0, 0)
        best = max(range(len(by_passage)), key=by_passage.__getitem__)
        return Answerability(
            probability=by_passage[best],
            by_passage=by_passage,
            best=best,
            start=readings[best].answer_start,
            end=readings[best].answer_end,
        )


def answerability_signals(question: str, passage: str, reading: PairReading) -> dict[str, float]:
    """Everything the logistic model may weigh, by name."""
    values = dict(zip(ANSWER_SIGNALS, answer_signals(question, passage), strict=True))
    read = (reading.answer, reading.span, *word_signals(reading))
    return values | dict(zip(READING_SIGNALS, read, strict=True))
