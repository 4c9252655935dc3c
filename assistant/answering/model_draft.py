"""The model's draft of an answer, read piece by piece, and what it took."""

import threading
import time
from collections.abc import Generator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

from langchain_core.runnables import RunnableConfig

from assistant.answering.llm import LlamaCppChat
from assistant.answering.prompts import Prompt

if TYPE_CHECKING:
    from langchain_core.language_models.chat_models import BaseChatModel


class ModelDraft:
    """Iterating streams the reply of any LangChain chat model to a prompt.

    After the end, `seconds` holds first_token, generate and queue, and `cut_off` says whether the
    text ended before its last sentence did. `options` go to the model. Closing the iterator
    stops the model, and so does setting `cancel`.
    """

    def __init__(
        self,
        chat_model: "BaseChatModel",
        prompt: Prompt,
        config: RunnableConfig | None,
        cancel: threading.Event,
        options: Mapping[str, Any],
    ) -> None:
        self._chat_model = chat_model
        self._prompt = prompt
        self._config = config
        self._cancel = cancel
        self._options = options
        self._metadata: dict[str, Any] = {}
        self.seconds: dict[str, float] = {}

    def __iter__(self) -> Generator[str, None, None]:
        # Other models have no such option; for them the loop below ends the stream.
        cancel = {"cancel": self._cancel} if isinstance(self._chat_model, LlamaCppChat) else {}
        started = time.monotonic()
        options: Any = {**self._options, **cancel}
        stream: Any = self._chat_model.stream(self._prompt, self._config, **options)
        try:
            with closing(stream) as chunks:
                for chunk in chunks:
                    self._metadata |= chunk.response_metadata
                    if text := chunk.text:
                        self.seconds.setdefault("first_token", time.monotonic() - started)
                        yield text
                    if self._cancel.is_set():
                        break
        finally:
            self.seconds["generate"] = time.monotonic() - started
            self.seconds["queue"] = self._metadata.get("queue_seconds", 0.0)

    @property
    def cut_off(self) -> bool:
        """Whether a limit ended the text, rather than the model."""
        return self._metadata.get("finish_reason", "stop") not in ("stop", "end_turn")
