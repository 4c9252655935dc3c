"""Trains the pair model on one CPU thread, about twenty minutes a round."""

import logging
import random
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.support.encoder import ANYWHERE, Encoded, build_encoder, encode, open_tokenizer, pad
from eval.support.pairs import IGNORED, Pair
from eval.support.rounds import Recipe

if TYPE_CHECKING:
    import torch

_logger = logging.getLogger(__name__)


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
