"""The rows that the scorers are calibrated and reported on: none of them was trained on."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from corpus.question_bank import load_question_bank
from eval.support.corruptions import (
    CORRUPTIONS,
    claim,
    collect_donors,
    reword,
    shorten,
)
from eval.support.drafted import draft_part, read_draft_claims
from eval.support.evidence import choose_evidence
from eval.support.passages import find_passages
from eval.support.questions_to_claims import to_claim
from eval.support.sources import (
    Part,
    read_bank_claims,
    read_squad,
    read_wice_dev,
    split_sentences,
    squad_part,
    wice_part,
)
from index.text_embedders import TextEmbedder

_SEED = 5


@dataclass(frozen=True, slots=True)
class SupportRow:
    """A claim with its evidence and the truth about them."""

    data: str
    part: Part
    kind: str
    claim: str
    evidence: str
    supported: bool


def support_rows(data: Path) -> list[SupportRow]:
    """WiCE's dev claims, the bank claims, sentences of real drafts, SQuAD2's statements, and
    corrupted sentences."""
    bank = {n: document.text for n, document in enumerate(load_question_bank(), start=1)}
    rows = [
        SupportRow(
            "wice",
            wice_part(item),
            item.label,
            item.claim,
            choose_evidence(item.claim, item.evidence),
            item.label == "supported",
        )
        for item in read_wice_dev(data)
    ]
    rows += [
        SupportRow("bank", made.part, made.kind, made.claim, bank[made.answer], made.supported)
        for made in read_bank_claims()
    ]
    rows += [
        SupportRow("drafted", draft_part(one), one.verdict, one.claim, one.evidence, one.supported)
        for one in read_draft_claims(data)
        if draft_part(one) != "train"
    ]
    return [
        *rows,
        *_squad_statements(data),
        *_corrupted_sentences(data),
        *_foreign_sentences(data),
    ]


def _squad_statements(data: Path) -> Iterator[SupportRow]:
    squad = read_squad(data)
    for asked in squad.questions:
        part = squad_part(asked.article)
        if part == "train" or asked.answer is None:
            continue
        paragraph = squad.paragraphs[asked.paragraph]
        answer = paragraph[slice(*asked.answer)]
        stated = to_claim(asked.question, answer, supported=not asked.impossible)
        if stated is not None and len(answer.split()) <= 10:
            kind = "impossible" if asked.impossible else "answerable"
            yield SupportRow(
                "squad2-statements", part, kind, stated.text, paragraph, not asked.impossible
            )


def _corrupted_sentences(data: Path) -> Iterator[SupportRow]:
    """Every kind of corruption, and as many right claims, over paragraphs of unseen articles."""
    squad = read_squad(data)
    generator = random.Random(_SEED)
    for number, paragraph in enumerate(squad.paragraphs):
        part = squad_part(squad.articles[number])
        sentences = split_sentences(paragraph)
        usable = [s for s in sentences if 7 <= len(s.split()) <= 40]
        if part == "train" or len(usable) < 3:
            continue
        others = [
            sentence
            for other, text in enumerate(squad.paragraphs)
            if squad.articles[other] == squad.articles[number] and other != number
            for sentence in split_sentences(text)
        ]
        donors = collect_donors(others)
        for sentence in generator.sample(usable, 3):
            right = claim(shorten(sentence, generator))
            right = reword(right, donors, generator) or right
            yield SupportRow("corrupted", part, "true", right.text, paragraph, True)
            change, _ = generator.choice(CORRUPTIONS)
            wrong = change(right, donors, generator)
            if wrong is not None:
                yield SupportRow("corrupted", part, wrong.kind, wrong.text, paragraph, False)
            rest = " ".join(s for s in sentences if s != sentence)
            if generator.random() < 0.3:
                yield SupportRow("corrupted", part, "absent", right.text, rest, False)


def _foreign_sentences(data: Path) -> Iterator[SupportRow]:
    """Sentences held against a paragraph of another article: true, and nothing there says so."""
    squad = read_squad(data)
    generator = random.Random(_SEED)
    numbers = range(len(squad.paragraphs))
    for number in numbers:
        part = squad_part(squad.articles[number])
        if part == "train" or generator.random() < 0.5:
            continue
        others = [
            other
            for other in numbers
            if squad.articles[other] != squad.articles[number]
            and squad_part(squad.articles[other]) in (part, "train")
        ]
        said = generator.choice(split_sentences(squad.paragraphs[number]))
        evidence = squad.paragraphs[generator.choice(others)]
        yield SupportRow("corrupted", part, "foreign", said, evidence, False)


def rank_bank_answers(
    questions: Sequence[str], embedder: TextEmbedder, depth: int
) -> dict[str, tuple[int, ...]]:
    """The numbers of the bank's answers for each question, best first."""
    texts = [document.text for document in load_question_bank()]
    found = find_passages(questions, texts, embedder, depth)
    return {
        question: tuple(n + 1 for n in hits.passages)
        for question, hits in zip(questions, found, strict=True)
    }
