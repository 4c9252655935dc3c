"""A model's own chat template, applied so that no text can pose as the template's control words."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from assistant.errors import ModelError

# The longest template of a known model is about 12,000 characters; nothing sane comes near this.
LONGEST_TEMPLATE = 65_536


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a prompt. Only in a `control` piece may text stand for control tokens."""

    text: str
    control: bool


class ChatTemplate:
    """Turns (role, content) pairs into the prompt that a model was trained on.

    The Jinja source comes with the weights. It is rendered in llama-cpp-python's immutable sandbox
    (CVE-2024-34359), and it never sees the contents: it is rendered with random marks in their
    place, once for each sequence of roles, and the contents are put between its pieces
    afterwards. So a passage that holds "<|im_end|>" is tokenised as these letters, not as the end
    of a turn.
    """

    def __init__(self, source: str, *, bos: str = "", eos: str = "") -> None:
        """Compile the template.

        Raises:
            ModelError: the template is no Jinja template, or is absurdly long.
        """
        if len(source) > LONGEST_TEMPLATE:
            raise ModelError(
                f"The model's chat template has {len(source):,} characters.",
                hint="Use the publisher's own file of the model.",
            )
        from llama_cpp.llama_chat_format import Jinja2ChatFormatter

        try:
            self._formatter = Jinja2ChatFormatter(template=source, bos_token=bos, eos_token=eos)
        except Exception as error:
            raise _unusable(error) from error
        self._pieces_by_roles = lru_cache(maxsize=64)(self._render)

    def pieces(self, messages: Sequence[tuple[str, str]]) -> list[Piece]:
        """The prompt for these (role, content) pairs, ending where the assistant is to speak.

        Where the template knows no system message, its content leads the first user message.

        Raises:
            ModelError: the template cannot hold this sequence of roles.
        """
        try:
            around = self._pieces_by_roles(tuple(role for role, _ in messages))
        except ModelError:
            if [role for role, _ in messages[:2]] != ["system", "user"]:
                raise
            (_, system), (_, user), *rest = messages
            return self.pieces([("user", f"{system}\n\n{user}"), *rest])
        result = []
        for control, (_, content) in zip(around, messages, strict=False):
            result += [Piece(control, True), Piece(content, False)]
        return [*result, Piece(around[-1], True)]

    def _render(self, roles: tuple[str, ...]) -> tuple[str, ...]:
        marks = [secrets.token_hex(16) for _ in roles]
        messages: list[Any] = [
            {"role": role, "content": mark} for role, mark in zip(roles, marks, strict=True)
        ]
        try:
            prompt = self._formatter(messages=messages).prompt
        except Exception as error:
            raise _unusable(error) from error
        pieces = []
        for mark in marks:
            before, found, prompt = prompt.partition(mark)
            if not found:
                raise ModelError(
                    f"The model's chat template has no place for the roles {', '.join(roles)}.",
                    hint="Use an instruction-tuned model.",
                )
            pieces.append(before)
        return (*pieces, prompt)


def _unusable(error: Exception) -> ModelError:
    return ModelError(
        f"The model's chat template cannot be applied: {error}",
        hint="Use the publisher's own file of an instruction-tuned model.",
    )
