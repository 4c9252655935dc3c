"""Ways to rewrite follow-ups are told apart by what is found and what is left alone."""

from langchain_core.language_models.fake_chat_models import FakeListChatModel

from assistant.answering.types import Message, Question
from eval.datasets.bank_questions import read_bank_questions, standing_alone
from eval.followups import (
    AFTER_ANOTHER,
    ALONE,
    LEANING,
    followup_questions,
    followup_result,
    rewritten_by_model,
    ways,
)
from eval.record_log import RecordLog

FOLLOW_UP = Question(
    "How does it work?",
    (Message("user", "What is dropout?"), Message("assistant", "A regulariser.")),
)
STANDALONE = Question("What is U-Net?", FOLLOW_UP.history)


def test_the_model_is_asked_only_where_the_rules_see_an_ellipsis():
    found = ways(FakeListChatModel(responses=["How does dropout work?"]))
    assert found["both"](FOLLOW_UP) == "How does dropout work?"
    assert found["both"](STANDALONE) == "What is U-Net?"
    assert found["model"](STANDALONE) == "How does dropout work?"
    assert set(ways(None)) == {"as asked", "with history", "rules"}


def test_a_model_that_says_nothing_leaves_the_question():
    assert rewritten_by_model(FakeListChatModel(responses=[" "]))(FOLLOW_UP) == FOLLOW_UP.text


def test_questions_of_every_kind_have_a_conversation_before_them():
    questions = followup_questions("dev").questions
    assert {one.kind for one in questions} == {LEANING, ALONE, AFTER_ANOTHER}
    assert all(one.history and one.relevant for one in questions)
    alone = {one.id for one in questions if one.kind == ALONE}
    assert alone
    assert alone == standing_alone("dev")
    assert not standing_alone("test")
    for one in questions:
        if one.kind == AFTER_ANOTHER:
            assert one.history[0].text != one.text


def test_a_question_that_failed_is_neither_found_nor_left_alone(tmp_path):
    questions = followup_questions("dev")
    leaning = next(one for one in questions.questions if one.kind == LEANING)
    alone = next(one for one in questions.questions if one.kind == ALONE)
    made = {"rules": {"query": leaning.text, "place": 2}}
    with RecordLog(tmp_path / "records.jsonl", "run") as done:
        done.append({"stage": "rewritten", "id": leaning.id, "ways": made})
        done.append({"stage": "rewritten", "id": alone.id, "error": "it broke"})
        some = type(questions)("followups", "dev", (leaning, alone), questions.documents)
        result = followup_result("followups-dev", some, done, {})
    values = result["tables"]["followups"]["values"]["rules"]
    assert values[f"success@1, {LEANING}"]["value"] == 0
    assert values[f"success@5, {LEANING}"]["value"] == 1
    assert values[f"success@5, {ALONE}"]["value"] == 0
    assert values[f"left alone, {ALONE}"]["value"] == 0


def test_the_parts_that_are_measured_are_those_of_the_question_sets():
    asked = {one.id for one in read_bank_questions("test").questions}
    assert {one.id for one in followup_questions("test").questions} <= asked
