"""Opens the images while the server already answers; the first time, the gallery is drawn."""

import logging
import threading
from typing import TYPE_CHECKING

from assistant.errors import AssistantError

if TYPE_CHECKING:
    from assistant.assistant import Assistant

logger = logging.getLogger(__name__)


class ImageOpening(threading.Thread):
    """Opens an assistant's images in the background. What it drew before `stop` is kept."""

    def __init__(self, assistant: "Assistant") -> None:
        super().__init__(name="open-images", daemon=True)
        self._assistant = assistant
        self._stopping = threading.Event()

    def run(self) -> None:
        """Open the images; what is in the way is logged, and told to whoever asks for images."""
        try:
            self._assistant.open_images(self._go_on)
        except _StoppedError:
            logger.info("Drawing the gallery goes on at the next start.")
        except AssistantError as error:
            logger.warning("The images cannot be opened: %s", error)

    def stop(self) -> None:
        """Stop at the next image and wait for the end."""
        self._stopping.set()
        self.join()

    def _go_on(self, done: int, total: int, what: str) -> None:
        if self._stopping.is_set():
            raise _StoppedError


class _StoppedError(Exception):
    """The server stops."""
