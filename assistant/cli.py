"""The program `assistant`. Commands are imported when they are called, so `--help` is instant."""

import json
import sys
from importlib import import_module
from importlib.metadata import entry_points

import click

from assistant.errors import AssistantError

COMMANDS = {
    "add": "Add documents, or replace changed ones.",
    "ask": "Answer one question, with citations.",
    "eval": "Measure how good the answers are.",
    "images": "Search images by example or by words, add and remove folders.",
    "index": "Check or rebuild the index.",
    "remove": "Remove documents.",
    "search": "Find passages, without the language model.",
    "serve": "Start the chat and the HTTP server.",
    "status": "Show what is indexed, which models are in use, and all settings.",
    "weights": "List, download and verify the models' weights.",
}

EXIT_CODES = """\b
Exit codes:
  0    it went well (a refusal to answer is an answer)
  1    an unexpected error
  2    the call, the question or a setting is wrong
  3    a document or an image was refused
  4    the index cannot be opened, read or written
  5    weights or a model cannot be had
  6    too many questions are waiting
  7    a server cannot be reached, or failed
  130  interrupted"""

INTERRUPTED = 130
EVAL_ENTRY_POINTS = "cv_assistant.commands"


class LazyGroup(click.Group):
    """A group that knows its commands' names and imports one only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, without importing anything."""
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command; None when there is no such name."""
        if cmd_name not in COMMANDS:
            return None
        for entry_point in entry_points(group=EVAL_ENTRY_POINTS, name=cmd_name):
            return entry_point.load()
        return import_module(f"assistant.commands.{cmd_name}").command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List names and meanings without importing the commands."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(COMMANDS.items()))


@click.group(
    cls=LazyGroup,
    epilog=EXIT_CODES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="cv-assistant")
def cli() -> None:
    """Answers questions from your documents, with citations checked against the text."""


def report_error(error: AssistantError, *, as_json: bool) -> None:
    """Print what is wrong and what to do: JSON on standard output, words on standard error."""
    if as_json:
        problem = {"code": error.code, "message": error.message, "hint": error.hint}
        click.echo(json.dumps({"error": problem}, ensure_ascii=False))
    else:
        click.secho(f"Error: {error.message}", err=True, fg="red")
        if error.hint:
            click.echo(error.hint, err=True)


def main() -> None:
    """Run the program and end the process with a documented exit code."""
    try:
        cli.main(prog_name="assistant", standalone_mode=False)
    except AssistantError as error:
        report_error(error, as_json="--json" in sys.argv)
        sys.exit(error.exit_code)
    except click.exceptions.Exit as end:
        sys.exit(end.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("Interrupted.", err=True)
        sys.exit(INTERRUPTED)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
