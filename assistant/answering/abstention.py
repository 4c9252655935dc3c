"""Whether the passages answer the question: yes, in part, or not at all.

No retrieval score can tell: a question about the right subject scores high whether or not its
answer is there. So the passages are read together with the question, and what the reading says is
weighed with how well they were found. Weights and thresholds are in `calibration.json`, made by
`python -m eval.calibrate`.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from assistant.answering.calibration import Calibration
from assistant.answering.pair_model import PairReading
from assistant.answering.question_parts import question_parts
from assistant.answering.wanted import holds_nothing_of_the_kind
from assistant.answering.words import names
from index.types import Hit

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
# of the answerable calibration questions one in twenty lies below, of the far ones nearly all.
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

    def judge(self, question: str, hits: Sequence[Hit]) -> Judgement:
        """The judgement on a standalone question and the passages found for it, best first."""


class Reader(Protocol):
    """Reads a question together with a passage: see `PairModel`."""

    def read(self, first: str, second: str) -> PairReading:
        """What there is to say of the two texts; `answer` is a logit."""


class ReadingJudge:
    """Judges by reading the best passages and by how well they were found.

    `strictness` in [0, 1] moves the threshold: 0.5 refuses about 5 % of the answerable questions
    that it was calibrated on, 0 hardly any, 1 a quarter.
    """

    def __init__(self, reader: Reader, calibration: Calibration, strictness: float = 0.5) -> None:
        self._reader = reader
        self._calibration = calibration
        self._threshold = calibration.threshold(strictness)

    def judge(self, question: str, hits: Sequence[Hit]) -> Judgement:
        """The judgement; each part of a question that asks for several things is judged alone."""
        topics = nearest_topics(hits)
        if not hits:
            return Judgement("refuse", 0.0, nearest_topics=topics)
        parts = question_parts(question)
        scores = [self.probability(part, hits) for part in parts]
        score = max(scores)
        if score < self._threshold:
            return Judgement("refuse", score, nearest_topics=topics)
        sure = {p: s >= self._threshold for p, s in zip(parts, scores, strict=True)}
        missing = [part for part in parts if not sure[part]] or unknown_names(question, hits)
        return Judgement(
            "partial" if missing else "answer",
            score,
            answered=tuple(part for part in parts if sure[part]),
            missing=tuple(missing),
            nearest_topics=topics,
        )

    def probability(self, question: str, hits: Sequence[Hit]) -> float:
        """The calibrated probability that these passages answer this one question."""
        return self._calibration.probability(judgement_signals(self._reader, question, hits))


class SimilarityJudge:
    """Refuses what is far from every passage; near questions without an answer it cannot tell.

    Needs no model. `least_cosine` is that of the best passage with the question.
    """

    def __init__(self, least_cosine: float = LEAST_COSINE) -> None:
        self._least_cosine = least_cosine

    def judge(self, question: str, hits: Sequence[Hit]) -> Judgement:
        """Answer when the best cosine reaches the limit; the score is that cosine."""
        best = max((hit.scores.get("dense", 0.0) for hit in hits), default=0.0)
        answers = bool(hits) and best >= self._least_cosine
        return Judgement(
            "answer" if answers else "refuse",
            min(1.0, max(0.0, best)),
            answered=tuple(question_parts(question)) if answers else (),
            nearest_topics=nearest_topics(hits),
        )


def judgement_signals(reader: Reader, question: str, hits: Sequence[Hit]) -> Mapping[str, float]:
    """What is weighed, by name.

    `reading` is the largest logit that one of the best passages holds an answer. `cosine` is the
    best dense score, `distant` by how much it falls short of `DISTANT`; `nothing_of_the_kind` is 1
    where the question asks for a quantity, a date or an origin and no passage has any. How far the
    fused search puts the first passage before the others, and which words of the question the
    passage lacks, were worth nothing beside these.
    """
    passages = [hit.passage.text for hit in hits]
    readings = [reader.read(question, text) for text in passages[:PASSAGES_READ]]
    best = max(reading.answer for reading in readings)
    cosine = max(hit.scores.get("dense", 0.0) for hit in hits)
    return {
        "reading": max(-EXTREME, min(EXTREME, best)),
        "cosine": cosine,
        "distant": max(0.0, DISTANT - cosine),
        "nothing_of_the_kind": float(holds_nothing_of_the_kind(question, "\n".join(passages))),
    }


def unknown_names(question: str, hits: Sequence[Hit]) -> list[str]:
    """Of the names that the question puts side by side, those that no passage holds.

    Empty unless the passages hold at least one other of them: "PyTorch or JAX?" can be answered in
    part, "What is JAX?" cannot.
    """
    if not _SIDE_BY_SIDE.search(question):
        return []
    held = " ".join(f"{hit.document.title} {hit.passage.text}" for hit in hits).lower()
    asked = sorted(names(question), key=question.lower().find)
    unknown = [name for name in asked if name.removesuffix("s") not in held]
    if len(unknown) == len(asked):
        return []
    return [
        question[place : place + len(name)]
        for name in unknown
        if (place := question.lower().find(name)) >= 0
    ]


def nearest_topics(hits: Sequence[Hit]) -> tuple[str, ...]:
    """The titles of the documents of the best hits, each once."""
    return tuple(dict.fromkeys(hit.document.title for hit in hits))[:NEAREST_TOPICS]
