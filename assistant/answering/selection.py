"""Chooses the sentences that an answer needs, before anything is written."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from assistant.answering.evidence import EvidenceSentence
from assistant.answering.sentence_embeddings import EmbedTexts
from assistant.answering.words import content_words
from index.types import Hit

# How much the place of its passage counts for a sentence, against its own likeness.
PASSAGE_WEIGHT = 0.5
# Two sentences whose vectors are this close say the same.
SAME_MEANING = 0.86
# Of the content words of a sentence, the share that makes it said already.
SAID_COVERAGE = 0.8


@dataclass(frozen=True, slots=True)
class Scored:
    """A sentence and how much the question needs it, comparable within one question."""

    sentence: EvidenceSentence
    relevance: float


class SentenceSelection:
    """Ranks the sentences of the passages by likeness to the question and picks within a length."""

    def __init__(self, embed: EmbedTexts) -> None:
        self._embed = embed

    def choose(
        self,
        question: str,
        hits: Sequence[Hit],
        evidence: Sequence[EvidenceSentence],
        *,
        words: int,
    ) -> list[EvidenceSentence]:
        """The sentences needed, at most about `words` words, in reading order.

        A sentence that says the same as a better one is left out.
        """
        if not evidence:
            return []
        vectors = self._embed([one.text for one in evidence])
        relevance = self._relevance(question, hits, evidence, vectors)
        chosen: list[int] = []
        used = 0
        for index in np.argsort(-relevance, kind="stable"):
            length = len(evidence[index].text.split())
            if chosen and used + length > words:
                continue
            if any(vectors[index] @ vectors[other] > SAME_MEANING for other in chosen):
                continue
            chosen.append(int(index))
            used += length
        best_source = {evidence[index].source: -relevance[index] for index in reversed(chosen)}
        chosen.sort(key=lambda index: (best_source[evidence[index].source], index))
        return [evidence[index] for index in chosen]

    def _relevance(
        self,
        question: str,
        hits: Sequence[Hit],
        evidence: Sequence[EvidenceSentence],
        vectors: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        asked = self._embed([question])[0]
        contexts = self._embed([one.in_context for one in evidence])
        top = max(hit.score for hit in hits)
        passages = np.array([hits[one.source].score / top if top > 0 else 0 for one in evidence])
        likeness = (vectors @ asked + contexts @ asked) / 2
        return likeness + PASSAGE_WEIGHT * passages


def says(text: str, sentence: str) -> bool:
    """Whether `text` already says what `sentence` does, by its content words."""
    wanted = set(content_words(sentence))
    return not wanted or len(wanted & set(content_words(text))) / len(wanted) >= SAID_COVERAGE
