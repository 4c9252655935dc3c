"""Errors of the index that a user can act on."""

from corpus.errors import AssistantError


class StoreError(AssistantError):
    """The store cannot be opened, read or written (damaged, newer format, disk full, locked)."""

    code = "store-failed"
    exit_code = 4


class EmbedderMismatchError(StoreError):
    """The store was made with another embedder or chunker. The hint names the rebuild command."""

    code = "embedder-mismatch"


class DeviceError(AssistantError):
    """A device was asked for by name and is not there."""

    code = "device-unavailable"
    exit_code = 4


class EmbedderError(AssistantError):
    """An embedding model cannot be loaded from the folder given."""

    code = "embedder-unavailable"
    exit_code = 5


class ImageRefusedError(AssistantError):
    """A file that does not become a picture here. `reason` is one of a few stable words."""

    code = "image-refused"
    exit_code = 3

    def __init__(self, message: str, *, reason: str, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.reason = reason
