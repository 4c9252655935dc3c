"""All errors that a user can act on, in one place to import them from."""

from corpus.errors import AssistantError, DocumentError, QuestionBankError
from index.errors import DeviceError, EmbedderError, EmbedderMismatchError, StoreError

__all__ = [
    "AssistantError",
    "BusyError",
    "DeviceError",
    "DocumentError",
    "EmbedderError",
    "EmbedderMismatchError",
    "ModelError",
    "QuestionBankError",
    "QuestionError",
    "SettingsError",
    "StoreError",
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
