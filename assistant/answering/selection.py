"""Chooses the sentences that an answer needs, before anything is written."""

import math
import re
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from assistant.answering.evidence import EvidenceSentence
from assistant.answering.sentence_embeddings import EmbedTexts
from assistant.answering.words import content_words

# Chosen on the answerable questions of dev.jsonl and validation.jsonl by `python -m
# eval.sentence_choice` (figures and neighbours in eval/results/sentence-choice.json): quoting the
# chosen sentences states 0.95 of the key facts in 78 words at the median. On SQuAD2's calibration
# article they hold the answer to 0.88 of the questions in 54 words. Neighbouring values differ
# little.
# How the relevance of a sentence is made up: its likeness to the question alone and together with
# its title, the question's words that it holds (the rarer among the sentences, the more they
# count), and the score of its passage as a share of the best one's.
ALONE_WEIGHT = 0.25
CONTEXT_WEIGHT = 0.75
WORDS_WEIGHT = 0.2
PASSAGE_WEIGHT = 1.5
# A sentence this far below the best one is not needed; less where one fact is asked for.
RELEVANCE_GAP = 0.25
NARROW_RELEVANCE_GAP = 0.2
# Two sentences say the same whose vectors are this close and which share so many content words.
SAME_MEANING = 0.8
SAME_WORDS = 0.6
# Of the content words of a sentence, the share that makes it said already.
SAID_COVERAGE = 0.8

_ONE_FACT = re.compile(
    r"^\W*(?:(?:in|of|on|at|for|to|from|by|with|through|under)\s+)?(?:who|whom|whose|when|where|"
    r"(?:what|which)\s+(?:kind|type|sort|part|number|name|word|year|layer|loss|function|value)|"
    r"which|how\s+(?:many|much|often|long|big|large|far)|is|are|was|were|does|do|did|can|could|has|"
    r"have|will)\b|\bstands?\s+for\b|\bcalled\b|\bname\s+(?:one|two|three|an?)\b|"
    r"\bwhat\s+(?:kind|type|sort|number|word|name)\b",
    re.IGNORECASE,
)
_MUCH = re.compile(
    r"\b(?:why|explain|describe|compare|contrast|differ\w*|pros|advantages?|benefits?|drawbacks?|"
    r"techniques?|methods?|strateg\w+|challenges?|difficult\w*|ways|steps|versus|vs|list|overview|"
    r"summar\w+|tell|considerations?|how\s+(?:do|does|can|could|would|should|is|are|did|to))\b"
    r"|\bwhich\s+(?:\w+\s+){0,2}\w{3,}[^s]s\b",
    re.IGNORECASE,
)
_LEANS_BACK = re.compile(
    r"(?:this|these|those|they|it|its|their|such|that|both|he|she|others?|additionally|moreover|"
    r"furthermore|however|also|then|thus|therefore|in\s+addition)\b(?!\s+(?:is|was)\s+\w+\s+"
    r"(?:to|that)\b)",
    re.IGNORECASE,
)


def is_narrow(question: str) -> bool:
    """Whether the question asks for one fact rather than for an explanation or a list."""
    return bool(_ONE_FACT.search(question)) and not _MUCH.search(question)


class SentenceSelection:
    """Ranks the sentences of the passages by likeness to the question and picks within a length."""

    def __init__(self, embed: EmbedTexts) -> None:
        self._embed = embed

    def choose(
        self,
        question: str,
        evidence: Sequence[EvidenceSentence],
        passage_scores: Sequence[float],
        *,
        words: int,
    ) -> list[EvidenceSentence]:
        """The sentences needed, at most `words` words unless one has more, in reading order.

        As many as come near the best one; one that says the same as a better one is left out.
        `passage_scores` are the scores of the passages by `EvidenceSentence.source`.
        """
        if not evidence:
            return []
        vectors = self._embed([one.text for one in evidence])
        relevance = self._relevance(question, evidence, passage_scores, vectors)
        gap = NARROW_RELEVANCE_GAP if is_narrow(question) else RELEVANCE_GAP
        least = relevance.max() - gap
        chosen: list[int] = []
        used = 0
        for index in np.argsort(-relevance, kind="stable"):
            length = len(evidence[index].text.split())
            if chosen and (used + length > words or relevance[index] < least):
                continue
            if any(
                vectors[index] @ vectors[other] > SAME_MEANING
                and says(evidence[other].text, evidence[index].text, share=SAME_WORDS)
                for other in chosen
            ):
                continue
            chosen.append(int(index))
            used += length
        chosen = _with_antecedents(chosen, evidence)
        best_of_source = {
            source: max(relevance[index] for index in chosen if evidence[index].source == source)
            for source in {evidence[index].source for index in chosen}
        }
        chosen.sort(key=lambda index: (-best_of_source[evidence[index].source], index))
        return [evidence[index] for index in chosen]

    def _relevance(
        self,
        question: str,
        evidence: Sequence[EvidenceSentence],
        passage_scores: Sequence[float],
        vectors: NDArray[np.float32],
    ) -> NDArray[np.float32]:
        asked = self._embed([question])[0]
        # The sum of the two vectors does nearly what embedding title and sentence together does,
        # and the titles are few.
        contexts = vectors + self._embed([one.title or one.text for one in evidence])
        contexts /= np.linalg.norm(contexts, axis=1, keepdims=True)
        passages = np.array([passage_scores[one.source] for one in evidence])
        passages /= max(passages.max(), 1e-9)
        return (
            ALONE_WEIGHT * (vectors @ asked)
            + CONTEXT_WEIGHT * (contexts @ asked)
            + WORDS_WEIGHT * _shares_of_words(question, evidence)
            + PASSAGE_WEIGHT * passages
        )


def _shares_of_words(question: str, evidence: Sequence[EvidenceSentence]) -> NDArray[np.float64]:
    """For each sentence, the share of the question's content words in it, by their rarity."""
    held = [set(content_words(one.text)) for one in evidence]
    rarity = {
        word: math.log(1 + len(held) / (1 + sum(word in words for words in held)))
        for word in set(content_words(question))
    }
    total = sum(rarity.values()) or 1.0
    return np.array([sum(rarity[word] for word in rarity.keys() & words) for words in held]) / total


def leans_back(sentence: str) -> bool:
    """Whether a sentence begins by pointing to the one before it: "This involves …"."""
    return _LEANS_BACK.match(sentence) is not None


def _with_antecedents(chosen: list[int], evidence: Sequence[EvidenceSentence]) -> list[int]:
    """The chosen sentences, and before each that leans back the one on which it leans."""
    result = list(chosen)
    for index in chosen:
        before = index - 1
        while (
            before >= 0
            and leans_back(evidence[before + 1].text)
            and evidence[before].source == evidence[index].source
            and before not in result
        ):
            result.append(before)
            before -= 1
    return result


def says(text: str, sentence: str, *, share: float = SAID_COVERAGE) -> bool:
    """Whether `text` holds this share of the content words of `sentence`: whether it says it."""
    wanted = set(content_words(sentence))
    return not wanted or len(wanted & set(content_words(text))) / len(wanted) >= share
