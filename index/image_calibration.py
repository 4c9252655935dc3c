"""What a similarity means. A cosine of 0.3 is a near copy for one query and nothing for another.

One flat cut-off fails: some pictures resemble everything a little. So a score is read against the
scores that the same query has with the rest of the collection, which are mostly unrelated: how
many standard deviations it stands above their median (a robust z score; Leys et al. 2013).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Reading = Literal["near", "related", "far"]
Kind = Literal["image", "text"]
Scores = NDArray[np.float32]

# Share of a normal distribution that lies below one standard deviation under its mean.
_ONE_DEVIATION_BELOW = 0.1587
# Fewer scores than this say little about a query's own background.
_TRUSTED_COUNT = 30


@dataclass(frozen=True, slots=True)
class Background:
    """Cosines between unrelated things, as one encoder gives them.

    `mean` and `spread` (standard deviation) are those of a query against unrelated pictures;
    `drift` is how far such means lie apart from query to query (a standard deviation too).
    """

    mean: float
    spread: float
    drift: float


@dataclass(frozen=True, slots=True)
class Calibration:
    """How to read the scores of one encoder, for picture queries and for words.

    From `near` standard deviations above the background a hit is near, from `related` related,
    below far.
    """

    image: Background
    text: Background
    near: float = 4.0
    related: float = 2.0

    def standardise(self, scores: Scores, sample: Scores, kind: Kind) -> Scores:
        """Scores, float32 (n,), as standard deviations above the query's background.

        `sample` holds the query's scores with pictures of the collection, drawn without regard to
        the query; it may be empty. A collection in which everything resembles the query would
        hide its hits, so the background stays within three drifts of the encoder's own.
        """
        known = self.image if kind == "image" else self.text
        middle, spread = known.mean, known.spread
        if len(sample):
            trust = min(1.0, len(sample) / _TRUSTED_COUNT)
            ordered = np.sort(sample)
            median = float(ordered[len(ordered) // 2])
            median = float(
                np.clip(median, known.mean - 3 * known.drift, known.mean + 3 * known.drift)
            )
            below = median - float(ordered[int(_ONE_DEVIATION_BELOW * len(ordered))])
            below = float(np.clip(below, 0.6 * known.spread, 1.6 * known.spread))
            middle += trust * (median - middle)
            spread += trust * (below - spread)
        return ((scores - middle) / spread).astype(np.float32)

    def read(self, standardised: float) -> Reading:
        """The word for one standardised score."""
        if standardised >= self.near:
            return "near"
        return "related" if standardised >= self.related else "far"
