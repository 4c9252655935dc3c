"""Results as JSON and back, for the command line, HTTP and the client: one form for all."""

from dataclasses import is_dataclass
from functools import cache
from typing import Any, TypeVar, cast

from pydantic import TypeAdapter

T = TypeVar("T")


@cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def to_json_data(result: Any) -> Any:
    """A result type (or a list of them) as plain dicts, lists, strings and numbers."""
    if isinstance(result, list | tuple):
        return [to_json_data(item) for item in result]
    if is_dataclass(result):
        return _adapter(cast(Any, type(result))).dump_python(result, mode="json")
    return result


def from_json_data(kind: type[T], data: Any) -> T:
    """The inverse of `to_json_data`. Fields that `kind` does not know are ignored.

    Raises:
        pydantic.ValidationError: `data` is not of that kind.
    """
    return _adapter(cast(Any, kind)).validate_python(data, strict=False)
