"""Fixed samples of questions: the same questions in every run, each kind in its proportion."""

import hashlib
from collections.abc import Iterable, Sequence

from eval.datasets.types import EvalQuestion


def sample(questions: Sequence[EvalQuestion], size: int | None) -> list[EvalQuestion]:
    """`size` questions in their order; all where None or fewer.

    The choice depends on the ids alone, so a larger sample holds the smaller one of the same kind.
    """
    if size is None or size >= len(questions):
        return list(questions)
    kinds: dict[str, list[EvalQuestion]] = {}
    for question in questions:
        kinds.setdefault(question.kind, []).append(question)
    shares = _allocated({kind: len(of_kind) for kind, of_kind in kinds.items()}, size)
    chosen = {
        question.id
        for kind, of_kind in kinds.items()
        for question in sorted(of_kind, key=lambda one: _lot(one.id))[: shares[kind]]
    }
    return [question for question in questions if question.id in chosen]


def with_answer(questions: Iterable[EvalQuestion]) -> list[EvalQuestion]:
    """Those that have an answer, or of which it is not known."""
    return [question for question in questions if question.answerable is not False]


def without_answer(questions: Iterable[EvalQuestion]) -> list[EvalQuestion]:
    """Those that are known to have none."""
    return [question for question in questions if question.answerable is False]


def _allocated(counts: dict[str, int], size: int) -> dict[str, int]:
    """Largest remainders."""
    total = sum(counts.values())
    exact = {kind: size * count / total for kind, count in counts.items()}
    shares = {kind: int(share) for kind, share in exact.items()}
    for kind in sorted(exact, key=lambda one: shares[one] - exact[one])[
        : size - sum(shares.values())
    ]:
        shares[kind] += 1
    return shares


def _lot(question_id: str) -> str:
    return hashlib.sha256(question_id.encode()).hexdigest()
