"""Image search over a folder of labelled images: by example, by words, and naming what is there."""

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from eval.corpora import Progress
from eval.datasets.labelled_images import LabelledImage, read_labelled_images
from eval.datasets.types import DataSetError, EvalQuestion
from eval.metrics.intervals import mean_interval
from eval.provenance import code_version, fingerprint, machine, packages
from eval.record_log import Record, RecordLog
from eval.result import SCHEMA, Result, interval_data, interval_table, write_result
from eval.run import RECORDS, Finished, work_through
from eval.suites import Source

if TYPE_CHECKING:
    from assistant.settings import Settings
    from index.image_encoders import ImageTextEncoder
    from index.images import ImageIndex

EXAMPLE_STAGE = "by example"
TEXT_STAGE = "by words"
LABELS = {"ours": "our image search", "colours": "colour histograms"}
DEPTHS = (1, 5, 10)
WORDS = "a photo of a {}"
# Bins for each of red, green and blue.
COLOUR_BINS = 8


def run_images(
    settings: "Settings",
    source: Source,
    limit: int | None,
    out: Path,
    name: str | None,
    command: str,
    progress: Progress | None,
) -> Finished:
    """Measure image search; `limit` is how many images of each label are taken.

    Raises:
        DataSetError: no folder was named, or it does not hold labelled images.
        EmbedderError: the image model is not here.
    """
    from index.image_encoders import load_image_encoder

    if source.path is None:
        raise DataSetError("The suite images needs a folder.", hint="Name it with --path.")
    images = read_labelled_images(source.path, limit)
    name = name or f"images-{source.path.resolve().name}"
    encoder = load_image_encoder("embedded", settings.weights_directory, settings.device)
    made_by = {
        **_made_by(encoder, command),
        "corpus": {"images": len(images), "labels": len({one.label for one in images})},
    }
    mark = fingerprint(made_by["version"], made_by["models"], [str(one.path) for one in images])
    with (
        _open_index(settings, encoder, mark) as index,
        RecordLog(out / RECORDS / f"{name}.jsonl", mark) as done,
    ):
        index.add([one.path for one in images], _counted(progress))
        _work(index, images, done, progress)
        result = _result(name, made_by, images, done)
        path = out / f"{name}.json"
        write_result(result, path)
        done.finish()
        return Finished(path, result, done.resumed)


def precision_at(found: Sequence[str], wanted: str, depth: int) -> float:
    """The share of the first `depth` labels found that are the wanted one."""
    return sum(label == wanted for label in found[:depth]) / depth


def colour_histogram(path: Path) -> "np.ndarray":
    """The unit vector of a picture's colours: what needs no model."""
    from PIL import Image

    with Image.open(path) as picture:
        pixels = np.asarray(picture.convert("RGB").resize((64, 64))).reshape(-1, 3)
    counts, _ = np.histogramdd(pixels, bins=COLOUR_BINS, range=[(0, 256)] * 3)
    vector = counts.ravel()
    return vector / np.linalg.norm(vector)


def _open_index(settings: "Settings", encoder: "ImageTextEncoder", mark: str) -> "ImageIndex":
    from index.images import ImageIndex
    from index.store import Store

    folder = settings.home / "eval" / f"images-{mark}"
    folder.mkdir(parents=True, exist_ok=True)
    return ImageIndex.open(Store(folder / "store.sqlite"), encoder, settings.device)


def _work(
    index: "ImageIndex",
    images: Sequence[LabelledImage],
    done: RecordLog,
    progress: Progress | None,
) -> None:
    labels = sorted({one.label for one in images})
    label_of = {one.path.resolve(): one.label for one in images}
    ids = {record.path.resolve(): record.id for record in index.images()}
    texts = index.encoder.embed_texts([WORDS.format(label) for label in labels])
    histograms = np.stack([colour_histogram(one.path) for one in images])
    places = {one.path.resolve(): place for place, one in enumerate(images)}
    by_id = {_name(one): one for one in images}

    def by_example(question: EvalQuestion) -> Record:
        image = by_id[question.id]
        path = image.path.resolve()
        hits = index.more_like(ids[path], k=max(DEPTHS))
        place = places[path]
        cosines = histograms @ histograms[place]
        cosines[place] = -1.0
        nearest = np.argsort(-cosines, kind="stable")[: max(DEPTHS)]
        named = labels[int(np.argmax(texts @ _vector(index, image)))]
        return {
            "question": question.id,
            "label": image.label,
            "ours": [label_of[hit.image.path.resolve()] for hit in hits],
            "colours": [images[other].label for other in nearest],
            "named": named,
        }

    work_through(
        done,
        EXAMPLE_STAGE,
        [EvalQuestion(_name(one), _name(one), one.label) for one in images],
        by_example,
        progress,
    )
    work_through(
        done,
        TEXT_STAGE,
        [EvalQuestion(label, WORDS.format(label), label) for label in labels],
        lambda question: {
            "question": question.text,
            "label": question.kind,
            "ours": [
                label_of[hit.image.path.resolve()]
                for hit in index.search(text=question.text, k=max(DEPTHS))
            ],
        },
        progress,
    )


def _vector(index: "ImageIndex", image: LabelledImage) -> "np.ndarray":
    from PIL import Image

    with Image.open(image.path) as picture:
        return index.encoder.embed_images([picture.convert("RGB")])[0]


def _result(
    name: str, made_by: Mapping[str, Any], images: Sequence[LabelledImage], done: RecordLog
) -> Result:
    scores: dict[str, dict[str, dict[str, float]]] = {"ours": {}, "colours": {}}
    for record in done.of_stage(EXAMPLE_STAGE):
        for system, of_system in scores.items():
            for depth in DEPTHS:
                value = precision_at(record.get(system, ()), record.get("label", ""), depth)
                of_system.setdefault(f"precision@{depth}", {})[record["id"]] = value
        named = float("error" not in record and record["named"] == record["label"])
        scores["ours"].setdefault("named rightly", {})[record["id"]] = named
    for record in done.of_stage(TEXT_STAGE):
        value = precision_at(record.get("ours", ()), record.get("label", ""), max(DEPTHS))
        metric = f"precision@{max(DEPTHS)} by words"
        scores["ours"].setdefault(metric, {})[record["id"]] = value
    values = {
        system: {
            metric: interval_data(mean_interval(list(by_id.values())))
            for metric, by_id in of_system.items()
        }
        for system, of_system in scores.items()
    }
    kinds = dict(Counter(one.label for one in images))
    return {
        "schema": SCHEMA,
        "name": name,
        "suite": "images",
        "part": "all",
        "note": "An image found by example counts when it has the same label; itself is left out.",
        "made_by": dict(made_by),
        "counts": {"questions": len(images), "kinds": kinds, "stages": done.counts()},
        "tables": {"images": interval_table("Image search", LABELS, values)},
        "scores": {"images": scores},
        "records": f"{RECORDS}/{name}.jsonl",
    }


def _made_by(encoder: "ImageTextEncoder", command: str) -> dict[str, Any]:
    from datetime import UTC, datetime

    return {
        "command": command,
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": code_version(),
        "models": {"images": str(encoder.identity), "preparation": encoder.preparation},
        "settings": {},
        "machine": machine(),
        "packages": packages(),
    }


def _counted(progress: Progress | None) -> Any:
    if progress is None:
        return None
    return lambda done, total: progress(done, total, "Embedding images")


def _name(image: LabelledImage) -> str:
    return f"{image.label}/{image.path.name}"
