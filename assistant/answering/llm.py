"""A LangChain chat model over llama.cpp: streaming, one request at a time, stopped on demand."""

import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.base import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from pydantic import ConfigDict, Field, PrivateAttr

from assistant.answering.background_writer import BackgroundWriter, until_stop_word
from assistant.answering.llama_engine import TOP_P, Device, LlamaEngine, Usage
from assistant.answering.queue import AdmissionQueue
from assistant.errors import ModelError

_ROLES: Mapping[str, str] = {"system": "system", "human": "user", "ai": "assistant"}


class LlamaCppChat(BaseChatModel):
    """An instruction-tuned GGUF model as a LangChain chat model.

    One context serves one request at a time; the others wait in a bounded fair queue. A request
    ends when the model ends, after `max_tokens`, after `timeout_seconds`, when the stream is
    closed, or when the `threading.Event` passed as `cancel=` is set; then the next one starts at
    once. The text is generated in a thread of its own, so that a reader who is slow, or never
    comes back, does not keep others waiting.

    The last chunk of a stream, and the message of `invoke`, carry `usage_metadata` and
    `response_metadata`: model_name, finish_reason ("stop", "length", "deadline" or "cancelled"),
    prompt_tokens, reused_tokens, generated_tokens, and the seconds of each stage in
    queue_seconds, prompt_seconds and generate_seconds.

    Set `OMP_WAIT_POLICY` before anything loads llama.cpp if another policy than the PASSIVE that
    `llama_library` chooses is wanted.
    """

    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    model_path: Path
    context_tokens: int = Field(default=3072, ge=256)
    threads: int | None = Field(default=None, ge=1)
    device: Device = "auto"
    temperature: float = Field(default=0.0, ge=0)
    max_tokens: int = Field(default=256, ge=1)
    seed: int = 0
    timeout_seconds: float = Field(default=120.0, gt=0)
    queue_limit: int = Field(default=16, ge=0)

    _engine: LlamaEngine = PrivateAttr()
    _queue: AdmissionQueue = PrivateAttr()

    def model_post_init(self, context: Any) -> None:
        """Load the model.

        Raises:
            ModelError: the file is missing, damaged, or no chat model.
            DeviceError: the device asked for is not there.
        """
        self._engine = LlamaEngine(
            self.model_path,
            context_tokens=self.context_tokens,
            threads=self.threads,
            device=self.device,
        )
        self._queue = AdmissionQueue(self.queue_limit)

    @property
    def queue(self) -> AdmissionQueue:
        """The line in front of the model."""
        return self._queue

    @property
    def model_name(self) -> str:
        """The file's name without its ending."""
        return self._engine.name

    @property
    def _llm_type(self) -> str:
        return "llama-cpp"

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        return {"model_name": self.model_name, "temperature": self.temperature}

    def get_num_tokens(self, text: str) -> int:
        """How many tokens the model makes of `text`."""
        return len(self._engine.tokens(text))

    def get_num_tokens_from_messages(
        self, messages: Sequence[BaseMessage], tools: Sequence[Any] | None = None
    ) -> int:
        """How many tokens the whole prompt has, chat template included."""
        return len(self._prompt(messages))

    def probability_of_yes(self, messages: LanguageModelInput) -> float:
        """How likely the model's reply begins with yes rather than no, in [0, 1].

        Prompts that begin alike share the work of their common beginning.

        Raises:
            ModelError: the prompt does not fit into the context.
            BusyError: too many requests wait already, or the turn did not come in time.
        """
        prompt = self._prompt(self._convert_input(messages).to_messages())
        with self._queue.join() as ticket:
            ticket.wait(self.timeout_seconds)
            return self._engine.probability(prompt, ("Yes", "yes", "YES"), ("No", "no", "NO"))

    def warm(self, messages: LanguageModelInput) -> None:
        """Evaluate a prompt in advance, so that one that begins alike starts sooner.

        Does nothing when the model is in use.
        """
        if self._queue.busy:
            return
        prompt = self._prompt(self._convert_input(messages).to_messages())
        with self._queue.join() as ticket:
            ticket.wait(self.timeout_seconds)
            self._engine.hold(prompt[:-1], lambda: self._queue.waiting > 0)

    def close(self) -> None:
        """Wait for the request that is being served, then free the model's memory."""
        with self._queue.join() as ticket:
            ticket.wait()
            self._engine.close()

    def _prompt(self, messages: Sequence[BaseMessage]) -> list[int]:
        pairs = []
        for message in messages:
            if message.type not in _ROLES:
                raise ModelError(f"The local model knows no messages of type {message.type}.")
            pairs.append((_ROLES[message.type], message.text))
        return self._engine.prompt(pairs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, run_manager, **kwargs))

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        *,
        cancel: threading.Event | None = None,
        max_tokens: int | None = None,
        temperature: float | None = None,
        top_p: float = TOP_P,
        seed: int | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        prompt = self._prompt(messages)
        started = time.monotonic()
        with self._queue.join() as ticket:
            if not ticket.wait(self.timeout_seconds, cancel):
                yield self._last_chunk(None, time.monotonic() - started)
                return
            queue_seconds = time.monotonic() - started

            def writing(stopped: Callable[[], bool]) -> Generator[str, None, Usage]:
                return self._engine.write(
                    prompt,
                    max_tokens=max_tokens or self.max_tokens,
                    temperature=self.temperature if temperature is None else temperature,
                    top_p=top_p,
                    seed=self.seed if seed is None else seed,
                    deadline=started + self.timeout_seconds,
                    stopped=stopped,
                )

            writer = BackgroundWriter(writing, cancel=cancel, at_end=ticket.leave)
            try:
                for piece in until_stop_word(writer, stop or []):
                    chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
                    if run_manager:
                        run_manager.on_llm_new_token(piece, chunk=chunk)
                    yield chunk
                ended_by_stop_word = writer.usage is None
            finally:
                writer.close()
            yield self._last_chunk(writer.usage, queue_seconds, ended_by_stop_word)

    def _last_chunk(
        self, usage: Usage | None, queue_seconds: float, ended_by_stop_word: bool = False
    ) -> ChatGenerationChunk:
        metadata: dict[str, Any] = {
            "model_name": self.model_name,
            "queue_seconds": queue_seconds,
            "finish_reason": "cancelled",
        }
        tokens = None
        if usage is not None:
            metadata |= asdict(usage)
            if ended_by_stop_word:
                metadata["finish_reason"] = "stop"
            tokens = UsageMetadata(
                input_tokens=usage.prompt_tokens,
                output_tokens=usage.generated_tokens,
                total_tokens=usage.prompt_tokens + usage.generated_tokens,
            )
        message = AIMessageChunk(
            content="",
            response_metadata=metadata,
            usage_metadata=tokens,
            chunk_position="last",
        )
        return ChatGenerationChunk(
            message=message, generation_info={"finish_reason": metadata["finish_reason"]}
        )
