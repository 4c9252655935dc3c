"""More ways to read SQuAD2's training articles, beside those of `pairs.squad_pairs`."""

import random
from collections.abc import Iterator, Sequence

from eval.support.pairs import Pair, content_words, unanswered_pair
from eval.support.sources import Squad, SquadQuestion, split_sentences


def squad_reading_pairs(squad: Squad, generator: random.Random) -> Iterator[Pair]:
    """Each question with the likest other paragraph of its article ("squad-nearest"), and with
    its own paragraph changed in what does not matter to it ("squad-mixed")."""
    paragraphs: dict[str, list[int]] = {}
    for number, article in enumerate(squad.articles):
        paragraphs.setdefault(article, []).append(number)
    for asked in squad.part("train"):
        others = [n for n in paragraphs[asked.article] if n != asked.paragraph]
        nearest = _nearest(asked.question, others, squad)
        yield unanswered_pair(asked.question, squad.paragraphs[nearest], "squad-nearest")
        other = squad.paragraphs[generator.choice(others)]
        yield _mixed(asked, squad.paragraphs[asked.paragraph], other, generator)


def _nearest(question: str, paragraphs: Sequence[int], squad: Squad) -> int:
    """The paragraph that shares most content words with the question."""
    asked = content_words(question)
    return max(paragraphs, key=lambda n: len(content_words(squad.paragraphs[n]) & asked))


def _mixed(asked: SquadQuestion, paragraph: str, other: str, generator: random.Random) -> Pair:
    """The question with another text that answers it as little or as much: sentences that do not
    hold the answer are left out, and one of another paragraph comes in."""
    sentences = split_sentences(paragraph)
    answer = paragraph[slice(*asked.answer)] if asked.answer else ""
    kept = [s for s in sentences if (answer and answer in s) or generator.random() < 0.65]
    if len(kept) < 2 or not any(answer in s for s in kept):
        kept = sentences
    kept.insert(generator.randint(0, len(kept)), generator.choice(split_sentences(other)))
    passage = " ".join(kept)
    words = tuple(asked.question.split())
    if asked.impossible:
        return Pair("answer", words, passage, 0, "squad-mixed")
    start = passage.find(answer)
    return Pair(
        "answer", words, passage, 1, "squad-mixed", (0,) * len(words), (start, start + len(answer))
    )
