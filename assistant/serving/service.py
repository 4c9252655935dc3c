"""What all ways into one server share: the assistant, its line, the measures, the feedback."""

import asyncio
import logging
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from assistant.answering.types import Event, Message, Sampling
from assistant.errors import AssistantError
from assistant.serving.answer_line import AnswerLine
from assistant.serving.feedback import FeedbackStore
from assistant.serving.metrics import Metrics

if TYPE_CHECKING:
    from assistant.assistant import Assistant
    from assistant.settings import Settings

logger = logging.getLogger("assistant.serving")


@dataclass(slots=True)
class Service:
    """One server's parts. `model_problem` is why the language model cannot be loaded, if so."""

    assistant: "Assistant"
    settings: "Settings"
    metrics: Metrics
    line: AnswerLine
    feedback: FeedbackStore
    model_loaded: bool = False
    model_problem: str = ""
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def of(cls, assistant: "Assistant", settings: "Settings") -> "Service":
        """Put the parts together."""
        metrics = Metrics()

        def stream(
            question: str,
            history: Sequence[Message],
            cancel: threading.Event,
            sampling: Sampling | None,
        ) -> Iterator[Event]:
            return assistant.stream(question, history, cancel=cancel, sampling=sampling)

        line = AnswerLine(
            stream,
            metrics,
            waiting_limit=settings.queue_length,
            answer_seconds=settings.answer_seconds,
        )
        metrics.watch(line)
        return cls(assistant, settings, metrics, line, FeedbackStore(settings.home))

    @property
    def has_images(self) -> bool:
        """Whether the assistant can search images."""
        return hasattr(type(self.assistant), "images")

    @property
    def model_name(self) -> str:
        """Who answers: the model's own name once it is loaded, the setting before."""
        if self.model_loaded:
            return self.assistant.chain.model_name
        return self.assistant.status().language_model

    def count_tokens(self, text: str) -> int:
        """How many tokens the language model makes of `text`. Loads the model."""
        return self.assistant.chain.count_tokens(text)

    async def load_model(self) -> None:
        """Load the language model in a thread, so that the first question need not wait."""
        try:
            await asyncio.to_thread(lambda: self.assistant.chain)
            self.model_loaded = True
        except AssistantError as error:
            self.model_problem = str(error)
            logger.error("The language model cannot be loaded: %s", error)
