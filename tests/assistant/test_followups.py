import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.answering.followups import leans_on_history, standalone_question
from assistant.answering.types import Message, Question

ATTACKS = (
    Message("user", "What are adversarial attacks?"),
    Message("assistant", "They manipulate the input to mislead the model."),
)


def standalone(text, *asked_before):
    history = tuple(
        message
        for question in asked_before
        for message in (Message("user", question), Message("assistant", "An answer."))
    )
    return standalone_question(Question(text, history))


@pytest.mark.parametrize(
    ("text", "asked_before", "expected"),
    [
        (
            "How can I defend against them?",
            "What are adversarial attacks?",
            "How can I defend against adversarial attacks?",
        ),
        ("How does it work?", "What is backpropagation?", "How does backpropagation work?"),
        ("What are its stages?", "Tell me about Mask R-CNN.", "What are Mask R-CNN's stages?"),
        ("So why is that useful?", "What is max pooling?", None),
        ("And the drawbacks?", "What is a GPU?", "And the drawbacks (GPU)?"),
        ("Why?", "How does dropout help?", None),
        ("Any examples?", "What are pretext tasks?", "Any examples (pretext tasks)?"),
        ("What about TensorFlow?", "What is PyTorch good for?", "What about TensorFlow (PyTorch)?"),
        ("Tell me more.", "Explain image embedding.", "Tell me more (image embedding)?"),
        ("Which one is faster?", "Which frameworks are there for CNNs?", None),
        (
            "What are the benefits?",
            "What is quantization?",
            "What are the benefits (quantization)?",
        ),
        ("Where are these used?", "What are saliency maps?", "Where are saliency maps used?"),
        ("and for text?", "Can CNNs classify images of scenes?", None),
        ("What else is there?", "How can I deal with rare classes?", None),
        ("Does this help?", "What is data augmentation?", "Does data augmentation help?"),
        ("And the bad sides of them?", "Why are GPUs good for CNNs?", "The bad sides of GPUs?"),
        ("Fine. Where is it used?", "What makes U-Net so popular?", "Where is U-Net used?"),
        ("How does the last one create samples?", "Which tricks for rare classes exist?", None),
    ],
)
def test_an_elliptical_question_gets_the_topic_of_the_conversation(text, asked_before, expected):
    result = standalone(text, asked_before)
    if expected is None:
        subject = asked_before.rstrip("?.").split()[-1]
        assert subject in result
        assert result != text
    else:
        assert result == expected


@pytest.mark.parametrize(
    "text",
    [
        "What is the chain rule needed for in backpropagation?",
        "How do CNNs work and what are their benefits?",
        "When a detector misses an object, how can it be recovered?",
        "Is it possible to train a CNN without labels?",
        "Does a student network do much worse than its teacher?",
        "Which networks do instance segmentation?",
        "How do multi-modal CNNs combine images with audio?",
        "What happens to those pixels that lie outside of the image?",
        "Which tasks profit from a model that was trained on ImageNet?",
        "What does TensorFlow Serving do?",
        "Compare PyTorch and TensorFlow.",
        "overfitting remedies",
        "  What is U-Net?  ",
        "Is it legal to record a phone call?",
        "What is it called when a network is reused, and which tasks profit from this?",
        "what is cutout n what is it good 4",
    ],
)
def test_a_question_that_stands_alone_is_left_exactly_alone(text):
    assert standalone(text, "What are anchor boxes?") == text


def test_without_a_conversation_every_question_is_left_alone():
    assert standalone("How does it work?") == "How does it work?"


def test_the_topic_outlives_a_turn_that_leans_on_it():
    result = standalone("And the limits?", "What is max pooling?", "Why is that useful?")
    assert "max pooling" in result


def test_the_topic_changes_with_a_question_that_stands_alone():
    result = standalone("How does it work?", "What is max pooling?", "What is distillation?")
    assert result == "How does distillation work?"


def test_only_the_users_words_set_the_topic():
    history = (*ATTACKS, Message("assistant", "Do you like cats?"))
    result = standalone_question(Question("How can I defend against them?", history))
    assert result == "How can I defend against adversarial attacks?"


def test_a_conversation_without_a_topic_changes_nothing():
    assert standalone("Why?", "What?", "How?") == "Why?"


def test_words_of_a_topic_that_mean_something_in_patterns_are_taken_as_they_are():
    assert (
        standalone("How does it work?", r"What is pool\1 \g<0>?") == r"How does pool\1 \g<0> work?"
    )


@settings(deadline=None)
@given(st.text(max_size=200), st.text(max_size=200))
def test_any_text_is_taken(text, before):
    leans_on_history(text)
    result = standalone_question(Question(text, (Message("user", before),)))
    assert result == text or len(result) > 0
