"""Trains the pair model on one CPU thread, about twenty minutes a round."""

import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.support.encoder import ANYWHERE, Encoded, build_encoder, encode, open_tokenizer, pad
from eval.support.pairs import IGNORED, Pair

if TYPE_CHECKING:
    import torch

_logger = logging.getLogger(__name__)


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
    tokens_per_batch: int = 2400
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
    ("bank-written", "bank-written-other", "unanswered-found", "foreign"), 0.0
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
    tokens_per_batch=2560,
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
    tokens_per_batch=2560,
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
    tokens_per_batch=2560,
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
FOURTH_ROUND = Recipe(
    seed=10,
    pairs_seed=4,
    tokens_per_batch=2560,
    masked=0.08,
    average_from=0.6,
    span_weight=0.5,
    learns_unmarked_spans=True,
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
FIFTH_ROUND = Recipe(
    seed=11,
    pairs_seed=5,
    tokens_per_batch=2560,
    masked=0.08,
    average_from=0.5,
    span_weight=0.5,
    learns_unmarked_spans=True,
    repeats={
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
SIXTH_ROUND = Recipe(
    seed=12,
    pairs_seed=5,
    tokens_per_batch=2560,
    rate=6e-5,
    head_rate=3e-4,
    masked=0.08,
    average_from=0.5,
    span_weight=0.5,
    learns_unmarked_spans=True,
    repeats={
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
SEVENTH_ROUND = Recipe(
    seed=13,
    pairs_seed=5,
    tokens_per_batch=2560,
    rate=5e-5,
    head_rate=2e-4,
    masked=0.08,
    average_from=0.4,
    span_weight=0.5,
    learns_unmarked_spans=True,
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
ROUNDS = (
    FIRST_ROUND,
    SECOND_ROUND,
    THIRD_ROUND,
    FOURTH_ROUND,
    FIFTH_ROUND,
    SIXTH_ROUND,
    SEVENTH_ROUND,
)


def train(
    pairs: Sequence[Pair],
    folder: Path,
    recipe: Recipe,
    progress: Callable[[int, int, float], None] | None = None,
    threads: int = 1,
    start: "torch.nn.Module | None" = None,
) -> "torch.nn.Module":
    """Train a pair encoder, from the MiniLM weights in `folder` or on from `start`.

    `progress(step, steps, loss)` is called each 50 steps. Same pairs and recipe, same thread
    count: same weights, up to the processor's rounding.
    """
    import torch

    from index.torchvision_without_cuda import declare_torchvision_operators

    declare_torchvision_operators()
    torch.set_num_threads(threads)
    torch.manual_seed(recipe.seed)
    generator = random.Random(recipe.seed)
    tokenizer = open_tokenizer(folder)
    batches = _batches(_repeat(pairs, recipe, generator), tokenizer, recipe, generator)
    model = start or build_encoder(folder)
    _freeze(model, recipe.frozen_layers)
    body = [p for n, p in model.named_parameters() if p.requires_grad and n.startswith("body")]
    heads = [p for n, p in model.named_parameters() if p.requires_grad and not n.startswith("body")]
    optimizer = torch.optim.AdamW(
        [{"params": body, "lr": recipe.rate}, {"params": heads, "lr": recipe.head_rate}],
        weight_decay=0.01,
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer,
        lambda step: min((step + 1) / (recipe.warm_up * len(batches)), 1.02 - step / len(batches)),
    )
    model.train()
    running, began = 0.0, time.monotonic()
    average = _average_of(model, recipe)
    for step, batch in enumerate(batches):
        loss = _loss(model, batch, recipe, tokenizer.token_to_id("[MASK]"))
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*body, *heads], 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        schedule.step()
        if average is not None and step >= recipe.average_from * len(batches):
            average.update_parameters(model)
        running += loss.item()
        if step % 50 == 49:
            _logger.info("step %d, %.0f s", step + 1, time.monotonic() - began)
            if progress:
                progress(step + 1, len(batches), running / 50)
            running = 0.0
    if average is not None:
        model.load_state_dict(average.module.state_dict())
    model.eval()
    return model


def _average_of(model: "torch.nn.Module", recipe: Recipe) -> Any:
    from torch.optim.swa_utils import AveragedModel

    return AveragedModel(model) if recipe.average_from < 1 else None


def _repeat(pairs: Sequence[Pair], recipe: Recipe, generator: random.Random) -> list[Pair]:
    shown: list[Pair] = []
    for pair in pairs:
        times = recipe.repeats.get(pair.kind, 1.0)
        shown += [pair] * (int(times) + (generator.random() < times % 1))
    return shown


def _batches(
    pairs: list[Pair], tokenizer: Any, recipe: Recipe, generator: random.Random
) -> list[list[Encoded]]:
    """Batches of pairs of like length, about `tokens_per_batch` each with padding, mixed."""
    by_width: dict[int, list[Encoded]] = {}
    for pair in pairs:
        row = encode(tokenizer, pair)
        by_width.setdefault(_width(row), []).append(row)
    batches: list[list[Encoded]] = []
    for width, rows in sorted(by_width.items()):
        generator.shuffle(rows)
        size = max(1, recipe.tokens_per_batch // width)
        batches += [rows[at : at + size] for at in range(0, len(rows), size)]
    generator.shuffle(batches)
    return batches


def _width(row: Encoded) -> int:
    """Few different shapes: each costs oneDNN a compilation, and memory for as long as it runs."""
    return -(-len(row.ids) // 32) * 32


def _freeze(model: Any, layers: int) -> None:
    for parameter in model.body.embeddings.parameters():
        parameter.requires_grad = False
    for layer in model.body.encoder.layer[:layers]:
        for parameter in layer.parameters():
            parameter.requires_grad = False


def _loss(
    model: "torch.nn.Module", batch: list[Encoded], recipe: Recipe, mask_token: int
) -> "torch.Tensor":
    import torch
    from torch.nn import functional

    width = max(map(_width, batch))
    ids = torch.from_numpy(pad([row.ids for row in batch], width))
    types = torch.from_numpy(pad([row.types for row in batch], width))
    mask = torch.from_numpy(pad([[1] * len(row.ids) for row in batch], width))
    if recipe.masked:
        hidden = (torch.rand(ids.shape) < recipe.masked) & (ids > mask_token) & (types > 0)
        ids = ids.masked_fill(hidden, mask_token)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        outputs = model(ids, mask, types)
    support, answer, unsupported, start, end = (output.float() for output in outputs)
    loss = ids.new_zeros((), dtype=torch.float32)
    for logits, targets, weight in (
        (support, torch.tensor([row.support for row in batch]), 1.0),
        (answer, torch.tensor([row.answer for row in batch]), 1.0),
        (
            unsupported,
            torch.from_numpy(pad([row.unsupported for row in batch], width, IGNORED)),
            recipe.token_weight,
        ),
    ):
        known = targets != IGNORED
        if known.any():
            share = known.float().sum() / known.numel() if logits.dim() == 1 else 1.0
            loss = loss + weight * share * functional.binary_cross_entropy_with_logits(
                logits[known], targets[known].float()
            )
    for logits, targets in (
        (start, torch.tensor([row.start for row in batch])),
        (end, torch.tensor([row.end for row in batch])),
    ):
        known = targets >= 0
        if known.any():
            share = known.float().mean()
            loss = loss + recipe.span_weight * share * functional.cross_entropy(
                logits[known], targets[known]
            )
        anywhere = targets == ANYWHERE
        if recipe.learns_unmarked_spans and anywhere.any():
            some = logits[anywhere]
            held = torch.logsumexp(some[:, 1:], dim=1) - torch.logsumexp(some, dim=1)
            loss = loss - recipe.span_weight * anywhere.float().mean() * held.mean()
    return loss
