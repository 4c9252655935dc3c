"""Whether the passages answer the question: yes, in part, or not at all."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from index.types import Hit

Verdict = Literal["answer", "partial", "refuse"]

# Below this cosine of its best passage a question is about something else.
LEAST_COSINE = 0.25
# How many topics a refusal names.
NEAREST_TOPICS = 3


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether to answer. `score` is the probability, in [0, 1], that the passages answer.

    `missing` says what a partial answer leaves open; `nearest_topics` are the titles of the
    nearest documents, best first.
    """

    verdict: Verdict
    score: float
    missing: str = ""
    nearest_topics: tuple[str, ...] = ()


class Judge(Protocol):
    """Decides before anything is written."""

    def judge(self, question: str, hits: Sequence[Hit]) -> Judgement:
        """The judgement on a standalone question and the passages found for it, best first."""


class SimilarityJudge:
    """Refuses what is far from every passage. It cannot tell near questions without an answer."""

    def __init__(self, least_cosine: float) -> None:
        self._least_cosine = least_cosine

    def judge(self, question: str, hits: Sequence[Hit]) -> Judgement:
        """Answer when the best cosine reaches the limit."""
        best = max((hit.scores.get("dense", 0.0) for hit in hits), default=0.0)
        score = min(1.0, max(0.0, best))
        return Judgement(
            "answer" if hits and best >= self._least_cosine else "refuse",
            score,
            nearest_topics=nearest_topics(hits),
        )


def nearest_topics(hits: Sequence[Hit]) -> tuple[str, ...]:
    """The titles of the documents of the best hits, each once."""
    return tuple(dict.fromkeys(hit.document.title for hit in hits))[:NEAREST_TOPICS]
