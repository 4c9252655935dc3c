"""The numbers that `python -m eval.calibrate` sets: weights and thresholds of the judgement."""

import json
import math
from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

CALIBRATION_FILE = Path(__file__).with_name("calibration.json")


@dataclass(frozen=True, slots=True)
class Calibration:
    """A logistic model over named signals, and the threshold for each strictness.

    `weights` include "intercept". `thresholds` are (strictness, probability) pairs by rising
    strictness; between them the threshold is interpolated.
    """

    weights: Mapping[str, float]
    thresholds: Sequence[tuple[float, float]]

    @classmethod
    def load(cls, path: Path = CALIBRATION_FILE) -> Self:
        """Read what `python -m eval.calibrate` wrote."""
        data = json.loads(path.read_text(encoding="utf-8"))
        pairs = [(float(strictness), float(value)) for strictness, value in data["thresholds"]]
        return cls(data["weights"], pairs)

    def probability(self, signals: Mapping[str, float]) -> float:
        """The probability that the model gives to the signals."""
        logit = self.weights["intercept"] + sum(
            weight * signals[name] for name, weight in self.weights.items() if name != "intercept"
        )
        return 1 / (1 + math.exp(-max(-50.0, min(50.0, logit))))

    def threshold(self, strictness: float) -> float:
        """The probability below which a question is refused, at a strictness in [0, 1]."""
        levels = [level for level, _ in self.thresholds]
        place = min(max(1, bisect_left(levels, strictness)), len(levels) - 1)
        (low, at_low), (high, at_high) = self.thresholds[place - 1], self.thresholds[place]
        share = min(1.0, max(0.0, (strictness - low) / (high - low)))
        return at_low + share * (at_high - at_low)
