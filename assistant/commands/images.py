"""`assistant images`: search by example and by words, add and remove folders."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from assistant.commands.options import as_json, index_options, load_settings

if TYPE_CHECKING:
    from index.images import ImageIndex
    from index.types import ImageHit

ENCODER = click.option(
    "--image-encoder", help="default (embedded, not CLIP), an open_clip NAME/TAG or folder."
)


PARTS = ("example", "text", "minus")


@contextmanager
def open_images(options: dict[str, Any], *, rebuild: bool = False) -> Iterator["ImageIndex"]:
    """The images of the settings; the gallery is drawn on the first opening."""
    from assistant.assistant import Assistant
    from assistant.commands.progress import ProgressBar

    settings = load_settings(**options)
    with (
        ProgressBar("file") as progress,
        Assistant.open(settings, progress=progress) as assistant,
    ):
        yield assistant.open_images(progress, rebuild=rebuild)


def print_json(result: Any) -> None:
    """Print a result as JSON."""
    from assistant.serialisation import to_json_data

    click.echo(json.dumps(to_json_data(result), ensure_ascii=False, indent=2))


def read_weights(
    context: click.Context, parameter: click.Parameter, given: tuple[str, ...]
) -> dict[str, float]:
    """`PART=NUMBER` as a mapping."""
    weights = {}
    for one in given:
        part, _, number = one.partition("=")
        try:
            weights[part] = float(number)
        except ValueError:
            weights[part] = -1.0
        if part not in PARTS or not 0 < weights[part] < float("inf"):
            known = ", ".join(f"{part}=1" for part in PARTS)
            raise click.BadParameter(f"{one!r} is none of {known}, or another number above 0.")
    return weights


def find(images: "ImageIndex", like: str | None, **wanted: Any) -> "list[ImageHit]":
    """Search by a picture's file or, for an image that is here, by its id."""
    record = images.image(like) if like is not None and not Path(like).exists() else None
    if record is None:
        return images.search(example=like, **wanted)
    if wanted["text"] is None and wanted["minus"] is None:
        return images.more_like(record.id, k=wanted["k"])
    return images.search(example=record.path, **wanted)


@click.group("images")
def command() -> None:
    """Search images by example or by words, add and remove folders."""


@command.command("search")
@click.argument("words", required=False)
@click.option("--like", help="A picture as the example, or the id of an image that is here.")
@click.option("--minus", help="Words for what there should be less of.")
@click.option(
    "--minus-like",
    type=click.Path(path_type=Path),
    help="A picture of what there should be less of.",
)
@click.option(
    "--weight",
    "weights",
    multiple=True,
    metavar="PART=NUMBER",
    callback=read_weights,
    help="How much a part counts: example=1, text=1, minus=0.5 when not given; repeatable.",
)
@click.option("-k", "k", type=click.IntRange(1, 1000), default=12, help="How many images.")
@index_options
@ENCODER
@as_json
def search(
    words: str | None,
    like: str | None,
    minus: str | None,
    minus_like: Path | None,
    weights: dict[str, float],
    k: int,
    as_json: bool,
    **options: Any,
) -> None:
    """Find the K images nearest to WORDS, to a picture, or to both together.

    Each comes with its cosine and what that means beside the rest of the collection: near, related
    or far.
    """
    if not (words and words.strip()) and like is None:
        raise click.UsageError("Say what to look for: words, --like PICTURE, or both.")
    if minus is not None and minus_like is not None:
        raise click.UsageError("Give --minus or --minus-like, not both.")
    with open_images(options) as images:
        hits = find(images, like, text=words, minus=minus or minus_like, weights=weights, k=k)
    if as_json:
        print_json(hits)
        return
    for place, hit in enumerate(hits, start=1):
        click.echo(
            f"{place:>3}. {hit.score:6.3f} {hit.reading:<7}  {hit.image.title}  {hit.image.path}"
        )


@command.command("add")
@click.argument("paths", nargs=-1, required=True, type=click.Path(path_type=Path))
@index_options
@ENCODER
@as_json
def add(paths: tuple[Path, ...], as_json: bool, **options: Any) -> None:
    """Add picture files, and folders with all that they hold; changed ones are read again."""
    from assistant.commands.progress import ProgressBar
    from index.errors import ImageRefusedError

    with open_images(options) as images, ProgressBar("file") as progress:
        report = images.add(paths, lambda done, total: progress(done, total, "Adding images"))
    if as_json:
        print_json(report)
    else:
        click.echo(
            f"{len(report.added)} added, {len(report.changed)} changed, "
            f"{report.unchanged} unchanged, {len(report.removed)} removed, "
            f"{len(report.duplicates)} duplicates, {len(report.skipped)} skipped"
        )
        for duplicate in report.duplicates:
            click.echo(f"duplicate  {duplicate.path} of {duplicate.of}")
        for skipped in report.skipped:
            click.echo(f"skipped    {skipped.path}: {skipped.message}")
    if report.skipped:
        sys.exit(ImageRefusedError.exit_code)


@command.command("remove")
@click.argument("names", nargs=-1, required=True)
@index_options
@ENCODER
@as_json
def remove(names: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Forget images by id, file or folder; the files stay where they are."""
    with open_images(options) as images:
        removed = images.remove(names)
    if as_json:
        print_json({"removed": list(removed)})
    else:
        click.echo(f"{len(removed)} removed")


@command.command("list")
@index_options
@ENCODER
@as_json
def list_images(as_json: bool, **options: Any) -> None:
    """List all images: id, title, file."""
    with open_images(options) as images:
        records = images.images()
    if as_json:
        print_json(records)
        return
    for record in records:
        click.echo(f"{record.id}  {record.title}  {record.path}")


@command.command("rebuild")
@index_options
@ENCODER
@as_json
def rebuild(as_json: bool, **options: Any) -> None:
    """Index all images anew, with the image encoder of the settings."""
    with open_images(options, rebuild=True) as images:
        encoder, count = str(images.encoder.identity), len(images)
    if as_json:
        print_json({"images": count, "encoder": encoder})
    else:
        click.echo(f"{count} images are indexed with {encoder}.")
