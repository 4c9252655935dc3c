"""How much of the gold spans the passages found cover, and how much else they carry.

The definitions of Chroma's chunking_evaluation (Smith and Troynikov, 2024), whose "tokens" are
characters: recall is the covered part of the gold, precision the gold part of what was found, IoU
the covered part over what was found and what was missed. Passages of other documents count as
found and not as gold; what two passages share counts twice as found. Precision omega says what
precision a way of cutting allows at best; there, as in the original, shared text counts once.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

Span = tuple[str, int, int]
PRECISION_OMEGA = "precision omega"


@dataclass(frozen=True, slots=True)
class SpanScores:
    """Each in [0, 1]."""

    recall: float
    precision: float
    iou: float


def span_scores(found: Sequence[Span], gold: Sequence[Span]) -> SpanScores:
    """Score the spans found (document id, start, end) against the gold ones."""
    wanted = _characters(gold)
    covered = len(wanted & _characters(found))
    length_found = _length(found)
    length_gold = _length(gold)
    union = length_found + len(wanted) - covered
    return SpanScores(
        recall=covered / length_gold if length_gold else 0.0,
        precision=covered / length_found if length_found else 0.0,
        iou=covered / union if union else 0.0,
    )


def precision_omega(passages: Iterable[Span], gold: Sequence[Span]) -> float:
    """The precision of a search that finds every passage with gold in it and no other, in [0, 1].

    The gold that the passages hold over the union of these passages and the gold that none holds.
    A passage that only touches the gold's edge is among them: the original's intervals are closed.
    """
    chosen = [one for one in passages if any(_touch(one, other) for other in gold)]
    wanted, found = _characters(gold), _characters(chosen)
    return len(wanted & found) / len(wanted | found) if wanted else 0.0


def _touch(a: Span, b: Span) -> bool:
    return a[0] == b[0] and max(a[1], b[1]) <= min(a[2], b[2])


def _characters(spans: Iterable[Span]) -> set[tuple[str, int]]:
    return {(document, place) for document, start, end in spans for place in range(start, end)}


def _length(spans: Iterable[Span]) -> int:
    return sum(end - start for _, start, end in spans)
