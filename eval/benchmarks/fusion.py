"""Which way of joining the two retrievers finds the right passage, on sets unlike each other.

`python -m eval.benchmarks.fusion --data FOLDER` prints a table. Of each set the half with even
places is for tuning and the half with odd places for reporting; of the bank's own questions
`dev` and `test` are. Every way ranks the same 100 candidates of one search.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import click
import numpy as np

from assistant.settings import Settings
from assistant.weights import resolve_embedder
from eval.datasets.bank_questions import read_bank_questions
from eval.datasets.chunking_evaluation import read_chunking_evaluation
from eval.datasets.squad2 import read_squad2
from eval.datasets.types import EvalQuestion, QuestionSet
from eval.metrics.spans import span_scores
from index.fusion import convex_combination, reciprocal_rank_fusion
from index.passages import PassageIndex
from index.store import Store
from index.text_embedders import TextEmbedder, open_text_embedder
from index.types import Hit

_CANDIDATES = 100
_SHOWN = 5

Scoring = Callable[[Sequence[Hit]], np.ndarray]


def _ranks(hits: Sequence[Hit], retriever: str) -> np.ndarray:
    return np.array([hit.ranks.get(retriever, 0) for hit in hits])


def _raw(hits: Sequence[Hit], retriever: str) -> np.ndarray:
    return np.array([hit.scores.get(retriever, 0.0) for hit in hits])


def _of_one(hits: Sequence[Hit], retriever: str) -> np.ndarray:
    ranks = _ranks(hits, retriever)
    return np.where(ranks > 0, 1.0 / np.maximum(ranks, 1), 0.0)


WAYS: dict[str, Scoring] = {
    "dense alone": lambda hits: _of_one(hits, "dense"),
    "BM25 alone": lambda hits: _of_one(hits, "bm25"),
    "reciprocal rank fusion": lambda hits: reciprocal_rank_fusion(
        [_ranks(hits, "dense"), _ranks(hits, "bm25")]
    ),
    "score/best, half each": lambda hits: convex_combination(
        _raw(hits, "dense"), _raw(hits, "bm25")
    ),
    "cosine + coverage (ours)": lambda hits: np.array([hit.score for hit in hits]),
}


@click.command()
@click.option(
    "--data",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Folder with squad2 and chunking_evaluation; without it, only the bank is measured.",
)
@click.option("--report", is_flag=True, help="Use the halves for reporting, not for tuning.")
def main(data: Path | None, report: bool) -> None:
    """Print recall by way of fusion and set."""
    settings = Settings.load()
    embedder = open_text_embedder(
        resolve_embedder(settings.embedder, settings.weights_directory), settings.device
    )
    for questions in _sets(data, report):
        click.echo(f"\n{questions.name}: {len(questions.questions)} questions")
        for way, figures in _measure(questions, embedder).items():
            click.echo(f"  {way:26}" + "".join(f"  {name} {x:.3f}" for name, x in figures.items()))


def _sets(data: Path | None, report: bool) -> Iterator[QuestionSet]:
    bank = read_bank_questions("test" if report else "dev")
    yield _only(bank, [q for q in bank.questions if q.kind == "answerable"])
    if data is not None:
        for questions in (read_squad2(data, "all"), read_chunking_evaluation(data)):
            asked = [question for question in questions.questions if question.spans]
            yield _only(questions, asked[int(report) :: 2])


def _only(questions: QuestionSet, asked: Sequence[EvalQuestion]) -> QuestionSet:
    return QuestionSet(questions.name, questions.part, tuple(asked), questions.documents)


def _measure(questions: QuestionSet, embedder: TextEmbedder) -> dict[str, dict[str, float]]:
    found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
    with (
        tempfile.TemporaryDirectory() as folder,
        Store(Path(folder) / "store.sqlite") as store,
        PassageIndex.open(store, embedder) as index,
    ):
        index.add(questions.documents or ())
        for question in questions.questions:
            hits = index.search(question.text, k=_CANDIDATES)
            for way, scoring in WAYS.items():
                order = np.argsort(-scoring(hits), kind="stable")[:_SHOWN]
                found[way].append(_figures(question, [hits[place] for place in order]))
    return {
        way: {name: float(np.mean([row[name] for row in rows])) for name in rows[0]}
        for way, rows in found.items()
    }


def _figures(question: EvalQuestion, hits: Sequence[Hit]) -> dict[str, float]:
    if question.relevant:
        right = [question.relevant.get(hit.document.id, 0) > 0 for hit in hits]
        return {"recall@1": float(right[0]), "recall@5": float(any(right))}
    scores = span_scores(
        [(hit.document.id, hit.passage.start, hit.passage.end) for hit in hits],
        [(span.document_id, span.start, span.end) for span in question.spans],
    )
    return {"span recall@5": scores.recall}


if __name__ == "__main__":
    main()
