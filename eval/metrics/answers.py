"""What an answer says against what it should say."""

import re
import string
from collections import Counter
from collections.abc import Callable, Sequence

_WHITE_SPACE = re.compile(r"\s+")
_ARTICLES = re.compile(r"\b(a|an|the)\b")
_MARKS = re.compile(r"\s*\[\d+\]")


def without_marks(answer: str) -> str:
    """The answer without its `[n]` citation marks."""
    return _MARKS.sub("", answer).strip()


def key_facts_stated(answer: str, key_facts: Sequence[Sequence[str]]) -> float:
    """The share of the facts of which one phrase is in the answer, cases and blanks aside.

    Without any fact to state it is 1.
    """
    if not key_facts:
        return 1.0
    text = _normalised(without_marks(answer))
    return sum(
        any(_normalised(phrase) in text for phrase in phrases) for phrases in key_facts
    ) / len(key_facts)


def rouge_l(answer: str, references: Sequence[str]) -> float:
    """ROUGE-L F1 against the nearest reference, by rouge-score with stemming."""
    from rouge_score.rouge_scorer import RougeScorer

    scorer = RougeScorer(["rougeL"], use_stemmer=True)
    text = without_marks(answer)
    return max(
        (scorer.score(reference, text)["rougeL"].fmeasure for reference in references),
        default=0.0,
    )


def embedding_similarity(
    answer: str, references: Sequence[str], embed: Callable[[Sequence[str]], Sequence]
) -> float:
    """The cosine of the answer's embedding to the nearest reference's; `embed` gives unit rows."""
    import numpy as np

    text = without_marks(answer)
    if not text or not references:
        return 0.0
    vectors = np.asarray(embed([text, *references]))
    return float(np.max(vectors[1:] @ vectors[0]))


def token_f1(answer: str, references: Sequence[str]) -> float:
    """SQuAD's F1 of the words shared with the nearest reference."""
    said = _squad_words(without_marks(answer))
    best = 0.0
    for reference in references:
        wanted = _squad_words(reference)
        shared = sum((Counter(said) & Counter(wanted)).values())
        if not said or not wanted:
            best = max(best, float(said == wanted))
        elif shared:
            precision, recall = shared / len(said), shared / len(wanted)
            best = max(best, 2 * precision * recall / (precision + recall))
    return best


def _normalised(text: str) -> str:
    return _WHITE_SPACE.sub(" ", text).strip().lower()


def _squad_words(text: str) -> list[str]:
    text = "".join(letter for letter in text.lower() if letter not in string.punctuation)
    return _ARTICLES.sub(" ", text).split()
