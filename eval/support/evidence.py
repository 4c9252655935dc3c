"""Which sentences of a long article to hold against a claim: rarity-weighted word overlap."""

import math
from collections import Counter
from collections.abc import Sequence

from assistant.answering.words import content_words


def rank_sentences(claim: str, sentences: Sequence[str]) -> list[int]:
    """Indices of sentences, best first.

    Greedy: each next sentence is the one that covers most of the claim's words, weighted by
    rarity in the article; words that a chosen sentence covers count a quarter from then on. Words
    of the neighbours count a little, since a sentence's subject often stands in the one before.
    """
    held = [set(content_words(sentence)) for sentence in sentences]
    seen = Counter(word for words in held for word in words)
    weight = {
        word: math.log(1 + len(sentences) / (1 + seen[word])) for word in set(content_words(claim))
    }
    order: list[int] = []
    left = [index for index in range(len(sentences)) if held[index]]
    while left:

        def gain(index: int) -> float:
            own = sum(weight[word] for word in weight if word in held[index])
            near = held[index - 1] if index else set()
            around = sum(weight[w] for w in weight if w in near and w not in held[index])
            return (own + 0.2 * around) / (1 + 0.004 * len(sentences[index]))

        best = max(left, key=gain)
        if gain(best) == 0 or len(order) == 40:
            break
        order.append(best)
        left.remove(best)
        for word in held[best] & weight.keys():
            weight[word] *= 0.4
    return order


def choose_evidence(claim: str, sentences: Sequence[str], words: int = 120) -> str:
    """The sentences of an article that matter most to a claim, in the article's order.

    Takes them by rank until they hold `words` words, so that claim and evidence fit one reading.
    """
    chosen: list[int] = []
    held = 0
    for index in rank_sentences(claim, sentences):
        held += len(sentences[index].split())
        if chosen and held > words:
            break
        chosen.append(index)
    return " ".join(sentences[index] for index in sorted(chosen))
