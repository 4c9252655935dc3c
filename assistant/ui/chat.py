"""The chat tab: a question goes in, passages, a growing answer and its sources come out."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any

from assistant.answering.types import Done, Message, Retrieved, Sentence, Token
from assistant.errors import AssistantError
from assistant.serving.answer_line import Waiting
from assistant.serving.problems import problem_of
from assistant.ui.illustrations import illustrations_html
from assistant.ui.pictures import picture_of, pictures_html, pictures_like, titles_html
from assistant.ui.rendering import (
    answer_block,
    answer_html,
    growing_html,
    passages_html,
    plain_text,
    problem_html,
    sentences_html,
    step_html,
)
from assistant.ui.sources import SourceGroup, panel_html, retrieved_group, source_group

if TYPE_CHECKING:
    from assistant.serving.service import Service

Turn = dict[str, Any]

# Tokens come faster than a page should be drawn.
DRAW_SECONDS = 0.1
SEARCHING = "Searching …"
READING = "Reading …"


def said(html: str) -> Turn:
    """Something that the assistant says."""
    return {"role": "assistant", "content": html}


def text_of(turn: Turn) -> str:
    """The text of a turn, whatever form its content has."""
    content = turn.get("content")
    if isinstance(content, str):
        return content
    if isinstance(content, dict):
        content = [content]
    parts = [
        part if isinstance(part, str) else part.get("text") or ""
        for part in content or ()
        if isinstance(part, str | dict)
    ]
    return "\n".join(part for part in parts if part)


def conversation_of(turns: Sequence[Turn]) -> list[Message]:
    """What was said, as the assistant takes it: no chips, no notes."""
    messages = []
    for turn in turns:
        text = text_of(turn)
        if turn["role"] == "assistant":
            text = plain_text(text)
        if text.strip():
            messages.append(Message("user" if turn["role"] == "user" else "assistant", text))
    return messages


class Chat:
    """Answers in one server's chat. Keeps nothing between calls: the page holds the turns."""

    def __init__(self, service: "Service") -> None:
        self._service = service

    async def respond(
        self, turns: list[Turn], groups: list[SourceGroup]
    ) -> AsyncIterator[tuple[list[Turn], str, list[SourceGroup]]]:
        """Answer the last turn; yields (turns, Sources panel, sources by answer) as it grows."""
        if not turns or turns[-1]["role"] != "user":
            yield turns, panel_html(groups), groups
            return
        question = text_of(turns[-1])
        before = conversation_of(turns[:-1])
        shown = "".join(text_of(turn) for turn in turns)
        groups = [group for group in groups if group.key in shown]
        growing = _GrowingAnswer(question)
        picture = picture_of(turns[-1]) if self._service.has_images else None
        yield [*turns, growing.turn()], panel_html(groups), groups
        drawn = 0.0
        clock = asyncio.get_running_loop().time
        try:
            if picture is not None:
                hits = await pictures_like(self._service, picture)
                growing.show_pictures(pictures_html(self._service, hits), titles_html(hits))
                groups = [*groups, growing.pictures]
                yield [*turns, growing.turn()], panel_html(groups), groups
                if not question.strip():
                    return
            async for event in self._service.line.events(question, before):
                if isinstance(event, Done) and self._service.has_images:
                    growing.illustrations = await asyncio.to_thread(
                        illustrations_html, self._service, event.answer
                    )
                growing.take(event)
                if isinstance(event, Token) and clock() - drawn < DRAW_SECONDS:
                    continue
                drawn = clock()
                now = [*groups, growing.sources] if growing.sources else groups
                yield [*turns, growing.turn()], panel_html(now), now
        except Exception as error:
            problem = problem_of(error)
            hint = error.hint if isinstance(error, AssistantError) else problem["hint"]
            growing.fail(problem["detail"], hint)
            yield [*turns, growing.turn()], panel_html(groups), groups


class _GrowingAnswer:
    """What is shown of one answer while its events come."""

    def __init__(self, question: str) -> None:
        self.sources: SourceGroup | None = None
        self.pictures = SourceGroup("", "", "")
        self.illustrations = ""
        self._question = question
        self._key = secrets.token_hex(4)
        self._step = step_html(SEARCHING, pending=True)
        self._titles: dict[str, str] = {}
        self._sentences: list[Sentence] = []
        self._draft = ""
        self._final = ""
        self._titles_of_pictures = ""

    def take(self, event: object) -> None:
        """Let an event change what is shown."""
        self._final = ""
        match event:
            case Waiting(position):
                before = position + 1
                self._step = step_html(
                    f"Waiting: {before} questions are before yours", pending=True
                )
            case Retrieved(hits, _):
                found = "1 passage" if len(hits) == 1 else f"{len(hits)} passages"
                self._step = step_html(f"Found {found}", passages_html(hits))
                self._titles = {hit.document.id: hit.document.title for hit in hits}
                self.sources = retrieved_group(hits, self._key, self._question)
            case Token(text):
                self._draft += text
            case Sentence():
                self._sentences.append(event)
                self._draft = after(self._draft, event.text)
            case Done(answer):
                step = self._titles_of_pictures + self._step
                self._final = answer_html(answer, self._key, step, self.illustrations)
                self.sources = source_group(answer, self._key, self._question)

    def show_pictures(self, pictures: str, titles: str) -> None:
        """Show the pictures that look like the one that came with the question."""
        self.pictures = SourceGroup(f"pictures-{self._key}", "your picture", pictures)
        self._titles_of_pictures = f'<p class="{self.pictures.key}">{titles}</p>'
        self._final = answer_block(self._titles_of_pictures)

    def fail(self, message: str, hint: str) -> None:
        """Show a problem in place of an answer."""
        self._final = problem_html(message, hint)

    def turn(self) -> Turn:
        """The turn of this answer."""
        if self._final:
            return said(self._final)
        checked = sentences_html(self._sentences, self._key, self._titles)
        reading = step_html(READING, pending=True) if self.sources and not self._draft else ""
        return said(
            growing_html(checked, self._draft, self._titles_of_pictures + self._step + reading)
        )


def after(draft: str, sentence: str) -> str:
    """What of the draft follows a sentence that has been checked."""
    words = sentence.split("[", 1)[0].strip(" .!?")
    place = draft.find(words[-40:]) if words else -1
    if place < 0:
        return draft
    return draft[place + len(words[-40:]) :].lstrip(" .!?")
