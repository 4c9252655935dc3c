"""Citation recall and precision as ALCE defines them, with any judge of entailment.

Gao et al., "Enabling Large Language Models to Generate Text with Citations", 2023: a sentence has
citation recall 1 when what it cites, taken together, supports it. A citation is precise when its
sentence has recall 1 and the citation is not needless; it is needless when it does not support the
sentence alone while the others do without it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

# Whether a text supports a claim: (claim, evidence) -> verdict.
Entails = Callable[[str, str], bool]


@dataclass(frozen=True, slots=True)
class CitedSentence:
    """A sentence without its marks, and the texts that it cites."""

    text: str
    evidence: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CitationScores:
    """Means over the sentences and over the citations of one answer, each in [0, 1]."""

    recall: float
    precision: float


def citation_scores(sentences: Sequence[CitedSentence], entails: Entails) -> CitationScores:
    """Score the sentences of one answer; without a sentence or a citation a mean is 0."""
    recalled = 0
    precise = 0
    citations = 0
    for sentence in sentences:
        citations += len(sentence.evidence)
        if not sentence.evidence or not entails(sentence.text, " ".join(sentence.evidence)):
            continue
        recalled += 1
        precise += sum(
            not _needless(sentence, place, entails) for place in range(len(sentence.evidence))
        )
    return CitationScores(
        recall=recalled / len(sentences) if sentences else 0.0,
        precision=precise / citations if citations else 0.0,
    )


def _needless(sentence: CitedSentence, place: int, entails: Entails) -> bool:
    others = [text for other, text in enumerate(sentence.evidence) if other != place]
    if not others or entails(sentence.text, sentence.evidence[place]):
        return False
    return entails(sentence.text, " ".join(others))
