import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.question_bank import load_question_bank
from corpus.sentences import split_sentences


def sentences(text: str) -> list[str]:
    return [text[start:end] for start, end in split_sentences(text)]


@pytest.mark.parametrize(
    "parts",
    [
        ["Use e.g. R-CNN, i.e. a detector.", "It works.", "TensorFlow.js is fine."],
        ["See Fig. 3 for details.", "Smith et al. 2019 showed 3.5 percent."],
        ["Ren et al. introduced it.", "It was by Ren et al.", "The next paper came later."],
        ["Learning with K. He et al. (2016) is good.", "J. K. Smith agrees.", "So does Dr. Doe."],
        ["Compare U-Net vs. FCN.", "See Sec. 4.2 and Eq. (3).", "In Tab. 2 we see more."],
        ["The answer is no.", "Then it is yes.", "It was No. 5 in the list."],
        ["It uses SIFT, SURF, etc.", "The rest is history.", "It uses SIFT, etc. and more."],
        ["The U.S. economy grew.", "In the U.S. Congress met.", "It was in the U.S.", "We left."],
        ["It is 5 p.m.", "We left.", "Ph.D. students know it."],
        ["Take vitamin C.", "And then iron.", "Written in C.", "It is fast."],
        ["It has 3.5 GB.", "5 are left.", "The price is $5.00.", "We use Python 3.", "It is good."],
        ["What?", "Really?!", "Yes... maybe.", "So it goes...", "The end."],
        ["Yahoo! is a company.", "Stop!", "Go."],
        ['He said "Stop."', "Then he left.", 'He said "Stop. Go home."', "Then he left again."],
        ["“Quoted.”", "He said “Stop. Go home.”", "And more."],
        ["(This is in brackets.)", "Next one.", "It holds (see above. It does.) in general."],
        ["It uses ReLU.[1]", "Then pooling.[2][3]", "Ends here.¹", "Next one."],
        ["**Bold words.**", "Plain words.", "`code` begins this one."],
        ["The file config.yaml is read.", "See www.example.com.", "Then go."],
        ["iPhones take photographs.", "iPads do too.", "Install it with pip.", "Then run it."],
        ["There are two steps: 1. Crop the image.", "2. Resize it."],
        ["This is hard\nwrapped text.", "With two\nlines."],
    ],
)
def test_sentences_of_prose(parts):
    assert sentences(" ".join(parts)) == parts


def test_wide_marks_need_no_space():
    assert sentences("これは文です。次の文。") == ["これは文です。", "次の文。"]


def test_list_items_are_units_without_their_markers():
    text = (
        "Ways include:\n- one: this. And that.\n* two\n  goes on\n\n1. first\n2) second\na) third"
    )
    assert sentences(text) == [
        "Ways include:",
        "one: this.",
        "And that.",
        "two\n  goes on",
        "first",
        "second",
        "third",
    ]


def test_a_paragraph_after_a_list_is_not_part_of_its_last_item():
    assert sentences("   - an item.\n   Both are fine") == ["an item.", "Both are fine"]


def test_a_wrapped_line_that_begins_with_a_number_is_no_list_item():
    text = "The network was published in the year of\n2012. It won. It was larger than\n3. The end."
    assert sentences(text) == [
        "The network was published in the year of\n2012.",
        "It won.",
        "It was larger than\n3.",
        "The end.",
    ]


def test_headings_rows_and_code_are_units():
    text = (
        "# A title. With a stop\nProse here.\n\n| a. B | c |\n|---|---|\n| d | e |\n\n"
        "---\n\n```python\nx = 1. \nY = 2\n```\nMore prose."
    )
    assert sentences(text) == [
        "A title.",
        "With a stop",
        "Prose here.",
        "| a. B | c |",
        "| d | e |",
        "```python\nx = 1. \nY = 2\n```",
        "More prose.",
    ]


def test_a_short_line_above_its_text_is_a_title():
    text = "Introduction\nConvolutional networks learn filters from data, layer by layer."
    assert sentences(text) == [
        "Introduction",
        "Convolutional networks learn filters from data, layer by layer.",
    ]


def test_a_fence_that_never_closes_hides_nothing():
    assert sentences("```\nOne. Two.\nThree.")[-2:] == ["Two.", "Three."]


def test_every_sentence_of_the_bank_is_whole():
    texts = [document.text for document in load_question_bank()]
    found = [sentence for text in texts for sentence in sentences(text)]
    assert all(sentence[0].isupper() and sentence[-1] in ".:" for sentence in found)
    # The bank's prose is plain enough for this pattern, once its three inner numbers are gone.
    ends = re.compile(r"\.(?= [A-Z]|\n|$)|: ?(?=\n)")
    assert len(found) == sum(len(ends.findall(re.sub(r"\n   \d\.", "\n", t))) for t in texts)


_WORDS = ["Word", "word", "e.g", "Fig", "3", "A", "et al", "é", "😀"]
_GAPS = [" ", "  ", "\n", "\n\n", "\r\n", "\t", "\u3000", "\x1c", "\u2028"]
_MARKS = [*".!?…。\"'“”()[]*#-|`", "- ", "1. ", "# ", "```"]
_PIECES = st.lists(st.sampled_from([*_WORDS, *_GAPS, *_MARKS]), max_size=40).map("".join)


@given(st.one_of(_PIECES, st.text(max_size=200)))
def test_spans_are_ordered_stripped_and_say_something(text):
    previous = 0
    for start, end in split_sentences(text):
        assert previous <= start < end <= len(text)
        sentence = text[start:end]
        assert sentence == sentence.strip()
        assert any(character.isalnum() for character in sentence)
        previous = end


@given(_PIECES)
def test_every_letter_lies_in_a_sentence(text):
    outside, previous = [], 0
    for start, end in split_sentences(text):
        outside.append(text[previous:start])
        previous = end
    outside.append(text[previous:])
    assert not any(character.isalpha() for character in "".join(outside))


_SENTENCES = st.lists(
    st.tuples(
        st.sampled_from(["The", "These", "Networks", "R-CNN", "In 2015, they"]),
        st.lists(
            st.sampled_from(["learn", "filters", "(e.g. edges)", "of 3.5 GB", "as Fig. 2 shows,"]),
            max_size=6,
        ),
        st.sampled_from(["together.", "well!", "in Node.js.", "by 1.5 points.", "or not?"]),
    ).map(lambda parts: " ".join([parts[0], *parts[1], parts[2]])),
    min_size=1,
    max_size=8,
)


@given(_SENTENCES, st.sampled_from([" ", "  ", "\n", "\r\n", "\n\n"]))
def test_sentences_put_together_are_taken_apart(parts, gap):
    assert sentences(gap.join(parts)) == parts
