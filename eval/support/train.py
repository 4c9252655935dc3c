"""Trains a pair model: minutes on a data-centre GPU, hours on two cores."""

import logging
import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from eval.support.encoder import ANYWHERE, Encoded, Opinion, open_tokenizer, pad
from eval.support.pairs import IGNORED, Pair
from eval.support.recipe import Recipe

if TYPE_CHECKING:
    import torch

_LABELS_ALONE = Opinion(0.0, 0.0, ())
_logger = logging.getLogger(__name__)


def train(
    model: "torch.nn.Module",
    draws: Sequence[Sequence[Pair]],
    encoded: Mapping[Pair, Encoded],
    folder: Path,
    recipe: Recipe,
    progress: Callable[[int, int, float], None] | None = None,
    device: str = "cpu",
    threads: int = 1,
) -> "torch.nn.Module":
    """Train `model`, a pair encoder (see `build_encoder`), on `device`, and return it.

    Epochs take the `draws` of pairs in turn; `encoded` holds all of them, by the tokenizer in
    `folder`. `progress(step, steps, loss)` is called each 50 steps. Same model, pairs, recipe and
    device: same weights, up to the processor's rounding.
    """
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(recipe.seed)
    mask_token = open_tokenizer(folder).token_to_id("[MASK]")
    batches = list(_batches(draws, encoded, recipe))
    model.to(device)
    for parameter in model.body.embeddings.parameters():  # type: ignore[union-attr]
        parameter.requires_grad = False
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
    running, began = torch.zeros((), device=device), time.monotonic()
    average = torch.optim.swa_utils.AveragedModel(model)
    for step, batch in enumerate(batches):
        loss = _loss(model, batch, recipe, mask_token, device)
        loss.backward()
        torch.nn.utils.clip_grad_norm_([*body, *heads], 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        schedule.step()
        if step >= recipe.average_from * len(batches) and step % recipe.average_every == 0:
            average.update_parameters(model)
        running += loss.detach()
        if step % 50 == 49:
            _logger.info("step %d, %.0f s", step + 1, time.monotonic() - began)
            if progress:
                progress(step + 1, len(batches), running.item() / 50)
            running.zero_()
    model.load_state_dict(average.module.state_dict())
    return model.to("cpu").eval()


def autocast(device: str) -> AbstractContextManager[Any]:
    """bfloat16 where there is hardware for it: emulated, it costs ten times what float32 does."""
    import torch

    fast = device != "cpu" or torch.cpu._is_avx512_bf16_supported()
    return torch.autocast(device.split(":")[0], torch.bfloat16, enabled=fast)


def _batches(
    draws: Sequence[Sequence[Pair]], encoded: Mapping[Pair, Encoded], recipe: Recipe
) -> Iterator[list[Encoded]]:
    """Epoch by epoch: batches of pairs of like length, about `tokens_per_batch` each, mixed."""
    generator = random.Random(recipe.seed)
    for epoch in range(recipe.epochs):
        by_width: dict[int, list[Encoded]] = {}
        for pair in shown(draws[epoch % len(draws)], recipe, generator):
            by_width.setdefault(_width(encoded[pair]), []).append(encoded[pair])
        batches: list[list[Encoded]] = []
        for width, rows in sorted(by_width.items()):
            generator.shuffle(rows)
            size = max(1, recipe.tokens_per_batch // width)
            batches += [rows[at : at + size] for at in range(0, len(rows), size)]
        generator.shuffle(batches)
        yield from batches


def shown(pairs: Sequence[Pair], recipe: Recipe, generator: random.Random) -> list[Pair]:
    """The pairs of an epoch, each as often as the recipe says."""
    chosen: list[Pair] = []
    for pair in pairs:
        times = recipe.repeats.get(pair.kind, 1.0)
        chosen += [pair] * (int(times) + (generator.random() < times % 1))
    return chosen


def _width(row: Encoded) -> int:
    """Few different shapes: each costs a compilation, and memory for as long as it runs."""
    return -(-len(row.ids) // 32) * 32


def _loss(
    model: "torch.nn.Module", batch: list[Encoded], recipe: Recipe, mask_token: int, device: str
) -> "torch.Tensor":
    import torch
    from torch.nn import functional

    width = max(map(_width, batch))

    def padded(rows: Sequence[Sequence[int]], fill: int = 0) -> torch.Tensor:
        return torch.from_numpy(pad(rows, width, fill)).to(device)

    def column(values: Sequence[Any]) -> torch.Tensor:
        return torch.tensor(values, device=device)

    ids, types = padded([row.ids for row in batch]), padded([row.types for row in batch])
    mask = padded([[1] * len(row.ids) for row in batch])
    if recipe.masked:
        rest = torch.rand(ids.shape, device=device) < recipe.masked
        ids = ids.masked_fill(rest & (ids > mask_token) & (types > 0), mask_token)
    with autocast(device):
        outputs = model(ids, mask, types)
    support, answer, unsupported, start, end = (output.float() for output in outputs)
    loss = torch.zeros((), device=device)
    opinions = [row.opinion or _LABELS_ALONE for row in batch]
    # Without teachers, a target is the label alone.
    taught = column([recipe.taught if row.opinion else 0.0 for row in batch])
    for logits, targets, weight, said in (
        (support, column([row.support for row in batch]), 1.0, [o.support for o in opinions]),
        (answer, column([row.answer for row in batch]), 1.0, [o.answer for o in opinions]),
        (
            unsupported,
            padded([row.unsupported for row in batch], IGNORED),
            recipe.token_weight,
            [(*o.unsupported, *[0.0] * (width - len(o.unsupported))) for o in opinions],
        ),
    ):
        known = (targets != IGNORED).float()
        share = known.mean() if logits.dim() == 1 else 1.0
        part = taught if logits.dim() == 1 else taught[:, None]
        wanted = torch.lerp(targets.clamp(min=0).float(), column(said), part)
        each = functional.binary_cross_entropy_with_logits(logits, wanted, reduction="none")
        loss = loss + weight * share * (each * known).sum() / known.sum().clamp(min=1)
    for logits, targets in (
        (start, column([row.start for row in batch])),
        (end, column([row.end for row in batch])),
    ):
        marked, somewhere = (targets >= 0).float(), (targets == ANYWHERE).float()
        each = functional.cross_entropy(logits, targets.clamp(min=0), reduction="none")
        # An answer that nobody marked still teaches that there is one.
        held = torch.logsumexp(logits[:, 1:], dim=1) - torch.logsumexp(logits, dim=1)
        total = (each * marked).sum() - (held * somewhere).sum()
        loss = loss + recipe.span_weight * total / len(batch)
    return loss
