"""Asks for answers and measures each at once, while its evidence is at hand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from assistant.answering.evidence import evidence_sentences
from assistant.answering.grounding import Grounding, SupportScorer
from eval.datasets.types import EvalQuestion
from eval.metrics.answers import (
    embedding_similarity,
    key_facts_stated,
    rouge_l,
    token_f1,
    without_marks,
)
from eval.metrics.citations import CitedSentence, citation_scores
from eval.metrics.speed import peak_memory_bytes, tokens_per_second
from eval.record_log import Record
from eval.writers import Written, WrittenSentence
from index.types import Hit

# The kind of question of which only a part can be answered.
PARTIAL = "partial"
# What a reader waits for, by the stage that is timed.
SECONDS = {
    "first_token": "seconds to first token",
    "after_last_token": "seconds of checks after last token",
    "total": "seconds",
}
Embed = Callable[[Sequence[str]], Any]


@dataclass(frozen=True, slots=True)
class Referee:
    """What judges answers: a scorer of support, the probability from which on it says yes, the
    search for the best evidence, and embeddings."""

    scorer: SupportScorer
    threshold: float
    grounding: Grounding
    embed: Embed

    def entails(self, claim: str, evidence: str) -> bool:
        """Whether the evidence supports the claim."""
        return self.scorer.score([(claim, evidence)])[0] >= self.threshold


def answer_record(question: EvalQuestion, written: Written, referee: Referee) -> Record:
    """The answer with all its figures, and what a reader needs to judge it himself.

    Support is measured anew over the passages of the answer, whatever the assistant said of it.
    """
    evidence = evidence_sentences(written.hits)
    titles = {hit.document.id: hit.document for hit in written.hits}
    # A sentence is read after its title and the lead-in of its list, as the grounding reads it.
    contexts = {
        (one.document_id, one.start, one.end): " ".join(
            part for part in (one.title, one.lead, one.text) if part
        )
        for one in evidence
    }

    def cited_text(span: tuple[str, int, int]) -> str:
        document = titles.get(span[0])
        quote = document.text[span[1] : span[2]] if document else ""
        return contexts.get(span) or f"{document.title if document else ''} {quote}".strip()

    shown = [one for one in written.sentences if one.text]
    supports = [referee.grounding.support(one.text, evidence).probability for one in shown]
    supported = [probability >= referee.threshold for probability in supports]
    citations = citation_scores(
        [CitedSentence(one.text, tuple(map(cited_text, one.cited))) for one in shown],
        referee.entails,
    )
    text = " ".join(one.text for one in shown) if written.answer else written.text
    figures: dict[str, float] = {"answered": float(not written.abstained)}
    said = "" if written.abstained else text
    if question.answerable is not False:
        figures |= _content_figures(question, said, written, referee.embed)
        figures |= _gold_citations(question, written)
    if not written.abstained and shown:
        figures |= {
            "support rate": sum(supported) / len(supported),
            "citation recall": citations.recall,
            "citation precision": citations.precision,
            "words": float(len(text.split())),
        }
    if not written.abstained and written.answer is not None:
        figures["withheld sentences"] = float(written.answer.withheld)
        if question.kind == PARTIAL:
            figures["missing part named"] = float(bool(written.answer.missing))
    figures |= {
        metric: written.timings[stage]
        for stage, metric in SECONDS.items()
        if stage in written.timings and not written.abstained
    }
    return {
        "kind": question.kind,
        "answerable": question.answerable,
        "question": question.text,
        "history": [{"role": one.role, "text": one.text} for one in question.history],
        "text": written.text,
        "draft": written.draft,
        "abstained": written.abstained,
        "facts": [
            {"phrases": list(phrases), "stated": bool(key_facts_stated(said, [phrases]))}
            for phrases in question.key_facts
        ],
        "missing": written.answer.missing if written.answer else "",
        "nearest": list(written.answer.nearest_topics) if written.answer else [],
        "sentences": [
            _sentence(one, probability, referee.threshold, cited_text)
            for one, probability in zip(shown, supports, strict=True)
        ],
        "hits": [_hit(hit) for hit in written.hits],
        "timings": written.timings,
        "tokens": written.pieces,
        "peak_memory_bytes": peak_memory_bytes(),
        "tokens_per_second": tokens_per_second(
            written.pieces,
            written.timings.get("generate", 0.0),
            written.timings.get("first_token", 0.0),
        ),
        "figures": figures,
    }


def failed_figures(question: EvalQuestion) -> dict[str, float]:
    """What a question counts whose answer failed: nothing answered, nothing stated."""
    figures = {"answered": 0.0}
    if question.answerable is not False:
        if question.key_facts:
            figures |= {"key facts": 0.0, "key facts in draft": 0.0}
        if question.references:
            figures |= {"ROUGE-L": 0.0, "similarity": 0.0}
    return figures


def figures_by_metric(
    questions: Sequence[EvalQuestion], records: Mapping[str, Record]
) -> dict[str, dict[str, float]]:
    """The figures of a stage as metric -> question id -> value, failed questions included."""
    values: dict[str, dict[str, float]] = {}
    for question in questions:
        record = records.get(question.id)
        if record is None:
            continue
        figures = record["figures"] if "error" not in record else failed_figures(question)
        if question.answerable is False:
            # Only on questions with an answer do the other figures mean the same for all systems.
            figures = {"wrongly answered": figures["answered"] if "error" not in record else 1.0}
        for name, value in figures.items():
            values.setdefault(name, {})[question.id] = value
    return values


def _content_figures(
    question: EvalQuestion, said: str, written: Written, embed: Embed
) -> dict[str, float]:
    figures: dict[str, float] = {}
    if question.key_facts:
        figures["key facts"] = key_facts_stated(said, question.key_facts) if said else 0.0
        if not written.abstained:
            figures["key facts where answered"] = figures["key facts"]
        figures["key facts in draft"] = key_facts_stated(written.draft, question.key_facts)
    if question.references:
        figures["ROUGE-L"] = rouge_l(said, question.references)
        figures["similarity"] = embedding_similarity(said, question.references, embed)
        figures["word F1"] = token_f1(without_marks(said), question.references)
    return figures


def _gold_citations(question: EvalQuestion, written: Written) -> dict[str, float]:
    """How the cited words meet the gold spans, or the accepted documents where there are none."""
    cited = {span for sentence in written.sentences for span in sentence.cited}
    if written.abstained or not cited:
        return {}
    if question.spans:
        gold = [(span.document_id, span.start, span.end) for span in question.spans]
        return {
            "gold span recall": sum(any(_overlap(a, b) for b in cited) for a in gold) / len(gold),
            "gold span precision": sum(any(_overlap(a, b) for b in gold) for a in cited)
            / len(cited),
        }
    if question.relevant:
        accepted = {name for name, grade in question.relevant.items() if grade > 0}
        return {"citations of accepted documents": _share(one[0] in accepted for one in cited)}
    return {}


def _share(flags: Any) -> float:
    flags = list(flags)
    return sum(flags) / len(flags)


def _overlap(a: tuple[str, int, int], b: tuple[str, int, int]) -> bool:
    return a[0] == b[0] and a[1] < b[2] and b[1] < a[2]


def _sentence(
    one: WrittenSentence,
    probability: float,
    threshold: float,
    cited_text: Callable[[tuple[str, int, int]], str],
) -> dict[str, Any]:
    return {
        "text": one.text,
        "support": round(float(probability), 4),
        "supported": bool(probability >= threshold),
        "citations": [
            {"document_id": span[0], "start": span[1], "end": span[2], "read_as": cited_text(span)}
            for span in one.cited
        ],
    }


def _hit(hit: Hit) -> dict[str, Any]:
    return {
        "document_id": hit.document.id,
        "title": hit.document.title,
        "start": hit.passage.start,
        "end": hit.passage.end,
        "text": hit.passage.text,
        "score": float(hit.score),
        "ranks": dict(hit.ranks),
    }
