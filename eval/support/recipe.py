"""How the pair model is trained."""

from collections.abc import Mapping
from dataclasses import dataclass, field

# Made-up pairs are drawn anew with each of these seeds; epochs take the draws in turn.
DRAWS = (1, 2, 3, 4, 5, 6)
# How often a pair of a kind is shown in an epoch (once where it is not named; a fraction is a
# chance). What was written or judged singly counts most, what is made by rule fills in.
REPEATS: Mapping[str, float] = {
    "unanswered-found": 0.3,
    "far-found": 0.5,
    "bank": 1.5,
    "bank-near": 1.5,
    "bank-written-other": 0.3,
    "asked": 0.5,
    "squad": 0.6,
    "squad-mixed": 0.4,
    "squad-nearest": 0.3,
    "squad-other": 0.2,
    "squad-changed": 0.5,
    "squad-claim": 0.3,
    "squad-wrong-answer": 0.4,
    "clapnq": 1.5,
    "clapnq-claim": 1.5,
    "cloze": 0.2,
    "cloze-changed": 0.2,
    "cloze-removed": 0.2,
    "chunk": 0.5,
    "chunk-changed": 0.5,
    "drafted": 2,
    "wice-cut": 0.7,
    "removed": 0.4,
    "absent": 0.2,
    "shortened": 0.35,
    "reworded": 0.5,
    "word": 0.5,
    "detail": 0.4,
    "joined": 0.7,
    "negation": 0.5,
    "opposite": 0.8,
    "name": 0.6,
    "number": 0.6,
    "exchange": 1.5,
    "foreign": 0.4,
}


@dataclass(frozen=True, slots=True)
class Recipe:
    """How to train.

    `masked` is the share of the text's tokens that are hidden; the weights of the steps
    after `average_from` (a share of all) are averaged, each `average_every`th (Izmailov et al.,
    2018). The word embeddings stay as published. `taught` is how much of a target is what teachers
    say; the rest is what the pair says itself.
    """

    seed: int = 7
    epochs: int = 10
    tokens_per_batch: int = 8192
    rate: float = 2e-4
    head_rate: float = 1e-3
    warm_up: float = 0.06
    token_weight: float = 0.7
    span_weight: float = 0.5
    masked: float = 0.08
    average_from: float = 0.6
    average_every: int = 5
    taught: float = 0.0
    repeats: Mapping[str, float] = field(default_factory=lambda: REPEATS)


TEACHERS = (
    Recipe(),
    Recipe(rate=1e-4),
    Recipe(
        rate=1e-4,
        epochs=6,
        tokens_per_batch=4096,
        repeats={**REPEATS, "unanswered-found": 0.12, "far-found": 0.3, "asked": 0.8},
    ),
)
STUDENT = Recipe(rate=1.5e-4, epochs=6, tokens_per_batch=4096, taught=0.6)

# A model that has been trained goes on from itself. What is written about the bank it learns from
# the labels (`LEARNED_ANEW`); everything else it rehearses, held to its own former opinion, so that
# it forgets little (after Li and Hoiem, "Learning without forgetting", 2016).
LEARNED_ANEW = frozenset(
    {
        "bank",
        "bank-near",
        "bank-other",
        "bank-written",
        "bank-written-other",
        "unanswered-found",
        "far-found",
    }
)
REFINED = Recipe(
    rate=6e-5,
    epochs=2,
    tokens_per_batch=4096,
    taught=0.7,
    repeats={
        **{kind: times / 3 for kind, times in REPEATS.items()},
        "bank-written": 1,
        "bank-written-other": 0.2,
        "unanswered-found": 0.3,
        "far-found": 0.3,
        "bank": 1.5,
        "bank-near": 0.6,
        "bank-other": 0.2,
        "wice": 0.3,
        "asked": 0.3,
    },
)
