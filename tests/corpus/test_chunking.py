from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus.chunking import ChunkingSettings, chunk
from corpus.question_bank import load_question_bank
from corpus.sentences import split_sentences
from corpus.types import Document, Section

EVALUATION = Path(__file__).parents[2] / "../shared/data/chunking_evaluation/corpora"


def document(text: str, sections: tuple[Section, ...] = ()) -> Document:
    return Document(id="notes/a.md", title="A", text=text, source="a.md", sections=sections)


def assert_passages_tile(doc: Document, settings: ChunkingSettings) -> None:
    outside, previous = [], 0
    for passage in chunk(doc, settings):
        assert doc.text[passage.start : passage.end] == passage.text
        assert passage.text
        assert passage.text == passage.text.strip()
        assert len(passage.text) <= settings.hard_limit
        assert passage.document_id == doc.id
        assert passage.id == f"{doc.id}#{passage.start}-{passage.end}"
        assert passage.start >= previous
        outside.append(doc.text[previous : passage.start])
        previous = passage.end
    outside.append(doc.text[previous:])
    assert not "".join(outside).strip()


_WORDS = st.lists(
    st.sampled_from(["layer", "R-CNN", "e.g.", "3.5", "loss,", "(see", "it)", "x" * 25, "a"]),
    min_size=1,
    max_size=12,
).map(" ".join)
_SENTENCE = _WORDS.map(lambda words: f"The {words} ends.")
_PARAGRAPH = st.lists(_SENTENCE, min_size=1, max_size=6).map(" ".join)
_LIST = st.tuples(
    _SENTENCE.map(lambda sentence: f"{sentence[:-1]} so:"),
    st.lists(_SENTENCE, min_size=1, max_size=6),
    st.sampled_from(["   - {}", "* {}", "1. {}"]),
    st.sampled_from(["\n", "\n\n"]),
).map(lambda p: p[3].join([p[0], *(p[2].format(item) for item in p[1])]))
_HEADING = _WORDS.map(lambda words: f"## About {words}")
_TEXTS = st.lists(st.one_of(_PARAGRAPH, _LIST, _HEADING), max_size=8).map("\n\n".join)
_SETTINGS = st.integers(20, 1000).map(ChunkingSettings)


@given(
    st.one_of(
        _TEXTS,
        st.text(max_size=300),
        st.text(st.sampled_from("aB. \n\t-#|`:;,(\r1*\u3000"), max_size=200),
    ),
    _SETTINGS,
)
def test_passages_tile_any_text(text, settings):
    assert_passages_tile(document(text), settings)


@given(_TEXTS, _SETTINGS)
def test_the_same_text_gives_the_same_passages(text, settings):
    assert chunk(document(text), settings) == chunk(document(text), settings)


@given(_TEXTS, _SETTINGS)
def test_no_sentence_is_cut_unless_it_is_longer_than_the_hard_limit(text, settings):
    passages = chunk(document(text), settings)
    for start, end in split_sentences(text):
        marker = len("   - ")
        if end - start + marker <= settings.hard_limit:
            assert any(p.start <= start and end <= p.end for p in passages)


@given(_PARAGRAPH, _LIST, _PARAGRAPH, _SETTINGS)
def test_a_lead_in_stays_with_the_first_item(before, a_list, after, settings):
    text = f"{before}\n\n{a_list}\n\n{after}"
    first = len(before) + 2
    spans = split_sentences(text)
    lead_in = next(place for place, (start, _) in enumerate(spans) if start >= first)
    start, end = spans[lead_in][0], spans[lead_in + 1][1]
    if end - start <= settings.hard_limit:
        assert any(p.start <= start and end <= p.end for p in chunk(document(text), settings))


@given(_PARAGRAPH, _HEADING, _PARAGRAPH, _SETTINGS)
def test_a_heading_stays_with_its_text(before, heading, after, settings):
    text = f"{before}\n\n{heading}\n\n{after}"
    start = len(before) + 2
    end = next(end for begin, end in split_sentences(text) if begin >= start + len(heading))
    if end - start <= settings.hard_limit:
        assert any(p.start <= start and end <= p.end for p in chunk(document(text), settings))


def test_a_section_heading_without_marks_stays_with_its_text():
    text = "A sentence of the part before. " * 20 + "\n\nMethods\n\n" + "We train a network. " * 20
    start = text.index("Methods")
    sections = (Section(start=start, heading="Methods"),)
    passages = chunk(document(text, sections), ChunkingSettings(300))
    assert [p.text[:27] for p in passages if p.start == start] == ["Methods\n\nWe train a network"]


def test_a_list_is_kept_whole_up_to_the_hard_limit():
    items = "\n".join(f"- Item {number} is a thing that is told at length." for number in range(20))
    text = f"Before the list stands this sentence. The list is:\n{items}"
    assert 800 < len(text) < ChunkingSettings(800).hard_limit
    assert len(chunk(document(text), ChunkingSettings(800))) == 1


def test_a_list_that_must_be_cut_is_cut_between_items():
    items = [f"- Item {number} is a thing. It is told at some length." for number in range(60)]
    text = "The list is:\n" + "\n".join(items)
    passages = chunk(document(text), ChunkingSettings(400))
    assert len(passages) > 3
    assert passages[0].text.startswith("The list is:\n- Item 0 is a thing.")
    assert all(passage.text.startswith("- Item") for passage in passages[1:])


def test_every_answer_of_the_bank_is_one_passage():
    for answer in load_question_bank():
        assert [passage.text for passage in chunk(answer)] == [answer.text]


def test_a_sentence_beyond_the_hard_limit_is_cut_after_a_clause():
    text = ", ".join(f"clause number {number} goes on" for number in range(20)) + "."
    passages = chunk(document(text), ChunkingSettings(100))
    assert all(passage.text.endswith((",", ".")) for passage in passages)
    assert_passages_tile(document(text), ChunkingSettings(100))


def test_a_word_beyond_the_hard_limit_is_cut_all_the_same():
    assert_passages_tile(document("x" * 5000), ChunkingSettings(100))


def test_sizes_are_even():
    text = " ".join(f"Sentence number {number} has its words." for number in range(100))
    sizes = [len(passage.text) for passage in chunk(document(text), ChunkingSettings(500))]
    assert min(sizes) > 350
    assert max(sizes) <= 550


@pytest.mark.parametrize("text", ["", " \n\t\n "])
def test_a_blank_document_has_no_passage(text):
    assert chunk(document(text)) == ()


def test_the_identity_tells_settings_apart():
    assert ChunkingSettings().identity == ChunkingSettings().identity
    assert ChunkingSettings(400).identity != ChunkingSettings(500).identity


def test_a_size_that_holds_no_sentence_is_refused():
    with pytest.raises(ValueError, match="at least 20"):
        ChunkingSettings(0)


@pytest.mark.skipif(not EVALUATION.is_dir(), reason="the chunking_evaluation data is not here")
@pytest.mark.parametrize("name", ["state_of_the_union", "wikitexts", "pubmed"])
def test_passages_tile_real_texts_and_keep_their_sentences(name):
    text = (EVALUATION / f"{name}.md").read_text("utf-8")
    settings = ChunkingSettings()
    assert_passages_tile(document(text), settings)
    passages = iter(chunk(document(text), settings))
    passage = next(passages)
    for start, end in split_sentences(text):
        while passage.end <= start:
            passage = next(passages)
        assert passage.end >= end or end - start > settings.hard_limit
