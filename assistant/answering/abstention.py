"""Whether the passages answer the question: yes, in part, or not at all.

No retrieval score can tell: a question about the right subject scores high whether or not its
answer is there. So the passages are read together with the question, and what the reading says is
weighed with how well they were found. Weights and thresholds are in `calibration.json`, made by
`python -m eval.calibrate`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from assistant.answering.calibration import Calibration
from assistant.answering.pair_model import PairReading
from assistant.answering.wanted import holds_nothing_of_the_kind
from assistant.answering.words import names
from index.types import Hit

if TYPE_CHECKING:
    from assistant.answering.retriever import Found

Verdict = Literal["answer", "partial", "refuse"]

# Below this cosine of its best passage a question is about something else (MiniLM).
LEAST_COSINE = 0.25
# How many topics a refusal names.
NEAREST_TOPICS = 3
# How many passages are read for the judgement, best first. Reading one takes about 50 ms on one
# core, and the answer is hardly ever in a later one alone.
PASSAGES_READ = 3
# Logits beyond this count as this, lest one signal outweigh all others.
EXTREME = 6.0
# From this cosine downwards a question is ever less likely to be about what the passages are about:
# of the bank's answerable calibration questions 6 % lie below, of the far ones 96 %. At 0.4 to 0.6
# nearly the same are refused (`python -m eval.calibrate`: "neighbours" in `calibration.json`).
DISTANT = 0.5

_SIDE_BY_SIDE = re.compile(
    r"\b(?:or|vs|versus|compare\w*|between|differ\w*|better|faster|than|both|each)\b|, ",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Whether to answer. `score` is the probability, in [0, 1], that the passages answer.

    `answered` holds the parts of the question that the passages answer (see `question_parts`), and
    `missing` what a partial answer leaves open: other parts, or names. `nearest_topics` are the
    titles of the nearest documents.
    """

    verdict: Verdict
    score: float
    answered: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    nearest_topics: tuple[str, ...] = ()


class Judge(Protocol):
    """Decides before anything is written."""

    def judge(self, found: "Found") -> Judgement:
        """The judgement on a standalone question and what was found for it."""


class Reader(Protocol):
    """Reads a question together with a passage: see `PairModel`."""

    def read(self, first: str, second: str) -> PairReading:
        """What there is to say of the two texts; `answer` is a logit."""


class ReadingJudge:
    """Judges by reading the best passages and by how well they were found.

    `strictness` in [0, 1] moves the threshold: 0.5 refuses about 3 % of the answerable
    questions that it was calibrated on, 0 hardly any, 1 a quarter.
    """

    def __init__(self, reader: Reader, calibration: Calibration, strictness: float = 0.5) -> None:
        self._reader = reader
        self._calibration = calibration
        self._threshold = calibration.threshold(strictness)

    def judge(self, found: "Found") -> Judgement:
        """The judgement; each part of a question that asks for several things is judged alone, by
        the passages that are best for it."""
        topics = nearest_topics(found.hits)
        if not found.hits:
            return Judgement("refuse", 0.0, nearest_topics=topics)
        scores = {
            part: self.probability(part, _best_first(found.hits, by_passage))
            for part, by_passage in found.by_part.items()
        }
        score = max(scores.values())
        if score < self._threshold:
            return Judgement("refuse", score, nearest_topics=topics)
        missing = [part for part in scores if scores[part] < self._threshold]
        missing = missing or unknown_compared(found.question, found.hits)
        return Judgement(
            "partial" if missing else "answer",
            score,
            answered=tuple(part for part in scores if scores[part] >= self._threshold),
            missing=tuple(missing),
            nearest_topics=topics,
        )

    def probability(self, question: str, hits: Sequence[Hit]) -> float:
        """The calibrated probability that these passages, best first, answer this one question."""
        return self._calibration.probability(judgement_signals(self._reader, question, hits))


class SimilarityJudge:
    """Refuses what is far from every passage; near questions without an answer it cannot tell.

    Needs no model. `least_cosine` is that of the best passage with the question.
    """

    def __init__(self, least_cosine: float = LEAST_COSINE) -> None:
        self._least_cosine = least_cosine

    def judge(self, found: "Found") -> Judgement:
        """Answer when the best cosine reaches the limit; the score is that cosine."""
        best = best_cosine(found.hits)
        answers = bool(found.hits) and best >= self._least_cosine
        return Judgement(
            "answer" if answers else "refuse",
            min(1.0, max(0.0, best)),
            answered=tuple(found.by_part) if answers else (),
            nearest_topics=nearest_topics(found.hits),
        )


def judgement_signals(reader: Reader, question: str, hits: Sequence[Hit]) -> Mapping[str, float]:
    """What is weighed, by name; the hits come best first.

    `reading` is the largest logit that one of the best passages holds an answer, `first_reading`
    that of the best passage. `cosine` is the best dense score, `distant` by how much it falls short
    of `DISTANT`; `nothing_of_the_kind` is 1 where the question asks for a quantity, a date or an
    origin and no passage has any; `unknown_names` is the share of the question's names that no
    passage holds. How far the fused search puts the first passage before the others, and which
    other words of the question the passage lacks, were worth nothing beside these.
    """
    passages = [hit.passage.text for hit in hits]
    readings = [reader.read(question, text).answer for text in passages[:PASSAGES_READ]]
    cosine = best_cosine(hits)
    asked, unknown = _names(question, hits)
    return {
        "reading": _bounded(max(readings)),
        "first_reading": _bounded(readings[0]),
        "cosine": cosine,
        "distant": short_of(DISTANT, cosine),
        "nothing_of_the_kind": float(holds_nothing_of_the_kind(question, "\n".join(passages))),
        "unknown_names": len(unknown) / len(asked) if asked else 0.0,
    }


def short_of(limit: float, cosine: float) -> float:
    """By how much a cosine falls short of a limit; 0 where it does not."""
    return max(0.0, limit - cosine)


def best_cosine(hits: Sequence[Hit]) -> float:
    """The highest cosine of the passages found; 0 where none was."""
    return max((hit.scores.get("dense", 0.0) for hit in hits), default=0.0)


def _best_first(hits: Sequence[Hit], scores: Sequence[float]) -> list[Hit]:
    order = sorted(range(len(hits)), key=lambda place: -scores[place])
    return [hits[place] for place in order]


def _bounded(logit: float) -> float:
    return max(-EXTREME, min(EXTREME, logit))


def unknown_compared(question: str, hits: Sequence[Hit]) -> list[str]:
    """Of the names that the question puts side by side, those that no passage holds.

    Empty unless the passages hold at least one other of them: "PyTorch or JAX?" can be answered in
    part, "What is JAX?" cannot.
    """
    if not _SIDE_BY_SIDE.search(question):
        return []
    asked, unknown = _names(question, hits)
    if len(unknown) == len(asked):
        return []
    return [
        question[place : place + len(name)]
        for name in unknown
        if (place := question.lower().find(name)) >= 0
    ]


def _names(question: str, hits: Sequence[Hit]) -> tuple[list[str], list[str]]:
    """The names in a question as they come, in lower case, and those that no passage holds.

    Plain figures are none.
    """
    held = " ".join(f"{hit.document.title} {hit.passage.text}" for hit in hits).lower()
    asked = sorted(
        (name for name in names(question) if not name[0].isdigit()), key=question.lower().find
    )
    return asked, [name for name in asked if name.removesuffix("s") not in held]


def nearest_topics(hits: Sequence[Hit]) -> tuple[str, ...]:
    """The titles of the documents of the best hits, each once."""
    return tuple(dict.fromkeys(hit.document.title for hit in hits))[:NEAREST_TOPICS]
