"""The Sources panel: what supports an answer, marked in the text around it."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from assistant.answering.types import Answer, Citation
from assistant.ui.rendering import (
    CONTEXT_CHARACTERS,
    in_words,
    mark_id,
    place_html,
    text_html,
    text_html_inside,
)
from corpus.types import Document
from index.types import Hit

EMPTY = (
    '<div class="sources"><h2>Sources</h2><p class="hint">The passages behind an answer appear '
    "here. The numbers in an answer open them at the words that support it.</p></div>"
)


@dataclass(frozen=True, slots=True)
class SourceGroup:
    """The rendered sources of one answer; `key` is the name that the answer's chips use."""

    key: str
    question: str
    html: str


def panel_html(groups: Sequence[SourceGroup]) -> str:
    """All sources of a conversation: the newest answer's open, the earlier ones' folded."""
    if not groups:
        return EMPTY
    *earlier, newest = groups
    html = f'<h2>Sources</h2><div class="group">{newest.html}</div>'
    for group in reversed(earlier):
        html += (
            f'<details class="earlier"><summary>Earlier: {text_html(group.question)}</summary>'
            f'<div class="group">{group.html}</div></details>'
        )
    return f'<div class="sources">{html}</div>'


def retrieved_group(hits: Sequence[Hit], key: str, question: str) -> SourceGroup:
    """The passages that were found, before anything is answered from them."""
    cards = "".join(uncited_card(hit) for hit in hits)
    return SourceGroup(key, question, f'<p class="hint">Passages found</p>{cards}')


def source_group(answer: Answer, key: str, question: str) -> SourceGroup:
    """The cited sources in the order of their numbers, then the passages that were only read."""
    numbers: dict[int, list[Citation]] = {}
    for citation in answer.citations:
        numbers.setdefault(citation.number, []).append(citation)
    documents = {hit.document.id: hit.document for hit in answer.hits}
    cards = []
    cited_hits = set()
    for number, citations in sorted(numbers.items()):
        document = documents.get(citations[0].document_id)
        if document is None:
            continue
        hit = hit_around(answer.hits, citations[0])
        if hit is not None:
            cited_hits.add(hit.passage.id)
        cards.append(cited_card(number, citations, document, hit, key))
    others = [hit for hit in answer.hits if hit.passage.id not in cited_hits]
    if others:
        what = "Passages read, not used" if cards else "Passages read"
        cards.append(
            f'<details class="uncited"{"" if cards else " open"}><summary>{what} ({len(others)})'
            f"</summary>{''.join(uncited_card(hit) for hit in others)}</details>"
        )
    return SourceGroup(key, question, "".join(cards) or '<p class="hint">No sources.</p>')


def hit_around(hits: Sequence[Hit], citation: Citation) -> Hit | None:
    """The hit whose passage holds the citation."""
    for hit in hits:
        passage = hit.passage
        if (
            passage.document_id == citation.document_id
            and passage.start <= citation.start
            and citation.end <= passage.end
        ):
            return hit
    return None


def cited_card(
    number: int, citations: Sequence[Citation], document: Document, hit: Hit | None, key: str
) -> str:
    """One source: title, place, support in words, and its text with the cited words marked."""
    support = max(citation.support for citation in citations)
    first = min(citation.start for citation in citations)
    quotes = " … ".join(citation.quote for citation in citations)
    return (
        f'<details class="source" id="source-{key}-{number}" open>'
        f'<summary><span class="number">{number}</span> '
        f'<span class="title">{text_html(document.title)}</span>'
        f"{place_html(document, first)}"
        f' <span class="support">{in_words(support)} ({support:.2f})</span></summary>'
        f"<blockquote>{marked_html(document, citations, hit, key)}</blockquote>"
        f'<p class="footer"><span class="id">{escape(document.source)}</span> '
        f'<button type="button" class="copy-quote" data-quote="{escape(quotes, quote=True)}">'
        "Copy quote</button></p></details>"
    )


def uncited_card(hit: Hit) -> str:
    """A passage that no sentence cites."""
    return (
        f'<details class="source"><summary><span class="title">{text_html(hit.document.title)}'
        f"</span>{place_html(hit.document, hit.passage.start)}</summary>"
        f"<blockquote>{text_html(hit.passage.text)}</blockquote></details>"
    )


def marked_html(
    document: Document, citations: Sequence[Citation], hit: Hit | None, key: str
) -> str:
    """The text around the citations, with a mark around each."""
    start = min(citation.start for citation in citations)
    end = max(citation.end for citation in citations)
    if hit is not None:
        start, end = min(start, hit.passage.start), max(end, hit.passage.end)
    start, end = widened(document.text, start, end)
    html = "… " if start > 0 else ""
    place = start
    for citation in sorted(citations, key=lambda one: (one.start, one.end)):
        begin = max(citation.start, place)
        html += text_html_inside(document.text[place:begin])
        html += (
            f'<mark id="{mark_id(key, citation)}" tabindex="-1">'
            f"{text_html_inside(document.text[begin : citation.end])}</mark>"
        )
        place = max(place, citation.end)
    html += text_html_inside(document.text[place:end])
    return html + (" …" if end < len(document.text) else "")


def widened(text: str, start: int, end: int) -> tuple[int, int]:
    """The span with some text around it, cut at spaces."""
    left = max(0, start - CONTEXT_CHARACTERS)
    right = min(len(text), end + CONTEXT_CHARACTERS)
    if left > 0:
        space = text.find(" ", left, start)
        left = start if space < 0 else space + 1
    if right < len(text):
        space = text.rfind(" ", end, right)
        right = end if space < 0 else space
    return left, right
