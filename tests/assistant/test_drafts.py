import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from assistant.answering.draft import DraftSentence, SentenceCutter

DRAFT = (
    "Anchor boxes, e.g. of SSD, are fixed. They differ in scale (see Fig. 3) and shape! Is it so?\n"
    "1. Large ones. 2. Small ones.\n- a bullet [2]\n- another, in U.S. English. The end"
)


def cut(pieces):
    cutter = SentenceCutter()
    found = [sentence for piece in pieces for sentence in cutter.feed(piece)]
    return found + cutter.end()


@settings(deadline=None)
@given(cuts=st.lists(st.integers(0, len(DRAFT)), max_size=40))
def test_sentences_do_not_depend_on_how_the_text_came(cuts):
    places = [0, *sorted(cuts), len(DRAFT)]
    pieces = [DRAFT[a:b] for a, b in itertools.pairwise(places)]
    assert cut(pieces) == cut([DRAFT])


def test_a_sentence_is_given_when_the_first_word_of_the_next_is_there():
    cutter = SentenceCutter()
    assert cutter.feed("It is small. ") == []
    assert cutter.feed("It") == []
    assert cutter.feed(" is") == [DraftSentence("It is small.")]
    assert cutter.end() == [DraftSentence("It is")]


@pytest.mark.parametrize(
    ("draft", "expected"),
    [
        ("", []),
        (" \n ", []),
        ("No end", [DraftSentence("No end")]),
        ("One [1]. Two [2, 3].", [DraftSentence("One."), DraftSentence("Two.")]),
        (
            "These:\n- one\n- two",
            [DraftSentence("These:"), DraftSentence("one", "-"), DraftSentence("two", "-")],
        ),
        ("Use 3.5 GB, i.e. little.", [DraftSentence("Use 3.5 GB, i.e. little.")]),
    ],
)
def test_drafts_are_cut_into_sentences_without_made_up_marks(draft, expected):
    assert cut(draft) == expected


@settings(deadline=None)
@given(st.text(max_size=200))
def test_no_letter_or_digit_of_a_draft_is_lost(text):
    kept = "".join(sentence.marker + sentence.text for sentence in cut([text]))
    whole = "".join(sentence.marker + sentence.text for sentence in cut(text))
    assert whole == kept
    if "[" not in text:
        assert [c for c in kept if c.isalpha()] == [c for c in text if c.isalpha()]


@pytest.mark.parametrize(
    ("draft", "kept"), [("One. Two is", ["One."]), ("One. Two.", ["One.", "Two."]), ("One", [])]
)
def test_a_sentence_that_was_cut_off_does_not_count(draft, kept):
    cutter = SentenceCutter()
    found = [*cutter.feed(draft), *cutter.end(cut_off=True)]
    assert [sentence.text for sentence in found] == kept
