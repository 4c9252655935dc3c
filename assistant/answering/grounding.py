"""Each sentence of an answer gets the exact words that support it, or the verdict that none do."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from assistant.answering.evidence import EvidenceSentence
from assistant.answering.sentence_embeddings import EmbedTexts
from assistant.answering.words import content_words

# Both by `python -m eval.grounding_scorers`, on the half of its claims to choose by.
# How many sentences of evidence are compared with a claim in full: two tell right claims from wrong
# as well as three do, in fewer readings.
CANDIDATES = 2
# A second sentence is cited beside the best one when it raises the support by this much. With twice
# as much, fewer right claims are accepted and no fewer wrong ones; with none, most claims are given
# a second sentence that adds little.
SECOND_SENTENCE_GAIN = 0.15


class SupportScorer(Protocol):
    """Judges whether a text supports a claim."""

    @property
    def threshold(self) -> float:
        """The probability from which on a claim counts as supported."""

    def score(self, claims_with_evidence: Sequence[tuple[str, str]]) -> Sequence[float]:
        """The probability, in [0, 1], of each (claim, evidence) that the claim is supported."""


@dataclass(frozen=True, slots=True)
class Support:
    """What supports a claim best. `probability` is calibrated as far as the scorer is.

    `sufficient` says whether the claim may be shown as fact.
    """

    probability: float
    sentences: tuple[EvidenceSentence, ...]
    sufficient: bool


class Grounding:
    """Finds the sentences that support a claim among those of the passages."""

    def __init__(self, scorer: SupportScorer, embed: EmbedTexts) -> None:
        self._scorer = scorer
        self._embed = embed

    def support(self, claim: str, evidence: Sequence[EvidenceSentence]) -> Support:
        """The support of `claim`: the first sentence that suffices, the nearest first, or the best
        one; or two, where the second adds much.

        A sentence of the evidence, word for word, supports itself, unless it only leads to a list.
        Each comparison costs the reader time, so none other is tried after one that suffices.
        Without any evidence the probability is 0.
        """
        if not evidence:
            return Support(0.0, (), False)
        said = _plain(claim)
        for one in evidence:
            if _plain(one.text) == said and not said.endswith(":"):
                return Support(1.0, (one,), True)
        best = Support(0.0, (), False)
        candidates = self.candidates(claim, evidence)
        for candidate in candidates:
            best = max(best, self.score(claim, [candidate]), key=_probability)
            if best.sufficient:
                break
        for other in candidates:
            pair = sorted((*best.sentences, other), key=evidence.index)
            if other not in best.sentences:
                together = self.score(claim, pair)
                if together.probability >= best.probability + SECOND_SENTENCE_GAIN:
                    return together
        return best

    def score(self, claim: str, sentences: Sequence[EvidenceSentence]) -> Support:
        """How well these sentences together support `claim`."""
        (probability,) = self._scorer.score([(claim, as_read(sentences))])
        return Support(
            float(probability), tuple(sentences), bool(probability >= self._scorer.threshold)
        )

    def candidates(
        self, claim: str, evidence: Sequence[EvidenceSentence]
    ) -> list[EvidenceSentence]:
        """The sentences that are looked at in full, nearest first, by shared words and meaning."""
        wanted = set(content_words(claim))
        cosines = self._embed([one.text for one in evidence]) @ self._embed([claim])[0]
        shared = [
            len(wanted & set(content_words(one.text))) / max(1, len(wanted)) for one in evidence
        ]
        order = np.argsort(-(cosines + np.asarray(shared)), kind="stable")
        return [evidence[index] for index in order[:CANDIDATES]]


def as_read(sentences: Sequence[EvidenceSentence]) -> str:
    """Sentences as the scorer reads them: behind their title, and list items behind their lead."""
    parts = [part for one in sentences for part in (one.title, one.lead, one.text) if part]
    return " ".join(dict.fromkeys(parts))


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _probability(support: Support) -> float:
    return support.probability
