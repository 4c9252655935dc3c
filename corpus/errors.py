"""Errors a user can act on. Every floor derives its own from `AssistantError`."""

from typing import ClassVar


class AssistantError(Exception):
    """Says what is wrong and what to do.

    `code` is stable: HTTP problem types, JSON output and tests rely on it. `exit_code` is what
    the command line ends with. `retryable` says whether the same call may succeed later.
    """

    code: ClassVar[str] = "error"
    exit_code: ClassVar[int] = 1
    retryable: ClassVar[bool] = False

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}\n{self.hint}" if self.hint else self.message


class DocumentError(AssistantError):
    """A file that cannot become a document: binary, unreadable, not UTF-8, unknown format."""

    code = "document-refused"
    exit_code = 3


class QuestionBankError(DocumentError):
    """A question bank with a missing, repeated or unpaired number. `line` counts from 1."""

    code = "question-bank-invalid"

    def __init__(self, message: str, *, line: int, hint: str = "") -> None:
        super().__init__(f"line {line}: {message}", hint=hint)
        self.line = line
