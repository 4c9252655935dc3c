"""`assistant index`: check or rebuild what is derived from the documents."""

from typing import Any

import click

from assistant.commands.options import index_options, load_settings


@click.group("index")
def command() -> None:
    """Check or rebuild the index."""


@command.command("rebuild")
@index_options
def rebuild(**options: Any) -> None:
    """Cut and embed all documents again, with the embedder of the settings."""
    from assistant.assistant import rebuild_index
    from assistant.commands.progress import ProgressBar

    with ProgressBar("document") as progress:
        documents = rebuild_index(load_settings(**options), progress=progress)
    click.echo(f"The index holds {documents} documents again.")
