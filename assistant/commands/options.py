"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

if TYPE_CHECKING:
    from assistant.settings import Settings

Command = TypeVar("Command", bound=Callable[..., Any])

as_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")

HOME = click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    help="Folder of everything that the assistant keeps.",
)
CONFIG = click.option(
    "--config",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Settings file; settings.toml in the home by default.",
)
EMBEDDER = click.option("--embedder", help="Embedding model: default, a folder or a hub name.")
DEVICE = click.option("--device", type=click.Choice(["auto", "cpu", "cuda"]), help="Where to run.")
MODEL = click.option(
    "--model", help="Language model: default, quality, smallest, a GGUF file or owner/repo:file."
)


def home_options(command: Command) -> Command:
    """Options that say where the assistant's files are."""
    return HOME(CONFIG(command))


def index_options(command: Command) -> Command:
    """Options of commands that open the index."""
    return home_options(EMBEDDER(DEVICE(command)))


def load_settings(config: Path | None, **arguments: Any) -> "Settings":
    """Settings from the options given, the environment and the file."""
    from assistant.settings import Settings

    return Settings.load(config, **arguments)
