"""One llama.cpp model with its one context: tokens in, tokens out. Not safe for two threads."""

import codecs
import math
import os
import time
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from assistant.answering.chat_template import ChatTemplate
from assistant.answering.llama_library import llama_library
from assistant.errors import DeviceError, ModelError

Device = Literal["auto", "cpu", "cuda"]
FinishReason = Literal["stop", "length", "deadline", "cancelled"]

# Tokens evaluated between two looks at the stop signal: about half a second on two cores, and
# as fast a token as larger batches there.
PROMPT_BATCH = 128

# Counts only where a caller asks for a temperature above 0, which no answer of ours does.
TOP_P = 0.9


@dataclass(frozen=True, slots=True)
class Usage:
    """What one run of the model took. `reused_tokens` of the prompt were in the context already."""

    prompt_tokens: int
    reused_tokens: int
    prompt_seconds: float
    generated_tokens: int
    generate_seconds: float
    finish_reason: FinishReason


class LlamaEngine:
    """Evaluates prompts and generates text, sharing the prefix of the prompt before.

    `threads` (all cores if None) evaluate the prompt; half of them generate, because generation
    waits for memory, and the other half is then free to check the sentences that are done.
    """

    def __init__(
        self,
        path: Path,
        *,
        context_tokens: int = 3072,
        threads: int | None = None,
        device: Device = "auto",
    ) -> None:
        """Load the model.

        Raises:
            ModelError: there is no such file, it is no GGUF model, or it cannot chat.
            DeviceError: `device` is "cuda" and llama.cpp was built without it.
        """
        if not path.is_file():
            raise ModelError(
                f"There is no model file {path}.",
                hint="`assistant weights pull` gets the default models.",
            )
        library = llama_library()
        offload = bool(library.llama_supports_gpu_offload())
        if device == "cuda" and not offload:
            raise DeviceError(
                "llama-cpp-python was built without CUDA.",
                hint='Reinstall it with CMAKE_ARGS="-DGGML_CUDA=on", or set device to auto.',
            )
        prompt_threads = threads or available_cores()
        try:
            self._llama: Any = library.Llama(
                str(path),
                n_ctx=context_tokens,
                n_batch=PROMPT_BATCH,
                n_threads=max(1, prompt_threads // 2),
                n_threads_batch=prompt_threads,
                n_gpu_layers=-1 if offload and device != "cpu" else 0,
                verbose=False,
            )
        except (ValueError, RuntimeError, OSError) as error:
            raise ModelError(
                f"{path.name} cannot be loaded: {error}",
                hint="Check that it is a complete GGUF file that this llama.cpp knows.",
            ) from error
        self.name = path.stem
        self.context_tokens = int(self._llama.n_ctx())
        self._library = library
        self._vocabulary = library.llama_model_get_vocab(self._llama.model)
        # Where the batches end in which the first tokens of the context were evaluated.
        self._held_ends: list[int] = []
        self._template = self._own_template()

    def _own_template(self) -> ChatTemplate:
        llama = self._llama
        source = llama.metadata.get("tokenizer.chat_template")
        if not source:
            raise ModelError(
                f"{self.name} has no chat template.",
                hint="Use an instruction-tuned model: its file says how it is spoken to.",
            )
        bos, eos = (
            llama._model.token_get_text(token) if token != -1 else ""
            for token in (llama.token_bos(), llama.token_eos())
        )
        return ChatTemplate(source, bos=bos, eos=eos)

    def prompt(self, messages: Sequence[tuple[str, str]]) -> list[int]:
        """The tokens of (role, content) pairs in the model's own chat template.

        Raises:
            ModelError: the template cannot hold these roles.
        """
        tokens: list[int] = []
        for piece in self._template.pieces(messages):
            tokens += self.tokens(piece.text, control=piece.control)
        wants_start = self._library.llama_vocab_get_add_bos(self._vocabulary)
        start = self._open().token_bos()
        if wants_start and start != -1 and tokens[:1] != [start]:
            tokens.insert(0, start)
        return tokens

    def tokens(self, text: str, *, control: bool = False) -> list[int]:
        """The tokens of a text. Words that stand for control tokens do so only if `control`."""
        if not text:
            return []
        return list(self._open().tokenize(text.encode(), add_bos=False, special=control))

    def hold(self, tokens: Sequence[int], stop: Callable[[], bool]) -> int | None:
        """Bring the context to hold just `tokens`; the number of them that need no work.

        None when `stop` asked to end before all were evaluated.

        Raises:
            ModelError: llama.cpp failed.
        """
        llama = self._open()
        common = 0
        for held, wanted in zip(llama.input_ids[: llama.n_tokens].tolist(), tokens, strict=False):
            if held != wanted:
                break
            common += 1
        ends = self._batch_ends(tokens)
        reused = 0
        for held, wanted in zip(self._held_ends, ends, strict=False):
            if held != wanted or held > common:
                break
            reused = held
        if reused < llama.n_tokens and not (reused and llama._ctx.kv_cache_seq_rm(-1, reused, -1)):
            # Recurrent models cannot go back to the middle of a text.
            llama.reset()
            reused = 0
        llama.n_tokens = reused
        self._held_ends = [end for end in ends if end <= reused]
        for end in ends[len(self._held_ends) :]:
            if stop():
                return None
            self._evaluate(tokens[llama.n_tokens : end])
            self._held_ends.append(end)
        return reused

    def _batch_ends(self, tokens: Sequence[int]) -> list[int]:
        """Where the batches end in which `tokens` are evaluated: after each turn of the
        conversation, and after `PROMPT_BATCH` tokens within one.

        They follow from the tokens alone, and only whole batches are reused. llama.cpp's sums
        differ with the size of a batch, enough to change an answer; so a prompt has one reply,
        whatever was asked before it.
        """
        ends: list[int] = []
        start = 0
        for place, token in enumerate(tokens, start=1):
            turn_ends = self._library.llama_vocab_is_eog(self._vocabulary, token)
            if turn_ends or place - start == PROMPT_BATCH or place == len(tokens):
                ends.append(place)
                start = place
        return ends

    def _evaluate(self, tokens: Sequence[int]) -> None:
        try:
            self._open().eval(tokens)
        except RuntimeError as error:
            self._open().reset()
            raise ModelError(f"The language model failed: {error}") from error

    def _check_length(self, prompt: Sequence[int]) -> None:
        if not prompt or len(prompt) >= self.context_tokens:
            raise ModelError(
                f"The prompt has {len(prompt)} tokens, the model's context {self.context_tokens}.",
                hint="Ask with fewer or shorter passages, or raise the setting context_tokens.",
            )

    def _open(self) -> Any:
        # A closed model would end the process, not the call.
        if self._llama is None:
            raise ModelError("The language model was closed.", hint="Open the assistant again.")
        return self._llama

    def write(
        self,
        prompt: Sequence[int],
        *,
        max_tokens: int,
        temperature: float,
        seed: int,
        deadline: float,
        top_p: float = TOP_P,
        stopped: Callable[[], bool],
    ) -> Generator[str, None, Usage]:
        """Generate after `prompt`, piece by piece of whole characters; returns the usage.

        Temperature 0 takes the likeliest token each time. `deadline` is a `time.monotonic()`;
        then, or as soon as `stopped` says so, the text ends where it is.

        Raises:
            ModelError: the prompt does not fit, or llama.cpp failed.
        """
        self._check_length(prompt)
        started = time.monotonic()
        # The last token is evaluated by the generation, which chooses the next one from it.
        reused = self.hold(prompt[:-1], lambda: stopped() or time.monotonic() > deadline)
        prompt_done = time.monotonic()
        generated = 0
        finish: FinishReason = "cancelled" if stopped() else "deadline"
        if reused is not None:
            room = min(max_tokens, self.context_tokens - len(prompt))
            decoder = codecs.getincrementaldecoder("utf-8")("replace")
            self._open().set_seed(seed)
            finish = "length"
            for token in self._next_tokens(prompt[-1], temperature, top_p):
                if self._library.llama_vocab_is_eog(self._vocabulary, token):
                    finish = "stop"
                    break
                generated += 1
                if piece := decoder.decode(self._open().detokenize([token])):
                    yield piece
                if stopped():
                    finish = "cancelled"
                elif time.monotonic() > deadline:
                    finish = "deadline"
                elif generated < room:
                    continue
                break
            if rest := decoder.decode(b"", final=True):
                yield rest
        return Usage(
            prompt_tokens=len(prompt),
            reused_tokens=reused or 0,
            prompt_seconds=prompt_done - started,
            generated_tokens=generated,
            generate_seconds=time.monotonic() - prompt_done,
            finish_reason=finish,
        )

    def _next_tokens(
        self, last: int, temperature: float, top_p: float
    ) -> Generator[int, None, None]:
        llama = self._open()
        try:
            yield from llama.generate([last], temp=temperature, top_p=top_p, reset=False)
        except RuntimeError as error:
            llama.reset()
            raise ModelError(f"The language model failed: {error}") from error

    def probability(
        self, prompt: Sequence[int], wanted: Sequence[str], others: Sequence[str]
    ) -> float:
        """How likely the next token begins one of `wanted`, against those that begin `others`.

        Only the first token of each word counts, after a start of line and after a space.

        Raises:
            ModelError: the prompt does not fit.
        """
        self._check_length(prompt)
        self.hold(prompt[:-1], lambda: False)
        self._evaluate(prompt[-1:])
        logits = self._library.llama_get_logits_ith(self._open().ctx, -1)

        def log_sum(words: Sequence[str]) -> float:
            first = {self.tokens(f"{space}{word}")[0] for word in words for space in ("", " ")}
            values = [float(logits[token]) for token in first]
            top = max(values)
            return top + math.log(sum(math.exp(value - top) for value in values))

        return 1 / (1 + math.exp(min(700.0, log_sum(others) - log_sum(wanted))))

    def close(self) -> None:
        """Free the model's memory. Closing twice does nothing."""
        llama, self._llama = self._llama, None
        if llama is not None:
            llama.close()


def available_cores() -> int:
    """How many cores this process may run on."""
    affinity: Any = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1
