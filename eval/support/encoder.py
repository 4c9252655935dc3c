"""The model that is trained: MiniLM reading two texts at once, with four small heads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    import torch

from eval.support.pairs import IGNORED, Pair

MAX_TOKENS = 256
ANYWHERE = -2
OUTPUTS = ("support", "answer", "unsupported", "start", "end")


@dataclass(frozen=True, slots=True)
class Opinion:
    """What teachers say of a pair, as probabilities; `unsupported` of each token."""

    support: float
    answer: float
    unsupported: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One pair as token ids with its targets; -1 stands for unknown.

    `start` and `end` are tokens, 0 for no answer, `ANYWHERE` when the text answers but nobody
    marked where. `opinion` is there where teachers were asked.
    """

    ids: tuple[int, ...]
    types: tuple[int, ...]
    support: int
    answer: int
    unsupported: tuple[int, ...]
    start: int
    end: int
    opinion: Opinion | None = None


def open_tokenizer(folder: Path) -> Any:
    """The tokenizer of a MiniLM folder, cutting only the second text, without padding."""
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS, strategy="only_second")
    return tokenizer


def encode(tokenizer: Any, pair: Pair) -> Encoded:
    """Token ids of a pair; the word marks and the span become token marks."""
    second = pair.second.split()
    encoding = tokenizer.encode(list(pair.first[:96]), second or ["."], is_pretokenized=True)
    marks = [
        pair.unsupported[word]
        if pair.unsupported and sequence == 0 and word is not None
        else IGNORED
        for sequence, word in zip(encoding.sequence_ids, encoding.word_ids, strict=True)
    ]
    start = end = IGNORED
    if pair.task == "answer" and pair.label == 0:
        start = end = 0
    elif pair.task == "answer" and pair.span is None:
        start = end = ANYWHERE
    elif pair.task == "answer" and pair.span is not None:
        first_word = len(pair.second[: pair.span[0]].split())
        if pair.span[0] and not pair.second[pair.span[0] - 1].isspace():
            first_word -= 1
        last_word = first_word + max(1, len(pair.second[slice(*pair.span)].split())) - 1
        inside = [
            position
            for position, (sequence, word) in enumerate(
                zip(encoding.sequence_ids, encoding.word_ids, strict=True)
            )
            if sequence == 1 and word is not None and first_word <= word <= last_word
        ]
        if inside:
            start, end = inside[0], inside[-1]
    return Encoded(
        ids=tuple(encoding.ids),
        types=tuple(encoding.type_ids),
        support=pair.label if pair.task == "support" else IGNORED,
        answer=pair.label if pair.task == "answer" else IGNORED,
        unsupported=tuple(marks),
        start=start,
        end=end,
    )


def encode_all(draws: Iterable[Iterable[Pair]], folder: Path) -> dict[Pair, Encoded]:
    """Every pair of the draws once, by the tokenizer of a MiniLM folder."""
    tokenizer = open_tokenizer(folder)
    return {pair: encode(tokenizer, pair) for pair in dict.fromkeys(chain.from_iterable(draws))}


def pad(rows: Sequence[Sequence[int]], width: int, fill: int = 0) -> NDArray[np.int64]:
    """Rows of different lengths as one array (n, width)."""
    return np.array([[*row, *([fill] * (width - len(row)))] for row in rows], dtype=np.int64)


def build_encoder(folder: Path) -> "torch.nn.Module":
    """MiniLM with its published weights and fresh heads.

    forward(input_ids, attention_mask, token_type_ids), each int64 (n, t), returns logits:
    support (n,), answer (n,), unsupported (n, t) of each token, start and end (n, t) of the answer.
    """
    import torch

    from index.torchvision_without_cuda import declare_torchvision_operators

    declare_torchvision_operators()
    from transformers import AutoModel

    class PairEncoder(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.body = AutoModel.from_pretrained(folder, add_pooling_layer=False)
            width = self.body.config.hidden_size
            self.mix = torch.nn.Linear(3 * width, width)
            self.verdicts = torch.nn.Linear(width, 2)
            self.tokens = torch.nn.Linear(width, 3)

        def forward(
            self,
            input_ids: torch.Tensor,
            attention_mask: torch.Tensor,
            token_type_ids: torch.Tensor,
        ) -> tuple[torch.Tensor, ...]:
            hidden = self.body(
                input_ids=input_ids, attention_mask=attention_mask, token_type_ids=token_type_ids
            ).last_hidden_state
            second = (attention_mask * token_type_ids).unsqueeze(-1).to(hidden.dtype)
            first = attention_mask.unsqueeze(-1).to(hidden.dtype) - second
            means = [(hidden * part).sum(1) / part.sum(1) for part in (first, second)]
            mixed = torch.tanh(self.mix(torch.cat([hidden[:, 0], *means], dim=-1)))
            verdicts = self.verdicts(mixed)
            tokens = self.tokens(hidden)
            barred = torch.where(second.squeeze(-1) > 0, 0.0, -30.0).to(tokens.dtype)
            barred = torch.cat([torch.zeros_like(barred[:, :1]), barred[:, 1:]], dim=1)
            return (
                verdicts[:, 0],
                verdicts[:, 1],
                tokens[..., 0],
                tokens[..., 1] + barred,
                tokens[..., 2] + barred,
            )

    return PairEncoder()
