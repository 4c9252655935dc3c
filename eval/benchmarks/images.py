"""How the image index performs: the gallery's goals, adding, memory, and search at scale.

    python -m eval.benchmarks.images gallery --weights FOLDER
    python -m eval.benchmarks.images adding --weights FOLDER [--count 1000]
    python -m eval.benchmarks.images memory [--count 10000]
    python -m eval.benchmarks.images search [--count 100000]

`memory` and `search` measure the index, not the model, and need no weights.
"""

import io
import resource
import tempfile
import time
import tomllib
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path

import click
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from corpus.gallery import build_gallery
from corpus.types import ImageRecord
from index.identity import EmbedderIdentity
from index.image_calibration import Background, Calibration
from index.image_encoders import load_image_encoder
from index.image_intake import open_scaled
from index.images import ImageIndex
from index.store import Store

_CLUSTERS = 500
# Users add hundreds and more; in short turns starting and ending would count for too much.
_TURN = 200


def view_precision(index: ImageIndex, records: Sequence[ImageRecord]) -> float:
    """Share of changed views whose nearest neighbour is the photo or another view of it."""
    originals = {
        record.id: record.metadata["original"]
        for record in records
        if record.metadata.get("original")
    }
    views = [record for record in records if record.metadata.get("kind") == "view"]
    right = 0
    for view in views:
        (nearest, *_) = index.more_like(view.id, k=1)
        right += originals.get(nearest.image.id) == originals[view.id]
    return right / len(views)


def diagrams_found(
    index: ImageIndex, records: Sequence[ImageRecord], words: dict[str, str], depth: int = 3
) -> tuple[float, tuple[str, ...]]:
    """Share of diagrams that their words find among the first `depth`, and the names missed.

    `words` is by the last part of a diagram's id; diagrams without words are searched by title.
    """
    missed = []
    diagrams = [record for record in records if record.metadata.get("kind") == "diagram"]
    for record in diagrams:
        name = record.path.stem.removeprefix("diagram-").replace("-", "_")
        hits = index.search(text=words.get(name, record.title), k=depth)
        if record.id not in {hit.image.id for hit in hits}:
            missed.append(name)
    return 1 - len(missed) / len(diagrams), tuple(missed)


class _ColourEncoder:
    """A stand-in that costs nothing, to measure what surrounds a model."""

    identity = EmbedderIdentity("colours, for benchmarks only", "0" * 64, 48)
    preparation = "4 x 4 colours"
    calibration = Calibration(Background(0, 0.3, 0.3), Background(0, 0.3, 0.3))

    def embed_images(self, images: Sequence[Image.Image]) -> NDArray[np.float32]:
        rows = [np.asarray(image.resize((4, 4)), np.float32).reshape(48) for image in images]
        vectors = np.array(rows, np.float32).reshape(len(rows), 48) - 127
        return vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-9)

    def embed_texts(self, texts: Sequence[str]) -> NDArray[np.float32]:
        return np.full((len(texts), 48), 48**-0.5, np.float32)


@click.group()
def main() -> None:
    """Benchmarks of the image index."""


@main.command()
@click.option("--weights", type=click.Path(path_type=Path, exists=True), required=True)
def gallery(weights: Path) -> None:
    """Nearest neighbours of the gallery's views, and diagrams found by words."""
    with tempfile.TemporaryDirectory() as folder:
        records = build_gallery(Path(folder, "gallery"))
        with Store(Path(folder, "store.db")) as store:
            index = ImageIndex.open(store, load_image_encoder("embedded", weights))
            index.add_records(records)
            click.echo(f"{len(records)} images; {index.encoder.identity}")
            click.echo(
                f"views with a view of the same photo nearest: {view_precision(index, records):.3f}"
            )
            phrases = tomllib.loads(
                (files("eval") / "questions" / "diagram_words.toml").read_text("utf-8")
            )
            for name, words in (("title", {}), ("other words", phrases)):
                share, missed = diagrams_found(index, records, words)
                click.echo(f"diagrams in the first 3 by {name}: {share:.3f}; missed: {missed}")


@main.command()
@click.option("--weights", type=click.Path(path_type=Path, exists=True), required=True)
@click.option(
    "--count", default=1000, help=f"How many photographs, in turns of {_TURN}; two turns at least."
)
@click.option("--side", default=1200, help="Longer side of the photographs in pixels.")
def adding(weights: Path, count: int, side: int) -> None:
    """Images a second while adding folders, beside the encoder's own speed.

    Takes turns: 200 pictures, decoded and scaled just as adding hands them over, through the
    encoder alone and all at once; then the same pictures' files added; and so on with 200 others,
    so that whatever else the machine does falls on both. Each turn adds a folder from its first
    file to its last commit, so that starting and ending count once in 200 pictures. The ratio is
    that of the sums; the median of the turns is the one to go by where something else disturbed a
    turn, and their quartiles say how far it can be trusted. Beside it the same in time of the
    processor, all cores together: other work on the machine disturbs it less.
    """
    turns = max(2, count // _TURN)
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder, "photos")
        _make_photographs(photos, turns * _TURN, side, _TURN)
        encoder = load_image_encoder("embedded", weights)
        alone, added = [], []
        with Store(Path(folder, "store.db")) as store:
            index = ImageIndex.open(store, encoder)
            for part in sorted(photos.iterdir()):
                # Files that adding has not read yet, as it should find them.
                decoded = [open_scaled(path) for path in sorted(part.iterdir())]
                encoder.embed_images(decoded[:2])
                alone.append(_seconds(lambda: encoder.embed_images(decoded)))  # noqa: B023
                added.append(_seconds(lambda: index.add(part)))  # noqa: B023
        (raw, raw_cpu), (whole, whole_cpu) = np.sum(alone, axis=0), np.sum(added, axis=0)
        ratios = [one[0] / both[0] for one, both in zip(alone, added, strict=True)]
        low, median, high = np.percentile(ratios, [25, 50, 75])
        pictures = turns * _TURN
        click.echo(
            f"{pictures} JPEGs of {side} x {side * 3 // 4} in turns of {_TURN}: adding "
            f"{pictures / whole:.1f} a second, the encoder alone {pictures / raw:.1f} (ratio "
            f"{raw / whole:.2f}; of the turns median {median:.2f}, quartiles {low:.2f} to "
            f"{high:.2f}); time of the processor "
            f"{whole_cpu / pictures * 1000:.1f} ms and {raw_cpu / pictures * 1000:.1f} ms each "
            f"(ratio {raw_cpu / whole_cpu:.2f})"
        )


@main.command()
@click.option("--count", default=10_000)
def memory(count: int) -> None:
    """Resident memory while many images are added, at every tenth."""
    with tempfile.TemporaryDirectory() as folder:
        photos = Path(folder, "photos")
        _make_photographs(photos, count, 320)
        with Store(Path(folder, "store.db")) as store:
            index = ImageIndex.open(store, _ColourEncoder())
            start = time.perf_counter()

            def tell(done: int, total: int) -> None:
                if done % max(1, total // 10) == 0:
                    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
                    click.echo(f"{done}: resident {_resident():.0f} MB, peak {peak} MB")

            report = index.add(photos, tell)
            seconds = time.perf_counter() - start
        click.echo(f"{len(report.added)} added in {seconds:.0f} s")


@main.command()
@click.option("--count", default=100_000)
@click.option("--queries", default=200)
def search(count: int, queries: int) -> None:
    """Time of a search by picture vector over many stored images, all of it."""
    from index.image_search import ImageQuery, ImageSearch
    from index.image_store import FileState, ImageStore, StoredImage
    from index.store import Recipe

    dimension = 384
    identity = EmbedderIdentity("random vectors, for benchmarks only", "0" * 64, dimension)
    random = np.random.default_rng(0)
    centres = random.standard_normal((_CLUSTERS, dimension))
    vectors = centres[random.integers(0, _CLUSTERS, count)] + 0.7 * random.standard_normal(
        (count, dimension)
    )
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder, Store(Path(folder, "s.db")) as store:
        rows = ImageStore(store, Recipe(identity, "none"))
        for start in range(0, count, 5_000):
            rows.put(
                StoredImage(
                    ImageRecord(
                        f"image/{number}", Path(f"/photos/{number}.jpg"), f"photo {number}"
                    ),
                    FileState(0, 0, str(number)),
                    vectors[number],
                )
                for number in range(start, min(start + 5_000, count))
            )
        found = ImageSearch(rows, identity, Path(folder, "v.faiss"), "cpu")
        began = time.perf_counter()
        found.follow()
        built = time.perf_counter() - began
        calibration = _ColourEncoder.calibration
        times, same = [], []
        for number in random.integers(0, count, queries):
            query = vectors[number] + 0.02 * random.standard_normal(dimension).astype(np.float32)
            exact = np.argsort(-(vectors @ query))[:10]
            began = time.perf_counter()
            hits = found.hits(ImageQuery(query, "image"), 10, calibration)
            times.append(time.perf_counter() - began)
            names = {f"image/{place}" for place in exact}
            same.append(len(names & {hit.image.id for hit in hits}) / 10)
    p50, p95 = np.percentile(times, [50, 95]) * 1000
    click.echo(
        f"{count} images of {dimension} dimensions, read in {built:.1f} s: p50 {p50:.1f} ms, "
        f"p95 {p95:.1f} ms, recall@10 {np.mean(same):.3f}"
    )


def _make_photographs(folder: Path, count: int, side: int, in_folder: int = 100_000) -> None:
    """JPEGs of different random landscapes of soft blobs, about as large as photographs' files."""
    random = np.random.default_rng(1)
    for number in range(count):
        coarse = random.integers(0, 255, (24, 32, 3), np.uint8)
        image = Image.fromarray(coarse).resize((side, side * 3 // 4), Image.Resampling.BICUBIC)
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=88)
        target = folder / f"{number // in_folder:04}"
        target.mkdir(parents=True, exist_ok=True)
        (target / f"{number:06}.jpg").write_bytes(buffer.getvalue())


def _seconds(work: Callable[[], object]) -> tuple[float, float]:
    """How long it takes, and for how long it has the processor, all cores together."""
    began, processor = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - began, time.process_time() - processor


def _resident() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


if __name__ == "__main__":
    main()
