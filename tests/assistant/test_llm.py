import threading

import pytest
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, ToolMessage

from assistant.answering.background_writer import BackgroundWriter, until_stop_word
from assistant.answering.chat_template import ChatTemplate, Piece
from assistant.answering.llama_engine import Usage
from assistant.errors import BusyError, ModelError

CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
USAGE = Usage(1, 0, 0.0, 3, 0.0, "stop")


def test_the_template_is_laid_around_contents_that_it_never_sees():
    pieces = ChatTemplate(CHATML).pieces([("system", "{{ 7 * 7 }}"), ("user", "<|im_end|>")])
    assert pieces == [
        Piece("<|im_start|>system\n", True),
        Piece("{{ 7 * 7 }}", False),
        Piece("<|im_end|>\n<|im_start|>user\n", True),
        Piece("<|im_end|>", False),
        Piece("<|im_end|>\n<|im_start|>assistant\n", True),
    ]


def test_a_template_without_a_system_role_gets_it_at_the_head_of_the_first_user_message():
    source = (
        "{% for message in messages %}{% if message.role == 'system' %}"
        "{{ raise_exception('no system') }}{% endif %}[{{ message.content }}]{% endfor %}"
    )
    pieces = ChatTemplate(source).pieces([("system", "Be brief."), ("user", "Hello")])
    assert "".join(piece.text for piece in pieces) == "[Be brief.\n\nHello]"


@pytest.mark.parametrize(
    "source",
    [
        "{% for %}",
        "{{ messages[0].content }}",
        "{{ ''.__class__.__mro__ }}",
        "x" * 100_000,
    ],
    ids=["broken", "drops a message", "reaches for Python", "absurdly long"],
)
def test_a_template_that_cannot_be_used_is_refused(source):
    with pytest.raises(ModelError):
        ChatTemplate(source).pieces([("user", "one"), ("assistant", "two")])


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        (["one two"], "one two"),
        (["one ST", "OP two"], "one "),
        (["one S", "T", "ill"], "one STill"),
        (["STOP"], ""),
        (["a", "bEN", "D", "STOP"], "ab"),
        (["one ", "ST"], "one ST"),
    ],
)
def test_text_ends_before_the_first_stop_word_however_it_is_cut(pieces, expected):
    assert "".join(until_stop_word(pieces, ["STOP", "END"])) == expected


def test_writing_goes_on_to_its_end_when_nobody_reads():
    ended = threading.Event()

    def writing(stopped):
        yield from "abc"
        return USAGE

    BackgroundWriter(writing, cancel=None, at_end=ended.set)
    assert ended.wait(10)


def test_closing_stops_the_writing_before_it_returns():
    written = []

    def writing(stopped):
        while not stopped():
            written.append("x")
            yield "x"
        return USAGE

    ended = threading.Event()
    writer = BackgroundWriter(writing, cancel=None, at_end=ended.set)
    assert next(iter(writer)) == "x"
    writer.close()
    assert ended.is_set()
    assert writer.usage == USAGE


def test_an_error_in_the_writing_reaches_the_reader():
    def writing(stopped):
        yield "a"
        raise ModelError("it broke")

    writer = BackgroundWriter(writing, cancel=None, at_end=lambda: None)
    with pytest.raises(ModelError, match="it broke"):
        list(writer)


@pytest.fixture(scope="module")
def chat(weights):
    from assistant.answering.llm import LlamaCppChat
    from assistant.weights import resolve_model

    model = LlamaCppChat(
        model_path=resolve_model("smallest", weights),
        context_tokens=512,
        max_tokens=40,
        queue_limit=1,
    )
    yield model
    model.close()


MESSAGES = [SystemMessage("You answer in one sentence."), HumanMessage("What is a cat?")]


@pytest.mark.slow
class TestRealModel:
    def test_streamed_pieces_join_to_the_invoked_text(self, chat):
        streamed = list(chat.stream(MESSAGES))
        assert len(streamed) > 3
        assert "".join(piece.text for piece in streamed) == chat.invoke(MESSAGES).text

    def test_says_what_it_took(self, chat):
        message = chat.invoke(MESSAGES)
        metadata = message.response_metadata
        assert metadata["model_name"] == "SmolLM2-135M-Instruct.Q4_1"
        assert metadata["prompt_tokens"] == chat.get_num_tokens_from_messages(MESSAGES)
        assert metadata["generated_tokens"] == message.usage_metadata["output_tokens"] > 0
        assert metadata["generate_seconds"] > 0

    def test_a_prompt_that_begins_like_the_last_one_is_not_evaluated_twice(self, chat):
        chat.invoke(MESSAGES)
        again = chat.invoke([MESSAGES[0], HumanMessage("What is a dog?")])
        assert again.response_metadata["reused_tokens"] >= 10

    def test_a_prompt_has_one_reply_whatever_was_asked_before(self, chat):
        notes = " ".join(f"Cat {number} has {number % 7} kittens." for number in range(20))
        asked = [MESSAGES[0], HumanMessage(f"{notes} Has cat 3 kittens?")]
        alike = [MESSAGES[0], HumanMessage(f"{notes} Has cat 11 a mother?")]

        def reply():
            return chat.probability_of_yes(asked), chat.invoke(asked).text

        chat.invoke([HumanMessage("Something else.")])
        first = reply()
        assert reply() == first
        for before in (alike, MESSAGES, [*asked, AIMessage(first[1]), HumanMessage("And cat 4?")]):
            chat.invoke(before)
            assert reply() == first
        chat.warm([MESSAGES[0], HumanMessage(notes[:60])])
        assert reply() == first

    def test_control_words_in_a_message_stay_words(self, chat):
        plain = chat.get_num_tokens("<|im_end|>")
        assert plain > 1

    def test_the_token_limit_ends_the_text(self, chat):
        message = chat.invoke([HumanMessage("Count from one to one hundred.")], max_tokens=5)
        assert message.response_metadata["generated_tokens"] <= 5

    def test_the_seed_says_which_words_are_chosen_where_they_are_not_the_likeliest(self, chat):
        def reply(seed):
            return chat.invoke(MESSAGES, temperature=1.5, top_p=1.0, seed=seed).text

        assert reply(1) == reply(1)
        assert len({reply(seed) for seed in range(4)}) > 1

    def test_a_stop_word_ends_the_text(self, chat):
        word = chat.invoke(MESSAGES).text.split()[3]
        assert word not in chat.invoke(MESSAGES, stop=[word]).text

    def test_closing_the_stream_frees_the_model(self, chat):
        stream = chat.stream(MESSAGES)
        next(stream)
        assert chat.queue.busy
        stream.close()
        assert not chat.queue.busy

    def test_an_abandoned_stream_frees_the_model_in_the_end(self, chat):
        stream = chat.stream(MESSAGES)
        next(stream)
        assert chat.invoke(MESSAGES).text
        stream.close()

    def test_the_cancel_event_ends_the_text(self, chat):
        cancel = threading.Event()
        pieces = []
        for piece in chat.stream([HumanMessage("Tell a long story.")], cancel=cancel):
            pieces.append(piece)
            cancel.set()
        assert pieces[-1].response_metadata["finish_reason"] == "cancelled"

    def test_a_full_line_turns_the_next_away(self, chat):
        with chat.queue.join(), chat.queue.join(), pytest.raises(BusyError):
            chat.invoke(MESSAGES)

    def test_a_prompt_longer_than_the_context_is_refused_before_it_is_evaluated(self, chat):
        with pytest.raises(ModelError, match="context"):
            chat.invoke([HumanMessage("word " * 1000)])

    def test_a_deadline_that_has_passed_ends_the_text(self, chat):
        from assistant.answering.llm import LlamaCppChat

        model = LlamaCppChat(
            model_path=chat.model_path, context_tokens=512, timeout_seconds=1e-6, max_tokens=400
        )
        last = list(model.stream(MESSAGES))[-1]
        assert last.response_metadata["finish_reason"] == "deadline"
        model.close()

    def test_a_closed_model_says_so(self, chat):
        from assistant.answering.llm import LlamaCppChat

        model = LlamaCppChat(model_path=chat.model_path, context_tokens=512)
        model.close()
        model.close()
        with pytest.raises(ModelError, match="closed"):
            model.invoke(MESSAGES)

    def test_threads_that_ask_at_once_all_get_the_same_answer(self, chat):
        answers = []
        threads = [
            threading.Thread(target=lambda: answers.append(chat.invoke(MESSAGES).text))
            for _ in range(2)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(answers) == 2
        assert len(set(answers)) == 1

    def test_yes_and_no_are_probabilities_and_leave_the_text_as_it_was(self, chat):
        before = chat.invoke(MESSAGES).text
        assert 0 <= chat.probability_of_yes(MESSAGES) <= 1
        assert chat.invoke(MESSAGES).text == before

    def test_a_prompt_that_was_warmed_is_not_evaluated_twice(self, chat):
        chat.invoke([HumanMessage("Something else.")])
        chat.warm([*MESSAGES[:1], HumanMessage("What")])
        message = chat.invoke(MESSAGES)
        assert message.response_metadata["reused_tokens"] >= 10

    def test_history_is_accepted_and_tool_messages_are_not(self, chat):
        history = [HumanMessage("Hello"), AIMessage("Hi."), HumanMessage("Bye")]
        assert chat.get_num_tokens_from_messages(history) > 6
        with pytest.raises(ModelError):
            chat.invoke([ToolMessage("x", tool_call_id="1")])

    def test_a_file_that_is_no_model_is_refused(self, chat, tmp_path):
        from assistant.answering.llm import LlamaCppChat

        damaged = tmp_path / "damaged.gguf"
        damaged.write_bytes(chat.model_path.read_bytes()[:100_000])
        with pytest.raises(ModelError):
            LlamaCppChat(model_path=damaged)
        with pytest.raises(ModelError):
            LlamaCppChat(model_path=tmp_path / "missing.gguf")
