"""What the chat shows of answers and sources: marked, escaped, and readable back as words."""

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from assistant.answering.types import Answer, Citation, Message, Sentence
from assistant.ui.chat import after, conversation_of, said, text_of
from assistant.ui.rendering import (
    answer_html,
    growing_html,
    in_words,
    passages_html,
    plain_text,
    problem_html,
    step_html,
)
from assistant.ui.sources import panel_html, source_group, widened
from corpus.types import Document, Passage, Section
from index.types import Hit

HOSTILE = '<img src=x onerror=alert(1)> & <b>"bold"</b>\n\n# ![x](http://h.example/x) ${a} {{b}}'
ALLOWED = {"div", "p", "span", "a", "br", "ul", "li", "strong", "ol", "mark", "details"} | {
    "summary",
    "blockquote",
    "button",
    "h2",
}


class Tags(HTMLParser):
    """All tags, and the text outside of them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)

    def handle_data(self, data: str) -> None:
        self.text += data


def hit_of(text: str, title: str = "Title", **more: object) -> Hit:
    document = Document("d/1", title, text, "a.md", **more)
    return Hit(Passage("d/1#0", "d/1", 0, len(text), text), document, 1.0)


def answer_of(text: str, start: int, end: int, title: str = "Title") -> Answer:
    hit = hit_of(text, title)
    citation = Citation(1, "d/1", start, end, text[start:end], 0.9)
    sentence = Sentence(f"{text[start:end]} [1].", (citation,), supported=True)
    return Answer(sentence.text, (sentence,), (citation,), (hit,), False, "m", {"total": 1.0})


@given(st.text(min_size=1, max_size=300), st.text(max_size=60), st.data())
def test_no_text_of_a_document_becomes_markup(text: str, title: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    answer = answer_of(text + HOSTILE, start, end, title + HOSTILE)
    group = source_group(answer, "k", HOSTILE)
    assert set(Tags(panel_html([group, group])).tags) <= ALLOWED
    for html in (
        answer_html(answer, "k"),
        passages_html(answer.hits),
        growing_html("", text + HOSTILE),
        problem_html(text + HOSTILE, HOSTILE),
    ):
        assert set(Tags(html).tags) <= ALLOWED
        # An empty line would end the HTML block, and the rest would be read as Markdown.
        assert not {"\n", "\r"} & set(html)


def test_the_cited_words_are_marked_inside_their_surroundings() -> None:
    text = "Before it. The cited words. After it."
    answer = answer_of(text, 11, 27)
    html = source_group(answer, "k", "Q").html
    assert ">The cited words.</mark> After it." in html
    assert "Before it. <mark" in html
    assert 'href="#words-k-1-11-27"' in answer_html(answer, "k")
    assert 'id="words-k-1-11-27"' in html


def test_overlapping_citations_repeat_nothing() -> None:
    text = "one two three four"
    hit = hit_of(text)
    citations = (
        Citation(1, "d/1", 0, 7, "one two", 0.9),
        Citation(1, "d/1", 4, 13, "two three", 0.8),
    )
    answer = Answer("x", (), citations, (hit,), False, "m")
    html = source_group(answer, "k", "Q").html
    assert Tags(html.split("<blockquote>")[1].split("</blockquote>")[0]).text == text


def test_page_and_heading_are_named_with_the_source() -> None:
    hit = hit_of("a b c", sections=(Section(0, "Intro", 7),))
    answer = Answer("x", (), (Citation(1, "d/1", 2, 3, "b", 0.5),), (hit,), False, "m")
    assert "page 7 · Intro" in Tags(source_group(answer, "k", "Q").html).text


def test_sentences_without_support_say_so_in_words() -> None:
    sentence = Sentence("They sing [not found in the corpus].", (), supported=False)
    answer = Answer("x", (sentence,), (), (), False, "m", {}, withheld=1, missing="the price")
    text = Tags(answer_html(answer, "k")).text
    assert "They sing. not found in the documents" in text
    assert "1 sentence was left out" in text
    assert "Not covered by the documents: the price" in text


def test_a_refusal_names_the_nearest_topics() -> None:
    answer = Answer("No.", (), (), (), True, "m", nearest_topics=("Anchors", "Pooling"))
    html = answer_html(answer, "k")
    assert "<li>Anchors</li><li>Pooling</li>" in html
    assert "refusal" in html


def test_support_is_told_in_words() -> None:
    words = [in_words(support) for support in (0.95, 0.7, 0.5, 0.1)]
    assert words == ["strong support", "good support", "fair support", "weak support"]


def test_the_next_question_gets_the_answers_words_alone() -> None:
    answer = answer_of("Anchor boxes are <predefined>.", 0, 29)
    turns = [
        {"role": "user", "content": [{"type": "text", "text": "Why?"}]},
        said(answer_html(answer, "k", step_html("Found 1 passage", passages_html(answer.hits)))),
        said(problem_html("It failed.", "Try again.")),
    ]
    assert conversation_of(turns) == [
        Message("user", "Why?"),
        Message("assistant", "Anchor boxes are <predefined>."),
    ]


@given(st.text(max_size=200))
def test_words_survive_being_shown(text: str) -> None:
    assert plain_text(growing_html("", text)).split() == text.split() or not text.strip()


def test_text_is_found_in_every_form_of_content() -> None:
    for content in ("a", ["a"], [{"text": "a", "type": "text"}], {"text": "a"}):
        assert text_of({"role": "user", "content": content}) == "a"
    assert text_of({"role": "user", "content": [{"file": {}, "type": "file"}]}) == ""


def test_the_draft_loses_what_has_been_checked() -> None:
    assert after("One is one. Two is", "One is one [1].") == "Two is"
    assert after("Other words", "One is one [1].") == "Other words"


@given(st.text(max_size=900), st.data())
def test_surroundings_hold_the_span(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    left, right = widened(text, start, end)
    assert 0 <= left <= start <= end <= right <= len(text)
