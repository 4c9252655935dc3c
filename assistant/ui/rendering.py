"""Answers and their sources as HTML. Every word of a document or a model is escaped here."""

import re
from collections.abc import Mapping, Sequence
from html import escape
from html.parser import HTMLParser

from assistant.answering.types import Answer, Citation, Sentence
from index.types import Hit

_LINE_END = re.compile(r"\r\n?|\n")
_MARK = re.compile(r"\s*\[(\d+)\]")
_NOT_FOUND = re.compile(r"\s*\[not found in the corpus\]")
_LIST_ITEM = re.compile(r"(?:[-*•+]|\d{1,2}[.)])\s")

# The class of a step that goes on.
PENDING = " pending"

# Characters of the document that are shown around a passage.
CONTEXT_CHARACTERS = 240

SUPPORT_WORDS = ((0.85, "strong support"), (0.65, "good support"), (0.5, "fair support"))
WEAK_SUPPORT = "weak support"


def in_words(support: float) -> str:
    """A support score in [0, 1] as words."""
    for least, words in SUPPORT_WORDS:
        if support >= least:
            return words
    return WEAK_SUPPORT


def text_html(text: str) -> str:
    """`text` for inside an element: escaped, with its line breaks and no empty line.

    An empty line would end the HTML block, and the chat would read what follows as Markdown.
    """
    return text_html_inside(text.strip())


def mark_id(key: str, citation: Citation) -> str:
    """The id of the element that marks a citation's words; `key` names the answer."""
    return f"words-{key}-{citation.number}-{citation.start}-{citation.end}"


def sentence_html(sentence: Sentence, key: str, titles: Mapping[str, str]) -> str:
    """A checked sentence, with chips that open its sources or the words that it has none."""
    text = _NOT_FOUND.sub("", sentence.text)
    first: dict[int, Citation] = {}
    for citation in sentence.citations:
        first.setdefault(citation.number, citation)

    def chip(match: re.Match[str]) -> str:
        citation = first.get(int(match[1]))
        if citation is None:
            return escape(match[0])
        title = titles.get(citation.document_id, citation.document_id)
        label = escape(f"Source {citation.number}: {' '.join(title.split())}", quote=True)
        return (
            f'<a class="chip" href="#{mark_id(key, citation)}" aria-label="{label}"'
            f' title="{label}">{citation.number}</a>'
        )

    parts = []
    end = 0
    for match in _MARK.finditer(text):
        parts += [text_html_inside(text[end : match.start()]), chip(match)]
        end = match.end()
    parts.append(text_html_inside(text[end:]))
    html = "".join(parts)
    if sentence.supported:
        return html
    return (
        f'<span class="unsupported">{html}</span>'
        ' <span class="badge aside">not found in the documents</span>'
    )


def text_html_inside(text: str) -> str:
    """Like `text_html`, keeping the spaces at the ends."""
    return _LINE_END.sub("<br>", escape(text))


def sentences_html(sentences: Sequence[Sentence], key: str, titles: Mapping[str, str]) -> str:
    """Checked sentences in a row, list items on lines of their own."""
    html = ""
    in_list = False
    for sentence in sentences:
        is_item = _LIST_ITEM.match(sentence.text) is not None
        if html:
            html += "<br>" if is_item or in_list else " "
        html += sentence_html(sentence, key, titles)
        in_list = is_item
    return html


def step_html(title: str, inner: str = "", *, pending: bool = False) -> str:
    """What the assistant does or did, in one line; with `inner` it unfolds."""
    if inner:
        return f'<details class="step aside"><summary>{text_html(title)}</summary>{inner}</details>'
    return f'<div class="step aside{PENDING if pending else ""}">{text_html(title)}</div>'


def growing_html(sentences: str, draft: str, step: str = "") -> str:
    """An answer while it is written: what is checked, then the draft that is not yet."""
    parts = [sentences] if sentences else []
    if draft.strip():
        parts.append(
            '<span class="draft"><span class="aside draft-label">Being checked: </span>'
            f"{text_html(draft)}</span>"
        )
    return answer_block(step + (f"<p>{' '.join(parts)}</p>" if parts else ""))


def answer_block(html: str, kind: str = "") -> str:
    """The element around an answer. Begins an HTML block, in which no Markdown is read."""
    return f'<div class="answer {kind}">{html}</div>'


def answer_html(answer: Answer, key: str, step: str = "", illustrations: str = "") -> str:
    """A finished answer: its sentences, what is missing or left out, diagrams, who answered."""
    titles = {hit.document.id: hit.document.title for hit in answer.hits}
    if answer.abstained or not answer.sentences:
        body = f"<p>{text_html(answer.text)}</p>"
    else:
        body = f"<p>{sentences_html(answer.sentences, key, titles)}</p>"
    notes = []
    if answer.missing:
        notes.append(f"Not covered by the documents: {text_html(answer.missing)}")
    if answer.withheld:
        sentences = "sentence was" if answer.withheld == 1 else "sentences were"
        notes.append(
            f"{answer.withheld} {sentences} left out: nothing in the documents supports it."
        )
    if answer.abstained and answer.nearest_topics:
        topics = "".join(f"<li>{text_html(topic)}</li>" for topic in answer.nearest_topics)
        notes.append(f"The nearest topics in the documents:<ul>{topics}</ul>")
    body += "".join(f'<div class="note aside">{note}</div>' for note in notes)
    body += illustrations
    seconds = answer.timings.get("total", sum(answer.timings.values()))
    body += f'<div class="byline aside">{text_html(answer.model)} · {seconds:.1f} s</div>'
    return answer_block(step + body, "refusal" if answer.abstained else "")


def problem_html(message: str, hint: str) -> str:
    """What went wrong in place of an answer, and what to do."""
    body = f'<p class="aside"><strong>{text_html(message)}</strong></p>'
    if hint:
        body += f'<p class="aside">{text_html(hint)}</p>'
    return answer_block(body, "problem")


def passages_html(hits: Sequence[Hit]) -> str:
    """The passages that were found, by title and place."""
    items = "".join(
        f"<li>{text_html(hit.document.title)}{place_html(hit.document, hit.passage.start)}</li>"
        for hit in hits
    )
    return f'<ol class="found">{items}</ol>'


def plain_text(html: str) -> str:
    """The words of an answer without chips, notes and markup, for the next question's history."""
    reader = _WordsOnly()
    reader.feed(html)
    reader.close()
    return " ".join("".join(reader.words).split())


class _WordsOnly(HTMLParser):
    """Collects text outside of elements of the classes chip and aside."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.words: list[str] = []
        self._open: list[bool] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("br", "img"):
            # Neither has an end that would close it.
            if tag == "br":
                self.words.append("\n")
            return
        classes = (dict(attrs).get("class") or "").split()
        self._open.append("aside" in classes or "chip" in classes)

    def handle_endtag(self, tag: str) -> None:
        if self._open:
            self._open.pop()

    def handle_data(self, data: str) -> None:
        if not any(self._open):
            self.words.append(data)


def place_html(document: object, offset: int) -> str:
    """Page and heading of a place in a document, where they are known."""
    section = document.section_at(offset)  # type: ignore[attr-defined]
    if section is None:
        return ""
    parts = []
    if section.page is not None:
        parts.append(f"page {section.page}")
    if section.heading:
        parts.append(text_html(section.heading))
    return f' <span class="place">{" · ".join(parts)}</span>' if parts else ""
