"""All errors that a user can act on, in one place to import them from."""

from corpus.errors import AssistantError, DocumentError, QuestionBankError
from index.errors import (
    DeviceError,
    EmbedderError,
    EmbedderMismatchError,
    ImageRefusedError,
    StoreError,
)

__all__ = [
    "AccessError",
    "AnswerTimeoutError",
    "AssistantError",
    "BusyError",
    "DeviceError",
    "DocumentError",
    "EmbedderError",
    "EmbedderMismatchError",
    "ImageRefusedError",
    "ListenError",
    "ModelError",
    "QuestionBankError",
    "QuestionError",
    "ServerError",
    "SettingsError",
    "StoreError",
    "UnreachableError",
    "UploadError",
    "WeightsError",
]


class QuestionError(AssistantError):
    """The question cannot be asked: empty, or too long."""

    code = "question-invalid"
    exit_code = 2


class SettingsError(AssistantError):
    """A setting is unknown or has a value that it cannot have."""

    code = "settings-invalid"
    exit_code = 2


class WeightsError(AssistantError):
    """Weights cannot be had, or are not the publisher's bytes."""

    code = "weights-unavailable"
    exit_code = 5


class ModelError(AssistantError):
    """The language model cannot be loaded or failed while it wrote."""

    code = "model-failed"
    exit_code = 5


class BusyError(AssistantError):
    """The bounded queue in front of the language model is full."""

    code = "busy"
    exit_code = 6
    retryable = True


class AnswerTimeoutError(AssistantError):
    """An answer was not ready within its time limit."""

    code = "answer-timeout"
    exit_code = 5
    retryable = True


class ListenError(AssistantError):
    """The server cannot listen on the address of the settings."""

    code = "cannot-listen"
    exit_code = 2


class UploadError(DocumentError):
    """An upload is larger, or has more files, than the settings allow."""

    code = "too-large"


class AccessError(AssistantError):
    """A server asks for a key that was not given, or refuses where a request comes from."""

    code = "access-denied"
    exit_code = 2


class UnreachableError(AssistantError):
    """No server answers at the address, or the connection broke."""

    code = "server-unreachable"
    exit_code = 7
    retryable = True


class ServerError(AssistantError):
    """A server answered with something that this client does not understand, or failed."""

    code = "server-failed"
    exit_code = 7
