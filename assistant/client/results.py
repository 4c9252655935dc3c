"""What the server answers, as the types that the façade returns."""

import json
from collections.abc import Callable
from typing import Any, TypeVar, cast

import httpx
from pydantic import ValidationError

from assistant.client.calls import Call
from assistant.client.problems import raise_for_problem
from assistant.errors import ServerError
from assistant.serialisation import from_json_data

T = TypeVar("T")


def result_of(call: Call[T], response: httpx.Response) -> T:
    """What was called for.

    Raises the error that the response tells of, and `ServerError` where it cannot be understood.
    """
    if response.status_code == httpx.codes.NOT_FOUND and call.missing is not ...:
        return cast(T, call.missing)
    raise_for_problem(response)
    if call.kind is bytes:
        return cast(T, response.content)
    return parsed(lambda: from_json_data(call.kind, json_of(response.text)))


def parsed(read: Callable[[], T]) -> T:
    """What `read` returns; `ServerError` where the data have another form."""
    try:
        return read()
    except ValidationError as error:
        raise ServerError(
            f"The server's answer cannot be understood: {error.error_count()} fields are wrong.",
            hint="Is the server of a much older or newer version?",
        ) from error


def json_of(text: str) -> Any:
    """The data of a JSON text; `ServerError` where it is none."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise ServerError(
            "The server's answer is not JSON.", hint="Is this address the assistant's?"
        ) from error
