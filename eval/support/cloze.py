"""Questions made of sentences by asking for one of their names or numbers.

They are not good English ("What team Denver Broncos defeated in the final by?"), but they teach
where in a text an answer stands and when a text that speaks of the same things holds none, from
prose that nobody asked questions about (noisy cloze questions: Lewis et al., 2019, "Unsupervised
Question Answering by Cloze Translation").
"""

import random
import re
from collections.abc import Iterator, Mapping, Sequence

from eval.support.corruptions import (
    STOP_WORDS,
    claim,
    collect_donors,
    name_runs,
    reword,
)
from eval.support.pairs import Pair, question_pairs, sentence_window, unanswered_pair

_YEAR = re.compile(r"1\d\d\d|20\d\d")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_EDGE = "\"'()[]{}.,;:!?\u201c\u201d\u2018\u2019"
_PLACE = frozenset(("in", "at", "from", "near"))
_ENCYCLOPEDIAS = ("squad2/", "wice/")
_LONGEST_SIDE = 9
_DROPPED = 0.05
_CHANGES_PLACES = 0.08


def cloze_pairs(
    texts: Mapping[str, Sequence[str]], generator: random.Random, per_text: int
) -> Iterator[Pair]:
    """Cloze questions over the encyclopedia texts, with the text around their sentence ("cloze"),
    changed so that it does not answer them ("cloze-changed"), and with the text less the sentence
    ("cloze-removed")."""
    for name, sentences in texts.items():
        if not name.startswith(_ENCYCLOPEDIAS):
            continue
        donors = collect_donors(sentences)
        usable = [i for i, s in enumerate(sentences) if 8 <= len(s.split()) <= 40]
        generator.shuffle(usable)
        made = 0
        for index in usable:
            found = cloze_question(sentences[index], generator)
            if found is None:
                continue
            question, answer = found
            again = reword(claim(question), donors, generator)
            question = again.text if again is not None else question
            evidence, rest = sentence_window(sentences, index, generator)
            start = evidence.find(answer, max(0, evidence.find(sentences[index])))
            if start < 0:
                continue
            span = (start, start + len(answer))
            yield from question_pairs(question, evidence, span, "cloze", generator)
            if rest and answer not in rest and generator.random() < 0.6:
                yield unanswered_pair(question, rest, "cloze-removed")
            made += 1
            if made == per_text:
                break


def cloze_question(sentence: str, generator: random.Random) -> tuple[str, str] | None:
    """A question for one name or number of a sentence, and that answer as it stands there; None
    when the sentence has none, or says too little besides."""
    words = sentence.split()
    places = [(start, end) for start, end in name_runs(words) if end - start <= 4]
    places += [(i, i + 1) for i, word in enumerate(words) if _NUMBER.fullmatch(word.strip(_EDGE))]
    if not places:
        return None
    start, end = generator.choice(places)
    answer = " ".join(words[start:end]).strip(_EDGE)
    left = words[max(0, start - _LONGEST_SIDE) : start]
    right = words[end : end + _LONGEST_SIDE]
    asked, left = _question_words(words, start, end, left, generator)
    context = [word for word in (*left, *right) if word.lower().strip(_EDGE) not in STOP_WORDS]
    if len(context) < 3 or any(answer in word for word in context):
        return None
    left, right = _noisy(left, generator), _noisy(right, generator)
    if not left or generator.random() < 0.75:
        asked[0] = asked[0][:1].upper() + asked[0][1:]
        order = [*asked, *right, *left] if generator.random() < 0.5 else [*asked, *left, *right]
    else:
        order = [*left, *asked, *right]
    question = " ".join(word.strip(_EDGE) or word for word in order)
    return question + "?", answer


def _question_words(
    words: Sequence[str], start: int, end: int, left: list[str], generator: random.Random
) -> tuple[list[str], list[str]]:
    """What asks for the words from `start` to `end`, and what stays on their left."""
    before = words[start - 1].lower() if start else ""
    answer = words[start].strip(_EDGE)
    if _YEAR.fullmatch(answer) and before in ("in", "since", "by", "until"):
        return generator.choice((["when"], [before, "what", "year"], ["what", "year"])), left[:-1]
    if _NUMBER.fullmatch(answer):
        if words[end - 1][-1] == "%" or (end < len(words) and words[end].startswith("percent")):
            return ["what", "percentage"], left
        return generator.choice((["how", "many"], ["what", "number"], ["how", "many"])), left
    if before in _PLACE and generator.random() < 0.6:
        return generator.choice((["where"], ["in", "what", "place"])), left[:-1]
    if end - start in (2, 3) and generator.random() < 0.5:
        return ["who"], left
    return generator.choice((["what"], ["which"], ["who"], ["what", "was"])), left


def _noisy(words: Sequence[str], generator: random.Random) -> list[str]:
    """A word is lost here and there, and neighbours change places, as a person words it anew."""
    kept = [word for word in words if generator.random() >= _DROPPED]
    for index in range(len(kept) - 1):
        if generator.random() < _CHANGES_PLACES:
            kept[index], kept[index + 1] = kept[index + 1], kept[index]
    return kept
