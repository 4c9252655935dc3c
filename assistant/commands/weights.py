"""`assistant weights`: the models' files."""

import json
from typing import Any

import click

from assistant.commands.options import as_json, home_options, load_settings


@click.group("weights")
def command() -> None:
    """List, download and verify the models' weights."""


@command.command("list")
@home_options
@as_json
def list_weights(as_json: bool, **options: Any) -> None:
    """List all known weights: role, licence, size, and whether they are here."""
    from assistant.serialisation import to_json_data
    from assistant.weights import status

    rows = status(load_settings(**options).weights_directory)
    if as_json:
        click.echo(json.dumps(to_json_data(rows), ensure_ascii=False, indent=2))
        return
    for row in rows:
        here = "here" if row.present else "not here"
        click.echo(
            f"{row.name:<34} {row.role:<16} {row.licence:<12} {row.size / 1e6:8.1f} MB  {here}"
        )


@command.command("pull")
@click.argument("names", nargs=-1)
@home_options
@as_json
def pull_weights(names: tuple[str, ...], as_json: bool, **options: Any) -> None:
    """Download and verify NAMES; without a name, all that the defaults need."""
    from assistant.commands.progress import ProgressBar
    from assistant.weights import DEFAULTS, Hub, pull

    directory = load_settings(**options).weights_directory
    places = {}
    hub = Hub()  # one for all, so that a hub which does not answer is waited for once
    for name in names or DEFAULTS:
        with ProgressBar("B") as progress:
            places[name] = str(pull(name, directory, progress=progress, hub=hub))
        if not as_json:
            click.echo(f"{name}: {places[name]}")
    if as_json:
        click.echo(json.dumps(places, indent=2))


@command.command("verify")
@click.argument("names", nargs=-1)
@home_options
def verify_weights(names: tuple[str, ...], **options: Any) -> None:
    """Read every byte of NAMES (all that are here by default) and compare with the catalogue."""
    from assistant.weights import status, verify

    directory = load_settings(**options).weights_directory
    for name in names or [row.name for row in status(directory) if row.present]:
        verify(name, directory)
        click.echo(f"{name}: every file is the publisher's.")
