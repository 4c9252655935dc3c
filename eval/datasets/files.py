"""Reading JSON lines and folders with errors that name the file and the line."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from eval.datasets.types import DataSetError

# Where the public data sets lie unless a command is told otherwise: beside the project, in which
# the commands are run.
DATA = Path("..") / "shared" / "data"


def require(path: Path, what: str) -> Path:
    """The path, which must exist.

    Raises:
        DataSetError: there is nothing.
    """
    if not path.exists():
        raise DataSetError(
            f"There is no {what} at {path}.",
            hint="Name the folder that holds the data sets with --data, or the files themselves.",
        )
    return path


def json_lines(path: Path, what: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a JSONL file with their line numbers; blank lines are passed over.

    Raises:
        DataSetError: the file is missing, not UTF-8, or a line is no JSON object.
    """
    require(path, what)
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if not line.strip():
                    continue
                value = json.loads(line)
                if not isinstance(value, dict):
                    raise DataSetError(f"{path}, line {number}: a JSON object is expected.")
                yield number, value
    except UnicodeDecodeError as error:
        raise DataSetError(f"{path} is not UTF-8 text.") from error
    except json.JSONDecodeError as error:
        raise DataSetError(f"{path}, line {number}: no valid JSON ({error.msg}).") from error


def json_file(path: Path, what: str) -> Any:
    """The content of a JSON file.

    Raises:
        DataSetError: the file is missing or no JSON.
    """
    try:
        return json.loads(require(path, what).read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataSetError(f"{path} is no valid JSON: {error}") from error
