"""How well a text supports a claim, judged by words, numbers, names, negation and meaning."""

import math
from collections.abc import Sequence

import numpy as np

from assistant.answering.sentence_embeddings import EmbedTexts
from assistant.answering.words import content_words, names, negated, numbers

# A logistic model, set by hand so that a word-for-word quotation scores above 0.95, a fair
# paraphrase above 0.5, and one number or negation that disagrees brings any claim below 0.3.
# `python -m eval.grounding_scorers` and `assistant eval run --suite wice` say what it is worth.
INTERCEPT = -6.5
COVERAGE_WEIGHT = 7.0
COSINE_WEIGHT = 4.0
MISSING_NUMBER_WEIGHT = -5.0
MISSING_NAME_WEIGHT = -3.0
NEGATION_WEIGHT = -5.0
THRESHOLD = 0.5


class LexicalSupportScorer:
    """What the trained scorer is measured against: no model beside the sentence embeddings.

    It sees swapped numbers, swapped names and a negation on one side only, which a cosine does
    not. It does not see swapped roles ("A teaches B" for "B teaches A").
    """

    def __init__(self, embed: EmbedTexts) -> None:
        self._embed = embed

    @property
    def threshold(self) -> float:
        """The probability from which on a claim counts as supported."""
        return THRESHOLD

    def score(self, claims_with_evidence: Sequence[tuple[str, str]]) -> Sequence[float]:
        """The probability of each (claim, evidence) that the evidence supports the claim."""
        if not claims_with_evidence:
            return []
        claims, evidence = zip(*claims_with_evidence, strict=True)
        cosines = np.sum(self._embed(claims) * self._embed(evidence), axis=1)
        return [
            self._probability(claim, text, float(cosine))
            for claim, text, cosine in zip(claims, evidence, cosines, strict=True)
        ]

    @staticmethod
    def _probability(claim: str, evidence: str, cosine: float) -> float:
        wanted, held = set(content_words(claim)), set(content_words(evidence))
        coverage = len(wanted & held) / len(wanted) if wanted else 0.0
        evidence_words = evidence.lower()
        missing_names = [name for name in names(claim) if name not in evidence_words]
        logit = (
            INTERCEPT
            + COVERAGE_WEIGHT * coverage
            + COSINE_WEIGHT * cosine
            + MISSING_NUMBER_WEIGHT * bool(numbers(claim) - numbers(evidence))
            + MISSING_NAME_WEIGHT * bool(missing_names)
            + NEGATION_WEIGHT * (negated(claim) != negated(evidence))
        )
        return 1 / (1 + math.exp(-logit))
