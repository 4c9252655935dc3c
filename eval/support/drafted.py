"""Sentences that the language model really writes, for a reader to judge: `drafts`.

What is made up by rule (a swapped number, a cut sentence) is not what a small model gets wrong.
Questions that the scorers may learn from are asked of the real chain, and each sentence of each
draft is written down with the evidence that the grounding would hold it against. A reader then says
of each line whether the evidence supports all of the claim; `draft_claims.jsonl` is the result.
"""

import json
import random
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from corpus.types import Document
from eval.support.pairs import Pair
from eval.support.sources import Part

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel

    from eval.corpora import Bench

DRAFT_CLAIMS = "draft_claims.jsonl"
# A draft as users get it, and a bolder one, which errs more often.
_TEMPERATURES = (0.0, 0.9)
_SEED = 3
_ANSWER_TOKENS = 160
_PUNCTUATION = ".,;:!?()[]\"'"


@dataclass(frozen=True, slots=True)
class DraftClaim:
    """A sentence of a draft held against evidence, and what a reader says of it.

    `verdict` is "yes" where the evidence supports all of the claim, "partly" or "no" elsewhere.
    `unsupported` are the words of the claim without support, as they stand in it. `group` is what
    the parts are cut by: the title of the document that holds the evidence. `question` is what the
    draft answers, where the question is our own.
    """

    id: str
    data: str
    group: str
    claim: str
    evidence: str
    verdict: Literal["yes", "partly", "no"]
    unsupported: tuple[str, ...] = ()
    question: str = ""

    @property
    def supported(self) -> bool:
        """Whether the evidence supports all of it."""
        return self.verdict == "yes"


def read_draft_claims(data: Path | None = None) -> list[DraftClaim]:
    """The judged sentences that ship with the project.

    Of outside data sets the file holds places, [document, start, end], not text: they are read out
    of the folder `data`, and without one only the sentences about the bank are given.
    """
    text = (files("eval") / "support" / DRAFT_CLAIMS).read_text("utf-8")
    rows = [json.loads(line) for line in text.splitlines()]
    documents = _outside_documents(data) if data is not None else {}
    claims = []
    for row in rows:
        places = row.pop("places", None)
        if places is not None:
            if data is None:
                continue
            parts = [
                part
                for name, start, end in places
                for part in (documents[name].title, documents[name].text[start:end])
            ]
            row["evidence"] = " ".join(dict.fromkeys(parts))
        claims.append(DraftClaim(**row | {"unsupported": tuple(row["unsupported"])}))
    return claims


def _outside_documents(data: Path) -> dict[str, Document]:
    from eval.datasets.clapnq import read_clapnq
    from eval.datasets.squad2 import read_squad2

    found = [
        *(read_squad2(data, "all").documents or ()),
        *(read_clapnq(data, "all").documents or ()),
    ]
    return {document.id: document for document in found}


def draft_part(claim: DraftClaim) -> Part:
    """By the document of the evidence: a half trains, a quarter calibrates, a quarter reports."""
    rest = zlib.crc32(claim.group.encode()) % 4
    return "train" if rest < 2 else "calibrate" if rest == 2 else "report"


def draft_pairs(claims: Sequence[DraftClaim]) -> Iterator[Pair]:
    """The judged sentences of the training part, with the words marked that lack support."""
    for one in claims:
        if draft_part(one) == "train":
            words = tuple(one.claim.split())
            marks = _marks(words, one) if one.unsupported or one.supported else ()
            yield Pair("support", words, one.evidence, int(one.supported), "drafted", marks)


def _marks(words: Sequence[str], claim: DraftClaim) -> tuple[int, ...]:
    """1 for each word that stands in one of the unsupported runs of words."""
    marks = [0] * len(words)
    plain = [_plain(word) for word in words]
    for run in claim.unsupported:
        wanted = [_plain(word) for word in run.split()]
        for start in range(len(words) - len(wanted) + 1):
            if plain[start : start + len(wanted)] == wanted:
                marks[start : start + len(wanted)] = [1] * len(wanted)
    return tuple(marks)


def _plain(word: str) -> str:
    return word.strip(_PUNCTUATION).lower()


def write_drafts(
    bench: "Bench", model: "BaseChatModel", data: str, questions: Sequence[str], out: Path
) -> None:
    """Ask every question and append a line for each sentence and each of its two candidates."""
    from assistant.answering.chain import AnsweringSettings
    from assistant.answering.draft import SentenceCutter
    from assistant.answering.evidence import evidence_sentences
    from assistant.answering.grounding import Grounding, as_read
    from assistant.answering.pair_model import PairModel
    from assistant.answering.prompts import answer_prompt
    from assistant.answering.retriever import find_passages
    from assistant.answering.selection import SentenceSelection
    from assistant.answering.sentence_embeddings import SentenceEmbeddings
    from assistant.answering.support import ModelSupportScorer

    embed = SentenceEmbeddings(bench.passages.embedder.embed_passages)
    grounding = Grounding(ModelSupportScorer(PairModel(threads=1)), embed)
    selection = SentenceSelection(embed)
    settings = AnsweringSettings()
    generator = random.Random(_SEED)
    with out.open("a", encoding="utf-8") as file:
        for number, question in enumerate(questions):
            found = find_passages(bench.passages, question, settings.passages)
            evidence = evidence_sentences(found.hits)
            scores = next(iter(found.by_part.values()))
            needed = selection.choose(question, evidence, scores, words=settings.answer_words)
            notes = [f"{one.lead} {one.text}" if one.lead else one.text for one in needed]
            temperature = _TEMPERATURES[number % len(_TEMPERATURES)]
            reply = model.invoke(
                list(answer_prompt(question, notes)),
                temperature=temperature,
                max_tokens=_ANSWER_TOKENS,
                seed=generator.randrange(1000),
            )
            cutter = SentenceCutter()
            sentences = [*cutter.feed(reply.text), *cutter.end(cut_off=True)]
            for place, sentence in enumerate(sentences):
                claim = sentence.text
                candidates = grounding.candidates(claim, evidence)
                best = max(candidates, key=lambda one: grounding.score(claim, [one]).probability)
                together = sorted(candidates, key=evidence.index)
                for kind, chosen in (("one", [best]), ("two", together)):
                    row = {
                        "id": f"{data}-{number:03}-{place}-{kind}",
                        "data": data,
                        "group": best.title,
                        "question": question,
                        "claim": claim,
                        "evidence": as_read(chosen),
                        "score": round(grounding.score(claim, chosen).probability, 3),
                        "temperature": temperature,
                    }
                    file.write(json.dumps(row, ensure_ascii=False) + "\n")
            file.flush()


def drafted_questions(data: Path) -> Iterator[tuple[str, Sequence[Document], list[str]]]:
    """Data set, documents, and a fixed sample of the questions that the scorers may learn from."""
    from corpus.also_asked import load_shipped_bank
    from eval.datasets.clapnq import read_clapnq
    from eval.datasets.squad2 import read_squad2
    from eval.support.sources import read_bank_unanswered

    generator = random.Random(_SEED)
    folder = Path(str(files("eval") / "questions"))
    answerable = read_bank_unanswered(folder / "answerable_training.txt")
    unanswerable = read_bank_unanswered(folder / "unanswerable_training.txt")
    asked = {number: generator.sample(list(texts), 6) for number, texts in answerable.items()}
    near = [one for texts in unanswerable.values() for one in generator.sample(list(texts), 1)]
    bank = load_shipped_bank()
    yield "bank", bank, [one for texts in asked.values() for one in texts[:3]] + near
    for name, questions in (
        ("squad2", read_squad2(data, "train")),
        ("clapnq", read_clapnq(data, "train")),
    ):
        texts = [one.text for one in questions.questions if one.answerable or name == "squad2"]
        yield name, questions.documents or (), generator.sample(texts, min(80, len(texts)))
    yield "bank-more", bank, [one for texts in asked.values() for one in texts[3:]]
