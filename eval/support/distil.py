"""A student learns from teachers: their mean opinion of each pair beside its label.

After Hinton, Vinyals, Dean, "Distilling the Knowledge in a Neural Network" (2015). One model then
says nearly what several would say together, and with less certainty where they disagree.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from eval.support.encoder import Encoded, Opinion, pad
from eval.support.pairs import Pair

if TYPE_CHECKING:
    import torch

_AT_ONCE = 256


def with_opinions(
    pairs: Mapping[Pair, Encoded], teachers: Sequence["torch.nn.Module"], device: str
) -> dict[Pair, Encoded]:
    """The pairs with the mean of the teachers' probabilities on each."""
    import torch

    from eval.support.train import autocast

    for teacher in teachers:
        teacher.to(device).eval()
    given: dict[Pair, Encoded] = {}
    rows = sorted(pairs.items(), key=lambda one: len(one[1].ids))
    for at in range(0, len(rows), _AT_ONCE):
        some = rows[at : at + _AT_ONCE]
        width = max(len(row.ids) for _, row in some)
        inputs = [
            torch.from_numpy(pad(each, width)).to(device)
            for each in (
                [row.ids for _, row in some],
                [[1] * len(row.ids) for _, row in some],
                [row.types for _, row in some],
            )
        ]
        with torch.no_grad(), autocast(device):
            outputs = [teacher(*inputs)[:3] for teacher in teachers]
        support, answer, unsupported = (
            torch.stack([logits.float().sigmoid() for logits in each]).mean(0).tolist()
            for each in zip(*outputs, strict=True)
        )
        for number, (pair, row) in enumerate(some):
            opinion = Opinion(
                support[number],
                answer[number],
                tuple(unsupported[number][: len(row.ids)]),
            )
            given[pair] = replace(row, opinion=opinion)
    for teacher in teachers:
        teacher.to("cpu")
    return given
