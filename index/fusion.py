"""From what each retriever found to one order. Pure functions over arrays aligned by passage."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Scores = NDArray[np.float64]

# BM25's saturation parameter in SQLite's FTS5, which fixes it
# (https://www.sqlite.org/fts5.html#the_bm25_function).
_K1 = 1.2
# How much full lexical coverage weighs against a cosine of 1. Flat from 0.5 to 1.2 on the
# tuning halves; `python -m eval.benchmarks.fusion` prints the table.
COVERAGE_WEIGHT = 0.8


def dense_scores(cosines: Scores, passages: NDArray[np.int64], kinds: NDArray) -> Scores:
    """One cosine for each passage, from those of its views, in [-1, 1].

    Of each kind of view (the whole, a sentence, a known question) the best counts, and the score
    is the mean over the kinds that the passage has: the best sentence finds the detail, the whole
    keeps to the subject. The mean beats each kind alone and the maximum of all.

    `cosines`, `passages` and `kinds` have shape (n,), one entry for each view, with `passages`
    ascending. The result has one entry for each passage, in the same order.
    """
    totals: dict[int, list[float]] = {}
    for kind in np.unique(kinds):
        mine = kinds == kind
        numbers, starts = np.unique(passages[mine], return_index=True)
        best = np.maximum.reduceat(np.asarray(cosines, np.float64)[mine], starts)
        for number, score in zip(numbers.tolist(), best.tolist(), strict=True):
            totals.setdefault(number, []).append(score)
    return np.array([sum(totals[n]) / len(totals[n]) for n in np.unique(passages).tolist()])


def inverse_document_frequency(containing: Scores, total: int) -> Scores:
    """FTS5's weight of words that `containing` of `total` passages hold; at least 1e-6."""
    containing = np.asarray(containing, np.float64)
    return np.maximum(np.log((total - containing + 0.5) / (containing + 0.5)), 1e-6)


def coverage(bm25: Scores, frequencies: Scores) -> Scores:
    """BM25 scores as a share, in [0, 1], of what the query's words could earn at most.

    `bm25` has shape (n,); `frequencies` holds the inverse document frequency of each query word,
    including words that no passage has. A passage that is full of every word of the query comes
    near 1. Where a question shares few words with the corpus, coverage is low for all passages,
    and so says by itself that the lexical side knows little: normalising by the best score found
    would blow such matches up to 1. Normalising by the theoretical maximum instead of the found
    one follows Bruch, Gai and Ingber, "An Analysis of Fusion Functions for Hybrid Retrieval",
    TOIS 2023, who do so at the lower end.
    """
    best_possible = (_K1 + 1) * float(np.sum(frequencies))
    if best_possible <= 0:
        return np.zeros_like(np.asarray(bm25, np.float64))
    return np.clip(np.asarray(bm25, np.float64) / best_possible, 0.0, 1.0)


def fuse(dense: Scores, covered: Scores, weight: float = COVERAGE_WEIGHT) -> Scores:
    """The fused score of passages: their cosine plus `weight` times their lexical coverage.

    Both sides have a fixed scale, so a passage's score does not depend on which others were
    found with it. Shapes (n,); the result lies in [-1, 1 + weight].
    """
    return np.asarray(dense, np.float64) + weight * np.asarray(covered, np.float64)


def reciprocal_rank_fusion(ranks: Sequence[NDArray[np.int64]], k: int = 60) -> Scores:
    """Reciprocal rank fusion, the baseline: the sum over retrievers of 1 / (k + rank).

    Each array of shape (n,) holds ranks from 1, with 0 for a passage that the retriever did not
    find. Cormack, Clarke and Büttcher, SIGIR 2009. It throws away how sure each retriever is.
    """
    return np.sum(
        [np.where(rank > 0, 1.0 / (k + np.asarray(rank, np.float64)), 0.0) for rank in ranks],
        axis=0,
    )


def convex_combination(dense: Scores, bm25: Scores, weight: float = 0.5) -> Scores:
    """Scores divided by the best found and mixed, the stronger baseline (Bruch et al. 2023).

    `weight` is the share of the dense side. Negative cosines count as 0.
    """
    return weight * _over_best(dense) + (1 - weight) * _over_best(bm25)


def ranks_of(scores: Scores, found: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Places from 1, best first, of those `found`; 0 for the others. Ties keep their order."""
    places = np.zeros(len(scores), np.int64)
    order = np.argsort(-np.asarray(scores, np.float64), kind="stable")
    order = order[np.asarray(found, bool)[order]]
    places[order] = np.arange(1, len(order) + 1)
    return places


def _over_best(scores: Scores) -> Scores:
    positive = np.maximum(np.asarray(scores, np.float64), 0.0)
    best = positive.max(initial=0.0)
    return positive / best if best > 0 else positive
