"""Leaving out passages that say what a better-placed one has said."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from index.passage_store import VectorTable
from index.views import VIEW_KINDS

# Read off the bank, pair by pair, with all-MiniLM-L6-v2. With these, 10 and 27 (distillation),
# 11 and 28, 17, 35 and 47, 9 and 26, 8 and 25, 14 and 31, 18 and 48 stand for one another; kept
# apart are 22 and 32 (tracking: in general, under occlusion), 7 and 20, 37 and 38, and 30 after
# 13, since 30 says more.
SAME_SUBJECT = 0.80
SAME_CONTENT = 0.70


def distinct_passages(
    ordered: Sequence[int], table: VectorTable, vectors: NDArray[np.float32]
) -> Iterator[int]:
    """The passages of `ordered` (best first) that no passage kept before them makes needless.

    A passage is needless when a kept one has the same subject (the cosine of the wholes reaches
    `SAME_SUBJECT`) and its sentences are, on average, found there again (the mean over its
    sentences of the best cosine with one of the other's reaches `SAME_CONTENT`). So a passage
    that adds something stays, although what it adds to may go when it comes second. `vectors`,
    float32 (n, d), are those of the rows of `table`.
    """
    kept: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
    for number in ordered:
        mine = table.passages == number
        whole = vectors[mine & (table.kinds == VIEW_KINDS.index("whole"))]
        sentences = vectors[mine & (table.kinds == VIEW_KINDS.index("sentence"))]
        if not len(sentences):
            sentences = whole
        if any(
            float((whole @ other_whole.T).max(initial=-1.0)) >= SAME_SUBJECT
            and float((sentences @ other_sentences.T).max(axis=1).mean()) >= SAME_CONTENT
            for other_whole, other_sentences in kept
        ):
            continue
        kept.append((whole, sentences))
        yield number
