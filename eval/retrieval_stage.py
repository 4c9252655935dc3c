"""Searches each question with every retriever alone, with their rank fusion, and with ours."""

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from assistant.answering.followups import standalone_question
from assistant.answering.types import Question
from eval.corpora import Bench
from eval.datasets.types import EvalQuestion
from eval.document_cuts import DocumentCuts
from eval.metrics.retrieval import documents_of, ranking_scores
from eval.metrics.spans import PRECISION_OMEGA, span_scores
from eval.plain_store import PlainStore
from eval.record_log import Record
from index.fusion import reciprocal_rank_fusion

if TYPE_CHECKING:
    from index.passages import Retriever

STAGE = "retrieval"
SYSTEMS = ("ours", "dense", "bm25", "rrf", "langchain")
LABELS = {
    "ours": "our search",
    "dense": "our index, embeddings only",
    "bm25": "our index, BM25 only",
    "rrf": "our index, reciprocal rank fusion",
    "langchain": "LangChain's in-memory vector store",
}
# Passages kept of a ranking: enough for ten documents, of which each may bring several.
KEPT = 30
# Passages of each retriever that rank fusion is given.
FUSED = 100
SPANS_AT = 5
_DENSE: tuple["Retriever", ...] = ("dense",)
_BM25: tuple["Retriever", ...] = ("bm25",)


def search_all(
    bench: Bench, plain: PlainStore, cuts: DocumentCuts, question: EvalQuestion
) -> Record:
    """The rankings of every system as [document id, start, end], best first."""
    query = standalone(question)
    started = time.perf_counter()
    ours = _spans(bench.passages.search(query, k=KEPT))
    seconds = time.perf_counter() - started
    dense = _spans(bench.passages.search(query, k=FUSED, retrievers=_DENSE))
    bm25 = _spans(bench.passages.search(query, k=FUSED, retrievers=_BM25))
    rankings = {
        "ours": ours,
        "dense": dense[:KEPT],
        "bm25": bm25[:KEPT],
        "rrf": fused_by_rank((dense, bm25))[:KEPT],
        "langchain": _spans([plain.hit(chunk) for chunk in plain.chunks(query, KEPT)]),
    }
    record: Record = {"rankings": rankings, "seconds": seconds}
    if question.spans and not question.relevant:
        record["omega"] = cuts.omega(question)
    return record


def fused_by_rank(rankings: Sequence[Sequence[list[Any]]]) -> list[list[Any]]:
    """Rankings of spans as one, by reciprocal rank fusion; of equal ones the first found leads."""
    places: dict[str, int] = {}
    spans: list[list[Any]] = []
    for span in (one for ranking in rankings for one in ranking):
        if places.setdefault(_name(span), len(spans)) == len(spans):
            spans.append(span)
    ranks = np.zeros((len(rankings), len(spans)), np.int64)
    for row, ranking in enumerate(rankings):
        for rank, span in enumerate(ranking, start=1):
            ranks[row, places[_name(span)]] = rank
    order = np.argsort(-reciprocal_rank_fusion(list(ranks)), kind="stable")
    return [spans[place] for place in order]


def search_ours(bench: Bench, question: EvalQuestion) -> Record:
    """As `search_all`, our search alone."""
    started = time.perf_counter()
    ours = _spans(bench.passages.search(standalone(question), k=KEPT))
    return {"rankings": {"ours": ours}, "seconds": time.perf_counter() - started}


def retrieval_scores(
    questions: Sequence[EvalQuestion], records: Mapping[str, Record]
) -> dict[str, dict[str, dict[str, float]]]:
    """Values by system, metric and question id; a failed question scores 0.

    Rankings of documents are scored where relevant documents are known, spans where gold spans
    are and no documents.
    """
    scores: dict[str, dict[str, dict[str, float]]] = {}
    judged = {question.id: dict(question.relevant) for question in questions if question.relevant}
    with_spans = [question for question in questions if question.spans and not question.relevant]
    for system in _searched(records):
        found = {question.id: _ranking(records.get(question.id), system) for question in questions}
        values: dict[str, dict[str, float]] = {}
        if judged:
            rankings = {one: documents_of(found[one]) for one in judged}
            values |= ranking_scores(rankings, judged)
        if with_spans:
            values |= _span_values(with_spans, found)
            values[PRECISION_OMEGA] = {
                one.id: records.get(one.id, {}).get("omega", {}).get(_cut_by(system), 0.0)
                for one in with_spans
            }
        scores[system] = values
    return scores


def standalone(question: EvalQuestion) -> str:
    """The question as the chain searches for it: a follow-up with what it refers to."""
    return standalone_question(Question(question.text, question.history))


def _searched(records: Mapping[str, Record]) -> list[str]:
    """The systems that were asked; ours where every question failed."""
    asked = {name for record in records.values() for name in record.get("rankings", ("ours",))}
    return [system for system in SYSTEMS if system in asked]


def _span_values(
    questions: Sequence[EvalQuestion], found: Mapping[str, Sequence]
) -> dict[str, dict[str, float]]:
    values: dict[str, dict[str, float]] = {
        f"token {name}@{SPANS_AT}": {} for name in ("recall", "precision", "IoU")
    }
    for question in questions:
        gold = [(span.document_id, span.start, span.end) for span in question.spans]
        top = [(str(one[0]), int(one[1]), int(one[2])) for one in found[question.id][:SPANS_AT]]
        scores = span_scores(top, gold)
        for name, value in zip(values, (scores.recall, scores.precision, scores.iou), strict=True):
            values[name][question.id] = value
    return values


def _cut_by(system: str) -> str:
    return "langchain" if system == "langchain" else "ours"


def _ranking(record: Record | None, system: str) -> Sequence[Any]:
    if record is None or "error" in record:
        return ()
    return record["rankings"][system]


def _spans(hits: Sequence[Any]) -> list[list[Any]]:
    return [[hit.document.id, hit.passage.start, hit.passage.end] for hit in hits]


def _name(span: Sequence[Any]) -> str:
    return f"{span[0]}\0{span[1]}\0{span[2]}"
