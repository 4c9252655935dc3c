"""Typing errors in a question: what is no word of English is read as the like word of the passages.

"tranfer lerning" may still find the passages on transfer learning, but a reader fails over words
that it never saw. Names stay as they are: "EfficientDet" is no slip for "EfficientNet".
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache

from assistant.answering.words import names, stem

# Shorter words are like too many others.
SHORTEST = 5
# Like enough, by difflib's ratio: one letter amiss in five to seven, two in more.
LIKE = 0.84
# From this share of words on that nothing explains, the question is in another language.
OTHER_LANGUAGE = 0.5

_WORD = re.compile(r"(?<![\w'’-])[^\W\d_]+(?![\w'’-])")  # noqa: RUF001


def corrected(question: str, passages: Sequence[str]) -> str:
    """The question with its typing errors mended, or just as it is.

    `passages` are what a first search brought. A word that neither they nor English hold is
    replaced by the word of theirs that is most like it. English at large mends nothing: it would
    take "convnet" for "convent".
    """
    held = _ordinary_words(passages)
    stems = {stem(word) for word in held}
    named = names(question)
    asked = _WORD.findall(question)
    unknown = {
        word
        for word in asked
        if word.lower() not in named
        and stem(word.lower()) not in stems
        and word.lower() not in _english()
    }
    meant = {
        word: like
        for word in unknown
        if len(word) >= SHORTEST and (like := _like(word.lower(), held))
    }
    if len(unknown) - len(meant) >= OTHER_LANGUAGE * len(asked):
        return question
    return _WORD.sub(lambda found: _as_written(meant, found.group()), question)


def _ordinary_words(passages: Iterable[str]) -> set[str]:
    """The words that stand in lower case somewhere: names do not."""
    return {
        word
        for text in passages
        for word in _WORD.findall(text)
        if word.islower() and len(word) > 3
    }


def _like(word: str, held: Iterable[str]) -> str:
    begins_alike = sorted(one for one in held if one[0] == word[0])
    return next(iter(get_close_matches(word, begins_alike, n=1, cutoff=LIKE)), "")


def _as_written(meant: Mapping[str, str], word: str) -> str:
    like = meant.get(word, word)
    return like.capitalize() if word[0].isupper() and word in meant else like


@cache
def _english() -> frozenset[str]:
    from spellchecker import SpellChecker

    return frozenset(SpellChecker(language="en").word_frequency.dictionary)
