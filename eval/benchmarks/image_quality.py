"""How good an image-text encoder is on labelled photographs that it has never seen.

    python -m eval.benchmarks.image_quality --weights FOLDER [--photographs DIR] [--encoder NAME]

DIR holds one folder of pictures for each class, named for it (default: ../shared/data/cifar10-400).
The first half of each class served to choose the embedded encoder's few settings; figures are
given for the other half, and for all.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray

from index.image_calibration import Calibration, Kind
from index.image_encoders import ImageTextEncoder
from index.image_files import open_image

Array = NDArray[np.float32]
DEFAULT_PHOTOGRAPHS = Path(__file__).parents[2] / "../shared/data/cifar10-400"
_NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class LabelledPhotographs:
    """Vectors, float32 (n, d), their labels, int64 (n,), and the half kept for reporting."""

    names: tuple[str, ...]
    vectors: Array
    labels: NDArray[np.int64]
    reported: NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Quality:
    """Zero-shot accuracy and precision@5, on the reporting half and on all, in [0, 1]."""

    zero_shot: float
    zero_shot_all: float
    precision: float
    precision_all: float


@dataclass(frozen=True, slots=True)
class ReadingQuality:
    """How well readings go with "same class" over all pairs of a query and a picture.

    `cosine` and `standardised` are the areas under the ROC curve over all queries pooled;
    `near` and `related` are the shares of the same class among hits so called, and `near_count`
    and `related_count` how many there were.
    """

    cosine: float
    standardised: float
    near: float
    near_count: int
    related: float
    related_count: int


def load(encoder: ImageTextEncoder, folder: Path) -> LabelledPhotographs:
    """Embed the pictures of every class folder, in the order of their names."""
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    vectors, labels, reported = [], [], []
    for label, name in enumerate(names):
        paths = sorted((folder / name).iterdir())
        vectors.append(encoder.embed_images([open_image(path) for path in paths]))
        labels += [label] * len(paths)
        reported += [place >= len(paths) // 2 for place in range(len(paths))]
    return LabelledPhotographs(
        tuple(names), np.concatenate(vectors), np.array(labels), np.array(reported)
    )


def measure(encoder: ImageTextEncoder, photographs: LabelledPhotographs) -> Quality:
    """Zero-shot classification by the folders' names, and nearest neighbours, one left out."""
    texts = encoder.embed_texts([f"a photo of a {name}." for name in photographs.names])
    right = (photographs.vectors @ texts.T).argmax(1) == photographs.labels
    between = photographs.vectors @ photographs.vectors.T
    np.fill_diagonal(between, -np.inf)
    nearest = np.argsort(-between, axis=1)[:, :_NEIGHBOURS]
    same = photographs.labels[nearest] == photographs.labels[:, None]
    return Quality(
        float(right[photographs.reported].mean()),
        float(right.mean()),
        float(same[photographs.reported].mean()),
        float(same.mean()),
    )


def measure_readings(
    calibration: Calibration, queries: Array, photographs: LabelledPhotographs, kind: Kind
) -> ReadingQuality:
    """Pool all pairs: `queries` are the photographs' own vectors, or one text for each class."""
    labels = photographs.labels if kind == "image" else np.arange(len(queries))
    cosines, standardised, same = [], [], []
    for place, (query, label) in enumerate(zip(queries, labels, strict=True)):
        others = np.arange(len(photographs.labels)) != (place if kind == "image" else -1)
        scores = photographs.vectors[others] @ query
        cosines.append(scores)
        standardised.append(calibration.standardise(scores, scores, kind))
        same.append(photographs.labels[others] == label)
    z, truth = np.concatenate(standardised), np.concatenate(same)
    near = z >= calibration.near
    related = (z >= calibration.related) & ~near
    return ReadingQuality(
        roc_area(np.concatenate(cosines), truth),
        roc_area(z, truth),
        float(truth[near].mean()) if near.any() else float("nan"),
        int(near.sum()),
        float(truth[related].mean()) if related.any() else float("nan"),
        int(related.sum()),
    )


def roc_area(scores: Array, truth: NDArray[np.bool_]) -> float:
    """Area under the ROC curve, from the rank sum (Hanley and McNeil 1982)."""
    ranks = np.empty(len(scores))
    ranks[np.argsort(scores, kind="stable")] = np.arange(1, len(scores) + 1)
    positive = int(truth.sum())
    negative = len(truth) - positive
    return float((ranks[truth].sum() - positive * (positive + 1) / 2) / (positive * negative))


@click.command()
@click.option("--weights", type=click.Path(path_type=Path, exists=True), required=True)
@click.option("--photographs", type=click.Path(path_type=Path), default=DEFAULT_PHOTOGRAPHS)
@click.option("--encoder", "name", default="embedded", help="embedded, or an open_clip model")
def main(weights: Path, photographs: Path, name: str) -> None:
    """Measure an encoder on folders of labelled photographs."""
    from index.image_encoders import load_image_encoder

    encoder = load_image_encoder(name, weights)
    loaded = load(encoder, photographs)
    click.echo(f"{encoder.identity}: {len(loaded.labels)} photographs of {len(loaded.names)} kinds")
    quality = measure(encoder, loaded)
    click.echo(
        f"zero-shot {quality.zero_shot:.3f} (all: {quality.zero_shot_all:.3f}), "
        f"precision@{_NEIGHBOURS} {quality.precision:.3f} (all: {quality.precision_all:.3f})"
    )
    texts = encoder.embed_texts([f"a photo of a {name}." for name in loaded.names])
    kinds: Sequence[tuple[Kind, Array]] = (("image", loaded.vectors), ("text", texts))
    for kind, queries in kinds:
        reading = measure_readings(encoder.calibration, queries, loaded, kind)
        click.echo(
            f"by {kind}: ROC area {reading.cosine:.3f} by cosine, {reading.standardised:.3f} "
            f"standardised; same class among near {reading.near:.2f} of {reading.near_count}, "
            f"among related {reading.related:.2f} of {reading.related_count}"
        )


if __name__ == "__main__":
    main()
