"""WiCE: claims of Wikipedia with the sentences of their sources that support them.

Kamoi et al., "WiCE: Real-World Entailment for Claims in Wikipedia", 2023. `partially_supported`
counts as not supported, as in the paper's binary task.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from eval.datasets.files import require
from eval.support.sources import read_wice_dev, wice_part

Part = Literal["report", "calibrate", "train", "all"]


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim, its evidence sentences, and each set of places that supports it as annotated."""

    id: str
    text: str
    supported: bool
    evidence: tuple[str, ...]
    supporting: tuple[tuple[int, ...], ...]


def read_wice(data: Path, part: Part = "report") -> list[Claim]:
    """The claims of a part, from the folder that holds `wice`.

    Raises:
        DataSetError: the file is missing.
    """
    require(data / "wice" / "entailment_retrieval_claim_dev.jsonl", "WiCE file")
    return [
        Claim(
            id=claim.id,
            text=claim.claim,
            supported=claim.label == "supported",
            evidence=claim.evidence,
            supporting=claim.supporting,
        )
        for claim in read_wice_dev(data)
        if part == "all" or wice_part(claim) == part
    ]
