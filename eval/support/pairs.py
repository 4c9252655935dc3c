"""The training pairs: (claim, evidence) and (question, passage), made of the training parts."""

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from assistant.answering import words as visible
from eval.support.corruptions import (
    Claim,
    Donors,
    claim,
    collect_donors,
    corrupt,
    corrupt_question,
    reword,
    shorten,
)
from eval.support.evidence import rank_sentences
from eval.support.paraphrases import (
    Paraphrase,
    question_is_faithful,
    rewording_is_faithful,
)
from eval.support.questions_to_claims import to_claim
from eval.support.sources import (
    ClapnqQuestion,
    Squad,
    SquadQuestion,
    WiceClaim,
    clapnq_part,
    split_sentences,
)

IGNORED = -1


def content_words(text: str) -> set[str]:
    """The stems of a text's words that carry meaning."""
    return set(visible.content_words(text))


@dataclass(frozen=True, slots=True)
class Pair:
    """One training pair.

    `first` is the claim's or question's words, `second` the evidence. `label` is 1 when the
    evidence supports the claim (holds an answer). `unsupported` marks the claim's words with 1, 0
    or IGNORED; empty when unknown. `span` is where in `second` the answer stands.
    """

    task: Literal["support", "answer"]
    first: tuple[str, ...]
    second: str
    label: int
    kind: str
    unsupported: tuple[int, ...] = ()
    span: tuple[int, int] | None = None


def support_pair(made: Claim, evidence: str, kind: str | None = None) -> Pair:
    """The pair of a claim with marks and its evidence."""
    return Pair(
        task="support",
        first=made.words,
        second=evidence,
        label=int(made.supported and bool(made.unsupported)),
        kind=kind or made.kind,
        unsupported=tuple(int(mark) for mark in made.unsupported),
    )


def absent_pair(words: Sequence[str], evidence: str, kind: str = "absent") -> Pair:
    """A claim whose source was taken out of the evidence: content words that the evidence lacks
    are marked, for the rest nobody knows."""
    held = content_words(evidence)
    marks = tuple(
        1 if (found := content_words(word)) and not found & held else IGNORED for word in words
    )
    return Pair("support", tuple(words), evidence, 0, kind, marks)


def open_text_pairs(
    texts: Mapping[str, Sequence[str]],
    paraphrases: Iterable[Paraphrase],
    generator: random.Random,
    per_text: int,
) -> Iterator[Pair]:
    """Claims from sentences of open texts and from their rewordings, right and corrupted; and the
    questions that were written about them."""
    written = {(line.text, line.index): line for line in paraphrases}
    for name, sentences in texts.items():
        donors = collect_donors(sentences)
        usable = [
            i for i, s in enumerate(sentences) if 7 <= len(s.split()) <= 40 and s[-1] in '.!"'
        ]
        chosen = set(generator.sample(usable, min(per_text, len(usable))))
        chosen |= {index for text, index in written if text == name}
        for index in sorted(chosen):
            line = written.get((name, index))
            evidence, rest = sentence_window(sentences, index, generator)
            bases = _right_claims(sentences[index], line, generator)
            for base in bases:
                yield from _right_and_wrong(base, evidence, donors, generator)
            if rest and generator.random() < 0.4:
                yield absent_pair(generator.choice(bases).words, rest)
            if line and question_is_faithful(sentences[index], line):
                span = _find(evidence, line.answer)
                yield from question_pairs(line.question, evidence, span, "written", generator)
                if rest:
                    yield unanswered_pair(line.question, rest, "removed")


def foreign_pairs(
    texts: Mapping[str, Sequence[str]], generator: random.Random, count: int
) -> Iterator[Pair]:
    """Sentences held against another text altogether, most of all short ones."""
    names = list(texts)
    while count:
        one, other = generator.sample(names, 2)
        said = min(generator.choices(texts[one], k=2), key=len)
        evidence, _ = sentence_window(
            texts[other], generator.randrange(len(texts[other])), generator
        )
        if 4 <= len(said.split()) <= 40:
            yield absent_pair(said.split(), evidence, "foreign")
            count -= 1


def _right_claims(sentence: str, line: Paraphrase | None, generator: random.Random) -> list[Claim]:
    bases = [claim(shorten(sentence, generator), "shortened")]
    if line and rewording_is_faithful(sentence, line):
        bases = [claim(line.reworded, "reworded")] * 2
    if line and question_is_faithful(sentence, line):
        stated = to_claim(line.question, line.answer, supported=True)
        if stated is not None:
            bases.append(stated)
    return bases


def _right_and_wrong(
    base: Claim, evidence: str, donors: Donors, generator: random.Random
) -> Iterator[Pair]:
    for _ in range(2):
        base = reword(base, donors, generator) or base
    yield support_pair(base, evidence)
    for _ in range(2 if base.kind == "reworded" else 1):
        wrong = corrupt(base, donors, generator)
        if wrong is not None:
            yield support_pair(wrong, evidence)


def sentence_window(
    sentences: Sequence[str], index: int, generator: random.Random
) -> tuple[str, str]:
    """Sentence `index` among others of its text, and the same without it."""
    before, after = generator.randint(0, 3), generator.randint(0, 3)
    around = list(range(max(0, index - before), min(len(sentences), index + after + 1)))
    if generator.random() < 0.3 and len(sentences) > 8:
        others = [i for i in range(len(sentences)) if i != index]
        around = [index, *generator.sample(others, 3)]
        generator.shuffle(around)
    while len(around) > 1 and sum(len(sentences[i]) for i in around) > 700:
        around.remove(generator.choice([i for i in around if i != index]))
    rest = " ".join(sentences[i] for i in around if i != index)
    return " ".join(sentences[i] for i in around), rest


def question_pairs(
    question: str,
    passage: str,
    span: tuple[int, int] | None,
    kind: str,
    generator: random.Random,
) -> Iterator[Pair]:
    """An answerable question with its passage, and a question that the passage almost answers."""
    words = tuple(question.split())
    yield Pair("answer", words, passage, 1, kind, (0,) * len(words), span)
    donors = collect_donors(split_sentences(passage))
    changed = corrupt_question(question, donors, generator)
    if changed is not None:
        marks = tuple(int(mark) for mark in changed.unsupported)
        yield Pair("answer", changed.words, passage, 0, f"{kind}-changed", marks)


def unanswered_pair(question: str, passage: str, kind: str) -> Pair:
    """A question with a passage that is about something else or lacks the answer: the question's
    content words that the passage lacks are marked, for the rest nobody knows."""
    held = content_words(passage)
    words = tuple(question.split())
    marks = tuple(
        1 if (found := content_words(word)) and not found & held else IGNORED for word in words
    )
    return Pair("answer", words, passage, 0, kind, marks)


def _find(passage: str, answer: str) -> tuple[int, int] | None:
    bare = answer.rstrip(".")
    start = passage.lower().find(bare.lower())
    return (start, start + len(bare)) if start >= 0 else None


def wice_pairs(claims: Iterable[WiceClaim], generator: random.Random) -> Iterator[Pair]:
    """WiCE's partly supported claims as marked, and cut down to the words that are supported."""
    for item in claims:
        gold = [i for group in item.supporting[:1] for i in group]
        ranked = rank_sentences(item.claim, item.evidence)
        for limit in (2, 7):
            kept = sorted({*gold, *ranked[:limit]})
            evidence = " ".join(item.evidence[i] for i in kept)
            marks = tuple(int(mark) for mark in item.unsupported)
            yield Pair("support", item.words, evidence, 0, "wice", marks)
            left = tuple(w for w, m in zip(item.words, marks, strict=True) if not m)
            if len(left) >= 5 and len(left) >= 0.6 * len(marks):
                yield Pair("support", left, evidence, 1, "wice-cut", (0,) * len(left))
        without = " ".join(item.evidence[i] for i in ranked[:6] if i not in gold)
        yield absent_pair(item.words, without)


def squad_pairs(squad: Squad, generator: random.Random) -> Iterator[Pair]:
    """Questions with their own paragraph, with it less the answer's sentence, with another one;
    and the statements that questions and answers make."""
    questions = squad.part("train")
    by_article: dict[str, list[int]] = {}
    for number, article in enumerate(squad.articles):
        by_article.setdefault(article, []).append(number)
    for asked in questions:
        paragraph = squad.paragraphs[asked.paragraph]
        if asked.impossible:
            yield Pair("answer", tuple(asked.question.split()), paragraph, 0, "squad")
        else:
            yield from question_pairs(asked.question, paragraph, asked.answer, "squad", generator)
        others = [n for n in by_article[asked.article] if n != asked.paragraph]
        near = max(
            generator.sample(others, min(8, len(others))),
            key=lambda n: len(content_words(squad.paragraphs[n]) & content_words(asked.question)),
        )
        if generator.random() < 0.35:
            yield unanswered_pair(asked.question, squad.paragraphs[near], "squad-other")
        if asked.answer is None:
            continue
        kept, rest = _around(paragraph, asked.answer)
        if not asked.impossible and rest and generator.random() < 0.5:
            yield unanswered_pair(asked.question, rest, "removed")
        yield from _squad_claims(asked, paragraph, kept, questions, generator)


def _squad_claims(
    asked: SquadQuestion,
    paragraph: str,
    evidence: str,
    questions: Sequence[SquadQuestion],
    generator: random.Random,
) -> Iterator[Pair]:
    assert asked.answer is not None
    answer = paragraph[slice(*asked.answer)]
    stated = to_claim(asked.question, answer, supported=not asked.impossible)
    if stated is None or len(answer.split()) > 10:
        return
    yield support_pair(stated, evidence, kind="squad-claim")
    if asked.impossible:
        return
    wrong = [
        text
        for q in questions
        if q.paragraph == asked.paragraph
        and q.answer
        and (text := paragraph[slice(*q.answer)])
        and not content_words(text) & content_words(answer)
        and len(text.split()) <= 8
    ]
    if wrong:
        swapped = to_claim(asked.question, generator.choice(wrong), supported=False)
        if swapped is not None:
            yield support_pair(swapped, evidence, kind="squad-wrong-answer")


def _around(paragraph: str, span: tuple[int, int]) -> tuple[str, str]:
    """The sentences around a span (at most 700 characters), and the paragraph without its own."""
    sentences = split_sentences(paragraph)
    found = paragraph[slice(*span)]
    offset, index = 0, 0
    for number, sentence in enumerate(sentences):
        offset = paragraph.find(sentence, offset) if sentence in paragraph else offset
        if offset <= span[0]:
            index = number
    if found not in sentences[index]:
        index = next((i for i, s in enumerate(sentences) if found in s), index)
    first, last = index, index + 1
    while sum(map(len, sentences[first:last])) < 700 and (first > 0 or last < len(sentences)):
        first, last = max(0, first - 1), min(len(sentences), last + 1)
    return " ".join(sentences[first:last]), " ".join(sentences[:index] + sentences[index + 1 :])


def clapnq_pairs(questions: Iterable[ClapnqQuestion]) -> Iterator[Pair]:
    """ClapNQ's questions and the sentences of its written answers, with their passages."""
    for asked in questions:
        if clapnq_part(asked) != "train":
            continue
        passage = " ".join(asked.sentences)
        if not asked.answerable:
            yield unanswered_pair(asked.question, passage, "clapnq")
            continue
        words = tuple(asked.question.split())
        yield Pair("answer", words, passage, 1, "clapnq", (0,) * len(words))
        rest = " ".join(s for s in asked.sentences if s not in asked.gold)
        if rest:
            yield unanswered_pair(asked.question, rest, "removed")
        gold = " ".join(asked.gold)
        for sentence in split_sentences(asked.answers[0]):
            stated = claim(sentence, "clapnq-claim")
            if len(stated.words) >= 5:
                yield support_pair(stated, gold)
                if rest and len(content_words(sentence) & content_words(rest)) < 4:
                    yield absent_pair(stated.words, rest)


def chunk_question_pairs(data: Path, generator: random.Random) -> Iterator[Pair]:
    """The questions of chunking_evaluation with the text around their gold span, and without."""
    import csv

    folder = data / "chunking_evaluation"
    with (folder / "questions_df.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            text = (folder / "corpora" / f"{row['corpus_id']}.md").read_text("utf-8")
            spans = [(r["start_index"], r["end_index"]) for r in json.loads(row["references"])]
            start, end = spans[0]
            if len(spans) > 1 or end - start > 500:
                continue
            left = max(0, start - generator.randint(50, 350))
            right = min(len(text), end + generator.randint(50, 350))
            left, right = text.find(" ", left), text.rfind(" ", end, right)
            if right < end or left < 0 or left > start:
                continue
            span = (start - left, end - left)
            yield from question_pairs(row["question"], text[left:right], span, "chunk", generator)
            rest = text[left:start] + text[end:right]
            yield unanswered_pair(row["question"], rest, "removed")
