"""What the pair model was trained with, round by round."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train.

    `repeats` says how often pairs of a kind are shown (default once; a fraction is a chance);
    `pairs_seed` is what the made-up pairs are drawn with; `frozen_layers` of the six stay as
    published, as the word embeddings always do. `masked` is the share of the text's tokens that
    are hidden; the weights of the steps after `average_from` (a share of all) are averaged
    (Izmailov et al., 2018). `learns_unmarked_spans`: an answer that nobody marked teaches that
    there is one.
    """

    seed: int = 7
    pairs_seed: int = 1
    tokens_per_batch: int = 2560
    rate: float = 1e-4
    head_rate: float = 1e-3
    warm_up: float = 0.08
    token_weight: float = 0.7
    span_weight: float = 0.3
    frozen_layers: int = 0
    masked: float = 0.0
    average_from: float = 1.0
    learns_unmarked_spans: bool = False
    repeats: Mapping[str, float] = field(default_factory=dict)


_WRITTEN_LATER = dict.fromkeys(
    (
        "bank-written",
        "bank-written-other",
        "unanswered-found",
        "foreign",
        "far-found",
        "drafted",
    ),
    0.0,
)
_LATER_KINDS = _WRITTEN_LATER | dict.fromkeys(
    (
        "squad-nearest",
        "squad-mixed",
        "cloze",
        "cloze-changed",
        "cloze-removed",
    ),
    0.0,
)
FIRST_ROUND = Recipe(
    repeats={
        **_LATER_KINDS,
        "squad": 1.5,
        "squad-changed": 0.7,
        "squad-other": 0.3,
        "squad-claim": 0.5,
        "squad-wrong-answer": 0.4,
        "removed": 0.5,
        "written": 1.5,
        "chunk-changed": 0.5,
        "clapnq": 2,
        "clapnq-claim": 1.5,
        "bank": 2,
        "bank-other": 0.7,
        "asked": 0,
        "unanswered": 0,
        "wice": 0.8,
        "wice-cut": 0.7,
        "absent": 0.2,
        "shortened": 0.35,
        "word": 0.4,
        "detail": 0.4,
        "joined": 0.6,
        "negation": 0.6,
        "opposite": 0.8,
        "name": 0.8,
    },
)
SECOND_ROUND = Recipe(
    seed=8,
    repeats={
        **_LATER_KINDS,
        "squad": 1.5,
        "squad-changed": 0.5,
        "squad-other": 0.2,
        "squad-claim": 0.5,
        "squad-wrong-answer": 0.2,
        "removed": 0.3,
        "chunk-changed": 0.3,
        "clapnq": 1.5,
        "bank": 1,
        "bank-other": 0.5,
        "asked": 0.35,
        "unanswered": 0.8,
        "wice": 1,
        "absent": 0.1,
        "shortened": 0.3,
        "word": 0.3,
        "detail": 0.2,
        "joined": 0.4,
        "negation": 0.5,
        "opposite": 0.6,
        "name": 0.6,
    },
)


THIRD_ROUND = Recipe(
    seed=9,
    pairs_seed=3,
    rate=8e-5,
    repeats={
        **_LATER_KINDS,
        "squad-claim": 0.6,
        "squad-wrong-answer": 0.5,
        "squad-other": 0.2,
        "removed": 0.3,
        "chunk": 0.5,
        "chunk-changed": 0.5,
        "bank": 0.7,
        "bank-other": 0.5,
        "asked": 0.3,
        "unanswered": 0.7,
        "wice": 0.7,
        "wice-cut": 0.7,
        "absent": 0.15,
        "shortened": 0.7,
        "exchange": 2,
        "opposite": 1.2,
        "name": 0.7,
        "negation": 0.4,
        "detail": 0.3,
        "joined": 0.5,
    },
)
_MASKED = Recipe(masked=0.08, average_from=0.5, span_weight=0.5, learns_unmarked_spans=True)
FOURTH_ROUND = replace(
    _MASKED,
    seed=10,
    pairs_seed=4,
    average_from=0.6,
    repeats={
        **_WRITTEN_LATER,
        "squad": 1,
        "squad-mixed": 1,
        "squad-nearest": 0.4,
        "squad-other": 0.2,
        "squad-claim": 0.5,
        "squad-wrong-answer": 0.4,
        "cloze-changed": 0.6,
        "removed": 0.6,
        "chunk-changed": 0.7,
        "clapnq": 2.5,
        "bank": 0.7,
        "bank-other": 0.5,
        "asked": 0.3,
        "unanswered": 0.7,
        "wice": 0.8,
        "wice-cut": 0.7,
        "absent": 0.3,
        "shortened": 0.4,
        "word": 0.4,
        "exchange": 1.5,
        "negation": 0.4,
        "detail": 0.3,
        "joined": 0.4,
    },
)
FIFTH_ROUND = replace(
    _MASKED,
    seed=11,
    pairs_seed=5,
    repeats={
        "far-found": 0,
        "drafted": 0,
        "bank-written": 1.6,
        "bank-written-other": 0.2,
        "unanswered": 0,
        "unanswered-found": 0.5,
        "squad": 0.6,
        "squad-mixed": 0.4,
        "squad-nearest": 0.2,
        "squad-other": 0.1,
        "squad-changed": 0.5,
        "squad-claim": 0.3,
        "squad-wrong-answer": 0.4,
        "cloze": 0.3,
        "cloze-changed": 0.2,
        "cloze-removed": 0.3,
        "removed": 0.3,
        "chunk": 0.6,
        "chunk-changed": 0.5,
        "clapnq": 1.5,
        "clapnq-claim": 1,
        "bank-other": 0.3,
        "asked": 0.3,
        "wice": 0.6,
        "wice-cut": 0.6,
        "absent": 0.2,
        "shortened": 0.35,
        "word": 0.7,
        "exchange": 2,
        "opposite": 1.3,
        "negation": 0.3,
        "detail": 0.2,
        "joined": 0.7,
    },
)
SIXTH_ROUND = replace(
    _MASKED,
    seed=12,
    pairs_seed=5,
    rate=6e-5,
    head_rate=3e-4,
    repeats={
        "far-found": 0,
        "drafted": 0,
        "bank-written": 1.6,
        "bank-written-other": 0.3,
        "unanswered": 0,
        "unanswered-found": 0.6,
        "asked": 0.4,
        "bank-near": 1.5,
        "bank-other": 0.3,
        "squad": 0.3,
        "squad-mixed": 0.2,
        "squad-nearest": 0.1,
        "squad-other": 0.1,
        "squad-changed": 0.2,
        "squad-claim": 0.1,
        "squad-wrong-answer": 0.15,
        "cloze": 0.1,
        "cloze-changed": 0.1,
        "cloze-removed": 0.1,
        "removed": 0.15,
        "chunk": 0.2,
        "chunk-changed": 0.2,
        "clapnq": 0.7,
        "clapnq-claim": 0.4,
        "wice": 0.3,
        "wice-cut": 0.3,
        "absent": 0.1,
        "shortened": 0.15,
        "word": 0.3,
        "exchange": 0.6,
        "opposite": 0.5,
        "name": 0.3,
        "negation": 0.2,
        "detail": 0.2,
        "joined": 0.3,
        "foreign": 0.4,
        "reworded": 0.4,
        "number": 0.4,
    },
)
SEVENTH_ROUND = replace(
    _MASKED,
    seed=13,
    pairs_seed=5,
    rate=5e-5,
    head_rate=2e-4,
    average_from=0.4,
    repeats={
        **{kind: share / 4 for kind, share in SIXTH_ROUND.repeats.items()},
        "far-found": 2,
        "bank-written": 0.8,
        "asked": 0.4,
        "bank": 1,
        "unanswered-found": 0.2,
        "bank-near": 0.5,
        "squad": 0.2,
        "squad-mixed": 0.1,
    },
)
EIGHTH_ROUND = replace(
    _MASKED,
    seed=14,
    pairs_seed=6,
    rate=6e-5,
    head_rate=2e-4,
    average_from=0.4,
    repeats={
        **{kind: share / 3 for kind, share in SIXTH_ROUND.repeats.items()},
        "drafted": 4,
        "far-found": 1.5,
        "bank-written": 0.8,
        "asked": 0.4,
        "bank": 1,
        "unanswered-found": 0.4,
        "bank-near": 0.7,
        "squad": 0.3,
        "squad-mixed": 0.15,
        "wice": 0.5,
        "wice-cut": 0.5,
    },
)
ROUNDS = (
    FIRST_ROUND,
    SECOND_ROUND,
    THIRD_ROUND,
    FOURTH_ROUND,
    FIFTH_ROUND,
    SIXTH_ROUND,
    SEVENTH_ROUND,
    EIGHTH_ROUND,
)
