"""What two texts visibly agree on: words, numbers, names, negations. Cheap, and needs no model.

These are the signals that a neural scorer tends to overlook: a swapped digit moves what it sees
very little.
"""

import re
from itertools import pairwise

from assistant.answering.words import content_words, names, negated, numbers, stem, words

_SENTENCE_END = re.compile(r"(?<=[.!?;:])\s+|\n+")
_COUNTED = (
    "two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
    "seventeen eighteen nineteen twenty"
)
_NUMBER_WORDS = {word: str(value) for value, word in enumerate(_COUNTED.split(), start=2)}
SUPPORT_SIGNALS = (
    "coverage",
    "best_sentence_coverage",
    "neighbour_coverage",
    "missing_words",
    "missing_numbers",
    "missing_names",
    "negation_differs",
)


def support_signals(claim: str, evidence: str) -> tuple[float, ...]:
    """The values of `SUPPORT_SIGNALS`: shares in [0, 1], counts scaled to [0, 1].

    `best_sentence_coverage` is the share of the claim's content words in the one sentence that
    holds most of them; `neighbour_coverage` the share of its pairs of adjacent words.
    """
    content, pool = content_words(claim), set(content_words(evidence))
    sentences = _SENTENCE_END.split(evidence)
    shares = [_share(content, content_words(sentence)) for sentence in sentences]
    best = max(range(len(sentences)), key=shares.__getitem__)
    held_stems = [stem(word) for word in words(evidence)]
    held_pairs = set(pairwise(held_stems))
    said_stems = [stem(word) for word in words(claim)]
    said_pairs = list(pairwise(said_stems))
    return (
        _share(content, pool),
        shares[best],
        sum(pair in held_pairs for pair in said_pairs) / max(1, len(said_pairs)),
        min(len(set(content) - pool), 8) / 8,
        min(len(_all_numbers(claim) - _all_numbers(evidence)), 3) / 3,
        min(_missing_names(claim, evidence), 4) / 4,
        float(negated(claim) != negated(sentences[best])),
    )


def _share(content: list[str], pool: set[str] | list[str]) -> float:
    held = set(pool)
    return sum(word in held for word in content) / len(content) if content else 0.0


def _all_numbers(text: str) -> set[str]:
    spelled = {_NUMBER_WORDS[word] for word in words(text) if word in _NUMBER_WORDS}
    return spelled | numbers(text)


def _missing_names(said: str, held: str) -> int:
    lowered = held.lower()
    return sum(name not in lowered for name in names(said))
