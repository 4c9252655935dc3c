"""The data sets that the scorers learn from and are measured on, and who gets which part.

Nothing of them is copied into the project: the readers take the folder that holds them.

Parts are disjoint by article (SQuAD2), by file (WiCE: the training claims stand on other
articles than the dev claims) and by question (ClapNQ), so no paragraph is on two sides.
"""

import json
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from corpus.also_asked import parse_also_asked
from corpus.question_bank import load_question_bank

Part = Literal["train", "calibrate", "report"]

_SQUAD_PARTS: dict[str, Part] = {
    "Computational_complexity_theory": "train",
    "Huguenot": "train",
    "Steam_engine": "train",
    "1973_oil_crisis": "train",
    "Packet_switching": "train",
    "Normans": "calibrate",
    "European_Union_law": "report",
    "Harvard_University": "report",
}

_FILE_PARTS: dict[str, Part] = {"training": "train", "validation": "calibrate", "test": "report"}

_SENTENCE_END = re.compile(r"(?<=[.!?])[\"')\]]*\s+(?=[\"'(\[]?[A-Z0-9])")
_ABBREVIATION = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|No|vs|etc|Inc|Ltd|Co|Jr|Sr|al|Fig|U\.S|e\.g|i\.e|[A-Z])\.[\"')\]]*$"
)


@dataclass(frozen=True, slots=True)
class SquadQuestion:
    """One SQuAD2 question. `answer` is (start, end) in the paragraph, also of a merely plausible
    answer when the question is impossible; None when the data gives none."""

    article: str
    paragraph: int
    question: str
    impossible: bool
    answer: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Squad:
    """The paragraphs of the half of SQuAD2's dev set, and the questions about them."""

    paragraphs: tuple[str, ...]
    articles: tuple[str, ...]
    questions: tuple[SquadQuestion, ...]

    def part(self, part: Part) -> list[SquadQuestion]:
        """The questions whose article belongs to `part`."""
        return [q for q in self.questions if squad_part(q.article) == part]


@dataclass(frozen=True, slots=True)
class WiceClaim:
    """One WiCE claim with its evidence sentences.

    `words`/`unsupported` are the claim's tokens and the marks of those without support (empty for
    claims of the entailment set).
    """

    id: str
    claim: str
    label: str
    evidence: tuple[str, ...]
    supporting: tuple[tuple[int, ...], ...]
    title: str = ""
    words: tuple[str, ...] = ()
    unsupported: tuple[bool, ...] = ()


@dataclass(frozen=True, slots=True)
class ClapnqQuestion:
    """One ClapNQ question with its passage, the gold sentences and the written answers."""

    id: str
    question: str
    sentences: tuple[str, ...]
    gold: tuple[str, ...]
    answers: tuple[str, ...]

    @property
    def answerable(self) -> bool:
        """Whether the passage holds an answer."""
        return bool(self.gold)


@dataclass(frozen=True, slots=True)
class BankQuestion:
    """A question asked of the bank; `answers` are the numbers of the answers that hold it."""

    id: str
    kind: str
    question: str
    answers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class BankClaim:
    """A claim held against answer number `answer` of the bank."""

    part: Part
    answer: int
    kind: str
    supported: bool
    claim: str


def split_sentences(text: str) -> list[str]:
    """The sentences of running prose, in order; good enough for making training data."""
    sentences: list[str] = []
    for piece in _SENTENCE_END.split(" ".join(text.split())):
        if sentences and _ABBREVIATION.search(sentences[-1]):
            sentences[-1] += " " + piece
        elif piece:
            sentences.append(piece)
    return sentences


def _lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def read_squad(data: Path) -> Squad:
    """Read `squad2/dev-v2.0-first-half.json`."""
    content = json.loads((data / "squad2" / "dev-v2.0-first-half.json").read_text("utf-8"))
    paragraphs: list[str] = []
    articles: list[str] = []
    questions: list[SquadQuestion] = []
    for article in content["data"]:
        for paragraph in article["paragraphs"]:
            for asked in paragraph["qas"]:
                answers = asked["answers"] or asked.get("plausible_answers", [])
                start = answers[0]["answer_start"] if answers else 0
                questions.append(
                    SquadQuestion(
                        article=article["title"],
                        paragraph=len(paragraphs),
                        question=asked["question"].strip(),
                        impossible=asked["is_impossible"],
                        answer=(start, start + len(answers[0]["text"])) if answers else None,
                    )
                )
            paragraphs.append(paragraph["context"])
            articles.append(article["title"])
    return Squad(tuple(paragraphs), tuple(articles), tuple(questions))


def read_wice_dev(data: Path) -> list[WiceClaim]:
    """Read WiCE's dev claims (supported, partially_supported, not_supported)."""
    return [_wice(row) for row in _lines(data / "wice" / "entailment_retrieval_claim_dev.jsonl")]


def read_wice_train(data: Path) -> list[WiceClaim]:
    """Read WiCE's training claims whose unsupported tokens are marked (all are partial)."""
    return [_wice(row) for row in _lines(data / "wice" / "non_supported_tokens_train.jsonl")]


def _wice(row: dict[str, Any]) -> WiceClaim:
    return WiceClaim(
        id=row["meta"]["id"],
        claim=row["claim"],
        label=row["label"],
        evidence=tuple(row["evidence"]),
        supporting=tuple(tuple(indices) for indices in row["supporting_sentences"]),
        title=row["meta"]["claim_title"],
        words=tuple(row.get("claim_tokens", ())),
        unsupported=tuple(row.get("non_supported_spans", ())),
    )


def read_clapnq(data: Path) -> list[ClapnqQuestion]:
    """Read both halves of ClapNQ's dev set that are at hand."""
    rows = [
        *_lines(data / "clapnq" / "dev_answerable_first_half.jsonl"),
        *_lines(data / "clapnq" / "dev_unanswerable_first_half.jsonl"),
    ]
    return [
        ClapnqQuestion(
            id=str(row["id"]),
            question=row["input"],
            sentences=tuple(row["passages"][0]["sentences"]),
            gold=tuple(row["output"][0]["selected_sentences"]),
            answers=tuple(output["answer"] for output in row["output"] if output["answer"]),
        )
        for row in rows
    ]


def squad_part(article: str) -> Part:
    """Which part an article of SQuAD2 belongs to."""
    return _SQUAD_PARTS[article]


def clapnq_part(question: ClapnqQuestion) -> Part:
    """By its id: three in eight for training, one to calibrate, four to report."""
    return _part_of_eight(int(question.id[-3:]) % 8)


def _part_of_eight(rest: int) -> Part:
    if rest % 2:
        return "report"
    return "calibrate" if rest == 6 else "train"


def read_bank_questions(path: Path) -> list[BankQuestion]:
    """Read one of the project's question files, without follow-ups and partly answerable ones."""
    return [
        BankQuestion(row["id"], row["kind"], row["question"], tuple(row.get("answers", ())))
        for row in _lines(path)
        if row["kind"] in ("answerable", "near", "far")
    ]


def bank_question_part(question: BankQuestion) -> Part:
    """By the file; of the development questions every third calibrates and the others train."""
    file, _, number = question.id.split("-")
    if file == "dev":
        return "calibrate" if int(number) % 3 == 0 else "train"
    return _FILE_PARTS[file]


def read_bank_asked() -> dict[int, tuple[str, ...]]:
    """Answer number -> other ways to ask for it, from the file that ships with the bank."""
    text = (files("corpus") / "question_bank_also_asked.txt").read_text("utf-8")
    return parse_also_asked(text, answers=len(load_question_bank()))


def read_bank_unanswered(path: Path) -> dict[int, tuple[str, ...]]:
    """Answer number -> questions that it answers, or (in the unanswerable files) comes nearest."""
    return parse_also_asked(path.read_text("utf-8"), answers=len(load_question_bank()))


def wice_part(claim: WiceClaim) -> Part:
    """The half of WiCE's dev claims that calibrates and the half that is reported, by article."""
    return "calibrate" if zlib.crc32(claim.title.encode()) % 2 == 0 else "report"


def read_bank_claims() -> list[BankClaim]:
    """The hand-made claims over the bank's answers, right and wrong, in two halves by answer."""
    path = Path(__file__).with_name("bank_claims.jsonl")
    return [BankClaim(**row) for row in _lines(path)]


def read_open_texts(data: Path) -> dict[str, list[str]]:
    """Running prose for made-up pairs: name of the text -> its sentences, in order.

    The training articles of SQuAD2, the evidence of WiCE's training claims, and two corpora of
    chunking_evaluation.
    """
    squad = read_squad(data)
    texts: dict[str, list[str]] = {}
    for number, (paragraph, article) in enumerate(
        zip(squad.paragraphs, squad.articles, strict=True)
    ):
        if squad_part(article) == "train":
            texts[f"squad2/{number}"] = split_sentences(paragraph)
    for claim in read_wice_train(data):
        name = "wice/" + claim.id.rsplit("-", 1)[0]
        if name not in texts:
            texts[name] = [s for s in claim.evidence if not s.startswith(("(meta data)", "#"))]
    corpora = data / "chunking_evaluation" / "corpora"
    for name in ("pubmed", "state_of_the_union"):
        text = (corpora / f"{name}.md").read_text("utf-8")
        for number, block in enumerate(re.split(r"\n\s*\n", text)):
            sentences = split_sentences(block)
            if len(sentences) > 1:
                texts[f"{name}/{number}"] = sentences
    return {name: sentences for name, sentences in texts.items() if len(sentences) > 1}
