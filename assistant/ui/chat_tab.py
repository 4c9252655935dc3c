"""The chat tab's components, and what happens when they are used."""

from typing import TYPE_CHECKING, Any

import gradio as gr

from assistant.ui.chat import Chat, Turn, said, text_of
from assistant.ui.feedback import keep_opinion
from assistant.ui.rendering import PENDING, answer_block
from assistant.ui.sources import EMPTY

if TYPE_CHECKING:
    from assistant.serving.service import Service

EXAMPLES = (
    "Why do detectors use anchor boxes?",
    "What are adversarial attacks?",
    "How does batch normalization help training?",
    "What is the difference between semantic and instance segmentation?",
)
PLACEHOLDER = (
    "<h2>Ask your documents</h2><p>Every sentence of an answer shows where it comes from.</p>"
)
STOPPED = answer_block('<p class="aside">Stopped.</p>', "problem")
COMMENT_CHARACTERS = 2000


class ChatTab:
    """The chat and its sources. Building one puts it into the Blocks that are being built."""

    def __init__(self, service: "Service") -> None:
        self._service = service
        self._chat = Chat(service)
        with gr.Row(elem_classes="chat-row"):
            with gr.Column(scale=3, min_width=300):
                self._chatbot = conversation()
                with gr.Row(visible=False, elem_id="comment-row") as self._comment_row:
                    self._comment = gr.Textbox(
                        label="What was good or wrong? (optional)",
                        max_length=COMMENT_CHARACTERS,
                        scale=4,
                    )
                    self._send_comment = gr.Button("Send", scale=1, min_width=80)
                self._box = question_box(
                    service.settings.question_characters, with_pictures=service.has_images
                )
            with gr.Column(scale=2, min_width=300):
                self._sources = gr.HTML(EMPTY, elem_id="sources", padding=False)
        self._groups = gr.State([])
        self._opinion = gr.State(0)
        self._connect_answers()
        self._connect_opinions()

    def _connect_answers(self) -> None:
        chatbot, box = self._chatbot, self._box
        private: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
        quick = private | {"queue": False}
        respond: dict[str, Any] = private | {
            "fn": self._chat.respond,
            "inputs": [chatbot, self._groups],
            "outputs": [chatbot, self._sources, self._groups],
            # The line in front of the model bounds how many run, and says who waits.
            "concurrency_limit": None,
        }
        answers = [box.submit(ask, [box, chatbot], [box, chatbot], **quick).then(**respond)]
        for event in (
            chatbot.example_select(ask_example, None, chatbot, **quick),
            chatbot.retry(ask_again, chatbot, chatbot, **quick),
            chatbot.edit(ask_otherwise, chatbot, chatbot, **quick),
        ):
            answers.append(event.then(busy, None, box, **quick).then(**respond))
        for event in answers:
            event.then(free, None, box, **quick)
        box.stop(stop, chatbot, [chatbot, box], cancels=answers, **quick)
        chatbot.undo(take_back, chatbot, [chatbot, box], **quick)
        chatbot.clear(forget, None, [self._sources, self._groups, box], cancels=answers, **quick)

    def _connect_opinions(self) -> None:
        quick: dict[str, Any] = {"api_visibility": "private", "queue": False}

        def give_opinion(turns: list[Turn], choice: gr.LikeData) -> tuple[int, Any, Any]:
            place = turn_index(choice.index)
            number = keep_opinion(self._service, turns, place, liked=choice.liked is True)
            return number, gr.Row(visible=True), gr.Textbox("")

        def give_comment(number: int, text: str) -> Any:
            if text.strip():
                self._service.feedback.comment(number, text.strip()[:COMMENT_CHARACTERS])
                gr.Info("Thank you, your comment is kept.")
            return gr.Row(visible=False)

        outputs = [self._opinion, self._comment_row, self._comment]
        self._chatbot.like(give_opinion, self._chatbot, outputs, **quick)
        gr.on(
            [self._send_comment.click, self._comment.submit],
            give_comment,
            [self._opinion, self._comment],
            self._comment_row,
            api_visibility="private",
        )


def conversation() -> gr.Chatbot:
    """The conversation, with examples while it is empty."""
    return gr.Chatbot(
        label="Conversation",
        show_label=False,
        elem_id="conversation",
        placeholder=PLACEHOLDER,
        examples=[{"text": text} for text in EXAMPLES],
        layout="bubble",
        height="calc(100dvh - 225px)",
        min_height=320,
        buttons=["copy"],
        editable="user",
        feedback_options=("Like", "Dislike"),
        latex_delimiters=[],
        allow_file_downloads=False,
        allow_tags=False,
    )


def question_box(longest: int, *, with_pictures: bool) -> Any:
    """Where questions are written, and pictures attached where there are pictures to compare."""
    common: dict[str, Any] = {
        "label": "Your question",
        "show_label": False,
        "placeholder": "Ask a question",
        "elem_id": "question",
        "lines": 1,
        "max_lines": 8,
        "submit_btn": True,
        "stop_btn": False,
        "autofocus": True,
    }
    if not with_pictures:
        return gr.Textbox(max_length=longest, **common)
    return gr.MultimodalTextbox(
        sources=["upload"],
        file_types=["image"],
        file_count="single",
        # Long questions stay questions: they do not become attached files.
        max_plain_text_length=longest + 1,
        **common,
    )


def busy() -> Any:
    """The question box while an answer is written."""
    return gr.update(submit_btn=False, stop_btn=True)


def free() -> Any:
    """The question box when a question may be asked."""
    return gr.update(submit_btn=True, stop_btn=False)


def ask(asked: str | dict[str, Any], turns: list[Turn]) -> tuple[Any, list[Turn]]:
    """Put the question, and the picture that is attached, into the conversation."""
    text, files = (asked, []) if isinstance(asked, str) else (asked["text"], asked["files"])
    text = (text or "").strip()
    if not text and not files:
        return free(), turns
    content = [*({"path": file} for file in files[:1]), *([text] if text else [])]
    emptied = "" if isinstance(asked, str) else {"text": "", "files": []}
    box = gr.update(value=emptied, submit_btn=False, stop_btn=True)
    return box, [*turns, {"role": "user", "content": content}]


def ask_example(choice: gr.SelectData) -> list[Turn]:
    """Begin the conversation with an example."""
    return [{"role": "user", "content": choice.value["text"]}]


def ask_again(turns: list[Turn], choice: gr.RetryData) -> list[Turn]:
    """Go back to the question, to answer it again."""
    return up_to_question(turns, turn_index(choice.index))


def ask_otherwise(turns: list[Turn], change: gr.EditData) -> list[Turn]:
    """Go back to a question and put another in its place."""
    place = turn_index(change.index)
    return [*turns[:place], {"role": "user", "content": change.value}]


def take_back(turns: list[Turn], choice: gr.UndoData) -> tuple[list[Turn], Any]:
    """Take the last question out of the conversation and put it into the box again."""
    kept = up_to_question(turns, turn_index(choice.index))
    return kept[:-1], text_of(kept[-1]) if kept else ""


def stop(turns: list[Turn]) -> tuple[list[Turn], Any]:
    """Say that the answer was stopped."""
    return stopped(turns), free()


def forget() -> tuple[str, list[Any], Any]:
    """Empty the sources with the conversation."""
    return EMPTY, [], free()


def turn_index(index: Any) -> int:
    """The place of a turn, which Gradio gives alone or with the place inside of the turn."""
    return index[0] if isinstance(index, list | tuple) else index


def up_to_question(turns: list[Turn], index: int) -> list[Turn]:
    """The turns up to the last question at or before `index`."""
    while index >= 0 and (index >= len(turns) or turns[index]["role"] != "user"):
        index -= 1
    return turns[: index + 1]


def stopped(turns: list[Turn]) -> list[Turn]:
    """The turns after somebody stopped the answer: nothing goes on turning."""
    if turns and turns[-1]["role"] == "assistant":
        turns = [*turns[:-1], said(text_of(turns[-1]).replace(PENDING, ""))]
    return [*turns, said(STOPPED)]
