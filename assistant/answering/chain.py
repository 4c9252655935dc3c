"""From a question to a checked answer: contextualise, retrieve, judge, generate, ground."""

# LangChain names the argument of its runnables `input`.
# ruff: noqa: A002
import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import Any, Literal

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.runnables import Runnable, RunnableConfig

from assistant.answering.abstention import Judge, Judgement
from assistant.answering.composition import Composition, refusal
from assistant.answering.draft import DraftSentence, SentenceCutter
from assistant.answering.evidence import EvidenceSentence, evidence_sentences
from assistant.answering.followups import standalone_question
from assistant.answering.grounding import Grounding
from assistant.answering.llm import LlamaCppChat
from assistant.answering.model_draft import ModelDraft
from assistant.answering.prompts import answer_prompt
from assistant.answering.question_parts import ROOM_FOR_PARTS
from assistant.answering.retriever import Found, PassageSearch, find_passages
from assistant.answering.selection import SentenceSelection, is_narrow
from assistant.answering.stop_watch import StopWatch
from assistant.answering.types import (
    Answer,
    Done,
    Event,
    Question,
    Retrieved,
    Sentence,
    Token,
)

# A sentence is rarely half as long; a table or a line without an end may be endless. The
# longest sentence of the bank has 278 characters, so no figure on it depends on this.
LONGEST_NOTE = 800
# For models that cannot count tokens themselves: the usual rule of thumb for English. No verdict
# hangs on it.
BYTES_A_TOKEN = 4


@dataclass(frozen=True, slots=True)
class AnsweringSettings:
    """How answers are made.

    `passages` are searched for each question; the sentences chosen from them, `answer_words`
    words or a little more, are what the model reads and what a complete answer says.
    `unsupported` is what happens to a sentence of the draft without support.

    What the words are worth is measured by `python -m eval.sentence_choice`; what the passages are,
    by `assistant eval run --suite bank --part dev --passages N`.
    """

    passages: int = 4
    answer_words: int = 105
    unsupported: Literal["withhold", "mark"] = "withhold"


class AnsweringChain(Runnable[Question | str, Answer]):
    """Answers questions from passages; a LangChain runnable.

    `invoke` gives an `Answer`. `stream` gives the events of the answer as they happen: Retrieved,
    then Token and Sentence, then Done; closing it, or setting the `threading.Event` that was
    passed as `cancel`, stops the model. In a composition with `|` the next step gets the Answer.

    Any LangChain chat model will do. `search` is a `PassageIndex` or anything that searches alike.
    The timings of an answer are seconds: queue, contextualise, search, judge, first_token,
    generate, ground and total.
    """

    def __init__(
        self,
        search: PassageSearch,
        chat_model: BaseChatModel,
        *,
        grounding: Grounding,
        selection: SentenceSelection,
        judge: Judge,
        settings: AnsweringSettings | None = None,
    ) -> None:
        self._search = search
        self._chat_model = chat_model
        self._grounding = grounding
        self._selection = selection
        self._judge = judge
        self._settings = settings or AnsweringSettings()

    @property
    def judge(self) -> Judge:
        """What decides whether a question is answered."""
        return self._judge

    @property
    def model_name(self) -> str:
        """The name of the language model, as answers carry it."""
        name = getattr(self._chat_model, "model_name", None)
        return str(name or getattr(self._chat_model, "model", None) or self._chat_model._llm_type)

    def count_tokens(self, text: str) -> int:
        """How many tokens `text` has for the language model.

        Of a model at an endpoint, whose tokenizer is not here, an estimate: 4 bytes each.
        """
        if isinstance(self._chat_model, LlamaCppChat):
            return self._chat_model.get_num_tokens(text)
        return -(-len(text.encode()) // BYTES_A_TOKEN)

    def invoke(
        self, input: Question | str, config: RunnableConfig | None = None, **kwargs: Any
    ) -> Answer:
        """Answer a question.

        Raises:
            BusyError: too many questions wait for the model.
            ModelError: the language model failed.
        """
        for event in self.stream(input, config, **kwargs):
            if isinstance(event, Done):
                return event.answer
        raise AssertionError("A stream that nobody closes ends with Done or an error.")

    def stream(  # type: ignore[override]
        self,
        input: Question | str,
        config: RunnableConfig | None = None,
        *,
        cancel: threading.Event | None = None,
        **kwargs: Any,
    ) -> Iterator[Event]:
        """The events of an answer. After `cancel` was set they end without Done.

        What else is given by name goes to the language model: temperature, top_p, seed and what
        it knows besides. Raises what `invoke` raises.
        """
        question = Question(input) if isinstance(input, str) else input
        return self._events(question, config, cancel or threading.Event(), kwargs)

    def transform(
        self,
        input: Iterator[Question | str],
        config: RunnableConfig | None = None,
        **kwargs: Any,
    ) -> Iterator[Answer]:
        """The answer to the last of the questions: what compositions with `|` stream through."""
        *_, last = input
        yield self.invoke(last, config, **kwargs)

    async def astream(  # type: ignore[override]
        self,
        input: Question | str,
        config: RunnableConfig | None = None,
        *,
        cancel: threading.Event | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[Event]:
        """As `stream`, from a thread. Ending the iteration early stops the model."""
        cancel = cancel or threading.Event()
        events = self.stream(input, config, cancel=cancel, **kwargs)
        loop = asyncio.get_running_loop()
        # One thread, so that closing waits its turn behind the step that is still running.
        thread = ThreadPoolExecutor(1, thread_name_prefix="answer")
        try:
            while (event := await loop.run_in_executor(thread, next, events, None)) is not None:
                yield event
        finally:
            cancel.set()
            thread.submit(events.close)  # type: ignore[attr-defined]
            thread.shutdown(wait=False)

    def _events(
        self,
        question: Question,
        config: RunnableConfig | None,
        cancel: threading.Event,
        options: Mapping[str, Any],
    ) -> Iterator[Event]:
        watch = StopWatch()
        standalone = standalone_question(question)
        watch.lap("contextualise")
        found = find_passages(self._search, standalone, self._settings.passages)
        standalone, hits = found.question, found.hits
        watch.lap("search")
        yield Retrieved(hits, standalone)
        watch.restart()
        judgement = self._judge.judge(found)
        watch.lap("judge")
        evidence = evidence_sentences(hits) if judgement.verdict != "refuse" else []
        if not evidence:
            yield Done(refusal(hits, judgement, self.model_name, watch.timings))
            return
        asked = standalone if judgement.verdict == "answer" else " ".join(judgement.answered)
        needed = self._needed(judgement, found, evidence)
        composition = Composition(
            evidence,
            needed,
            self._grounding,
            self._settings.unsupported,
            narrow=is_narrow(asked),
        )
        watch.lap("select")
        cutter = SentenceCutter()
        prompt = answer_prompt(asked, [_note(one) for one in needed])
        draft = ModelDraft(self._chat_model, prompt, config, cancel, options)
        with closing(iter(draft)) as pieces:
            for piece in pieces:
                yield Token(piece)
                for sentence in cutter.feed(piece):
                    yield from self._checked(composition, sentence, watch)
                if composition.finished:
                    break
        if cancel.is_set():
            return
        watch.add_all(draft.seconds)
        watch.restart()
        if not composition.finished:
            for sentence in cutter.end(cut_off=draft.cut_off):
                yield from self._checked(composition, sentence, watch)
        yield from composition.complete()
        watch.lap("after_last_token")
        yield Done(composition.answer(hits, judgement, self.model_name, watch.timings))

    def _needed(
        self, judgement: Judgement, found: Found, evidence: Sequence[EvidenceSentence]
    ) -> list[EvidenceSentence]:
        """The sentences needed for the parts that are answered, each part with its share."""
        answered = [part for part in found.by_part if part in judgement.answered]
        share = share_of_words(self._settings.answer_words, len(answered))
        needed = [
            one
            for part in answered
            for one in self._selection.choose(part, evidence, found.by_part[part], words=share)
        ]
        return list(dict.fromkeys(needed))

    @staticmethod
    def _checked(
        composition: Composition, draft: DraftSentence, watch: StopWatch
    ) -> Iterator[Sentence]:
        started = time.monotonic()
        sentences = composition.add(draft)
        watch.add("ground", time.monotonic() - started)
        yield from sentences


def share_of_words(words: int, parts: int) -> int:
    """How many of an answer's words each of the parts of a question gets."""
    return words if parts < 2 else int(words * ROOM_FOR_PARTS / parts)


def _note(one: EvidenceSentence) -> str:
    """A sentence as the model reads it, without what would fill its context."""
    text = f"{one.lead} {one.text}" if one.lead else one.text
    return text[:LONGEST_NOTE]
