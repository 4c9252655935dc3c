"""The small cross-encoder that reads two texts at once; it serves both scorers.

A MiniLM (6 layers, 384 wide) fine-tuned by `eval.support`, exported to ONNX with int8 weights that
are widened to float32 when loaded: a small file, and a score that does not depend on what else is
scored in the same call. Needs onnxruntime and tokenizers, not torch.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from assistant.errors import ModelError

DEFAULT_FOLDER = Path(__file__).parent / "models" / "pair_model"
MODEL_NAME = "model.onnx"
CALIBRATION_NAME = "calibration.json"
MAX_TOKENS = 256
MAX_FIRST_WORDS = 96
MAX_ANSWER_TOKENS = 40

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class PairReading:
    """What the model says of (claim or question, text); every figure is a logit.

    `unsupported` has one value for each whitespace-separated word of the claim: above 0 when the
    text does not support the word. `answer_start`/`answer_end` are the character span in the text
    that answers the question best; `span` is by how much that span beats "no answer".
    """

    support: float
    answer: float
    span: float
    unsupported: tuple[float, ...]
    answer_start: int
    answer_end: int


class PairModel:
    """The exported model and its tokenizer, loaded once and safe to share by threads.

    `threads` 0 means as many as there are cores. Raises ModelError when the folder lacks a file
    or holds something else.
    """

    def __init__(self, folder: Path | None = None, threads: int = 0) -> None:
        import onnxruntime
        from tokenizers import Tokenizer

        folder = DEFAULT_FOLDER if folder is None else Path(folder)
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Widen the int8 weights once, while loading, instead of at each run.
        options.add_session_config_entry("session.disable_quant_qdq", "1")
        # Spinning threads burn the core that the language model needs at the same time.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        try:
            self._calibration = json.loads((folder / CALIBRATION_NAME).read_text("utf-8"))
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            self._session = onnxruntime.InferenceSession(
                str(folder / MODEL_NAME), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # onnxruntime and tokenizers raise bare Exceptions
            raise ModelError(
                f"The model that checks answers cannot be loaded from {folder}: {error}",
                hint="Install the package again, or point to a folder that `python -m "
                "eval.support train` wrote.",
            ) from error
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS, strategy="only_second")

    @property
    def calibration(self) -> dict[str, Any]:
        """The weights and thresholds of the scorers, as `eval.support` fitted them."""
        return self._calibration

    def read(self, first: str, second: str) -> PairReading:
        """Read one pair. What exceeds 96 words of `first` is cut; `second` is read in windows
        when it is long: the best window counts, and a word is supported if one window does."""
        first_words = first.split()[:MAX_FIRST_WORDS] or ["."]
        spans = [found.span() for found in _WORD.finditer(second)]
        readings: list[PairReading] = []
        begin = 0
        while begin < len(spans) or not readings:
            reading, read = self._window(first_words, second, spans[begin:])
            readings.append(reading)
            if begin + read >= len(spans):
                break
            # Half of the window again, so that no sentence is only ever seen cut in two.
            begin += max(1, read // 2)
        return _join(readings)

    def read_many(self, pairs: Sequence[tuple[str, str]]) -> list[PairReading]:
        """Read pairs one after the other (padding costs a CPU more than calls do)."""
        return [self.read(first, second) for first, second in pairs]

    def _window(
        self, first_words: list[str], second: str, spans: list[tuple[int, int]]
    ) -> tuple[PairReading, int]:
        # No window holds more words than tokens, so the rest need not be tokenised.
        second_words = [second[start:end] for start, end in spans[:MAX_TOKENS]]
        encoding = self._tokenizer.encode(first_words, second_words or ["."], is_pretokenized=True)
        outputs = self._session.run(
            None,
            {
                "input_ids": np.array([encoding.ids], dtype=np.int64),
                "attention_mask": np.array([encoding.attention_mask], dtype=np.int64),
                "token_type_ids": np.array([encoding.type_ids], dtype=np.int64),
            },
        )
        support, answer, unsupported, start, end = (np.asarray(output)[0] for output in outputs)
        marks = [-np.inf] * len(first_words)
        word_of = [-1] * len(encoding.ids)
        for position, (sequence, word) in enumerate(
            zip(encoding.sequence_ids, encoding.word_ids, strict=True)
        ):
            if sequence == 0 and word is not None:
                marks[word] = max(marks[word], float(unsupported[position]))
            elif sequence == 1 and word is not None:
                word_of[position] = word
        span, from_token, to_token = _best_span(start, end)
        has_span = bool(spans) and word_of[from_token] >= 0 and word_of[to_token] >= 0
        reading = PairReading(
            support=float(support),
            answer=float(answer),
            span=span,
            unsupported=tuple(0.0 if mark == -np.inf else mark for mark in marks),
            answer_start=spans[word_of[from_token]][0] if has_span else 0,
            answer_end=spans[word_of[to_token]][1] if has_span else 0,
        )
        return reading, max(word_of) + 1


def _best_span(start: NDArray[Any], end: NDArray[Any]) -> tuple[float, int, int]:
    """Logit of the best start and end less that of the null answer at token 0 (Devlin, 2018)."""
    sums = start[:, None] + end[None, :]
    allowed = np.triu(np.ones(sums.shape, dtype=bool)) & ~np.triu(
        np.ones(sums.shape, dtype=bool), MAX_ANSWER_TOKENS
    )
    allowed[0, :] = False
    sums = np.where(allowed, sums, -np.inf)
    first, last = np.unravel_index(int(np.argmax(sums)), sums.shape)
    return float(sums[first, last] - start[0] - end[0]), int(first), int(last)


def _join(readings: Sequence[PairReading]) -> PairReading:
    if len(readings) == 1:
        return readings[0]
    best = max(readings, key=lambda reading: reading.span)
    return PairReading(
        support=max(reading.support for reading in readings),
        answer=max(reading.answer for reading in readings),
        span=best.span,
        unsupported=tuple(
            min(marks) for marks in zip(*(r.unsupported for r in readings), strict=True)
        ),
        answer_start=best.answer_start,
        answer_end=best.answer_end,
    )
