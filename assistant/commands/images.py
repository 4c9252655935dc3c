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

ENCODER = click.option(
    "--image-encoder", help="default (embedded, not CLIP), an open_clip NAME/TAG or folder."
)


@contextmanager
def open_images(options: dict[str, Any]) -> Iterator["ImageIndex"]:
    """The images of the settings; the gallery is drawn on the first opening."""
    from assistant.assistant import Assistant
    from assistant.commands.progress import ProgressBar

    settings = load_settings(**options)
    with (
        ProgressBar("file") as progress,
        Assistant.open(settings, progress=progress) as assistant,
    ):
        yield assistant.open_images(progress)


def print_json(result: Any) -> None:
    """Print a result as JSON."""
    from assistant.serialisation import to_json_data

    click.echo(json.dumps(to_json_data(result), ensure_ascii=False, indent=2))


@click.group("images")
def command() -> None:
    """Search images by example or by words, add and remove folders."""


@command.command("search")
@click.argument("words", required=False)
@click.option("--like", type=click.Path(path_type=Path), help="A picture as the example.")
@click.option("--minus", help="Words for what there should be less of.")
@click.option("-k", "k", type=click.IntRange(1, 1000), default=12, help="How many images.")
@index_options
@ENCODER
@as_json
def search(
    words: str | None, like: Path | None, minus: str | None, k: int, as_json: bool, **options: Any
) -> None:
    """Find the K images nearest to WORDS, to a picture, or to both together."""
    if not words and like is None:
        raise click.UsageError("Say what to look for: words, --like PICTURE, or both.")
    with open_images(options) as images:
        hits = images.search(example=like, text=words, minus=minus, k=k)
    if as_json:
        print_json(hits)
        return
    for place, hit in enumerate(hits, start=1):
        click.echo(f"{place:>3}. {hit.score:6.3f}  {hit.image.title}  {hit.image.path}")


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
