"""Like and dislike under an answer, with a word why."""

from typing import TYPE_CHECKING

from assistant.ui.chat import Turn, text_of
from assistant.ui.rendering import plain_text

if TYPE_CHECKING:
    from assistant.serving.service import Service


def question_and_answer(turns: list[Turn], index: int) -> tuple[str, str]:
    """The question and the plain answer of the turn at `index`."""
    question = ""
    for turn in turns[:index]:
        if turn["role"] == "user":
            question = text_of(turn)
    return question, plain_text(text_of(turns[index]))


def keep_opinion(service: "Service", turns: list[Turn], index: int, *, liked: bool) -> int:
    """Store a like or a dislike; its number, under which a comment can follow."""
    question, answer = question_and_answer(turns, index)
    model = service.model_name
    return service.feedback.add("like" if liked else "dislike", question, answer, model=model)
