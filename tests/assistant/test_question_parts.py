import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.answering.question_parts import question_parts


@pytest.mark.parametrize(
    ("question", "parts"),
    [
        ("What is U-Net, and who invented it?", ["What is U-Net?", "Who invented U-Net?"]),
        (
            "Which networks segment instances, and what is panoptic segmentation?",
            ["Which networks segment instances?", "What is panoptic segmentation?"],
        ),
        ("What is SMOTE? How fast is it?", ["What is SMOTE?", "How fast is SMOTE?"]),
        (
            "Explain quantization and tell me what it costs.",
            ["Explain quantization?", "Tell me what it costs (quantization)?"],
        ),
        (
            "I deploy a CNN: what are the main challenges, and how do we write the Dockerfile?",
            ["I deploy a CNN: what are the main challenges?", "How do we write the Dockerfile?"],
        ),
    ],
)
def test_a_question_that_asks_for_two_things_has_two_parts(question, parts):
    assert question_parts(question) == parts


@pytest.mark.parametrize(
    "question",
    [
        "What is U-Net?",
        "How do precision and recall differ?",
        "Compare PyTorch and TensorFlow.",
        "My network overfits. What can I do?",
        "When an image model learns, what two things does the cost hold against each other?",
        "A man walks behind a truck, and when he comes out my system has lost him. Any methods?",
        "Which layers and which methods does a CNN use?",
        "Can it read sentences too, and how?",
        "overfitting",
        "",
    ],
)
def test_a_question_that_asks_for_one_thing_is_its_only_part(question):
    assert question_parts(question) == [question]


@settings(deadline=None)
@given(st.text(max_size=300))
def test_any_text_has_at_least_one_part(text):
    assert question_parts(text)
