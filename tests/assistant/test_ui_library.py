"""The library tab shows documents by pages, and what became of each file."""

import pytest
from fake_assistant import FakeAssistant

from assistant.library import LibraryReport, RefusedFile
from assistant.ui.library import count_of, label_of, page_at, report_html
from corpus.types import Document
from index.types import DocumentSummary


@pytest.fixture
def many() -> FakeAssistant:
    """An assistant with 121 documents: three pages."""
    fake = FakeAssistant()
    fake.add_documents(Document(f"n/{n}", f"Note {n}", "text", "n.md") for n in range(120))
    return fake


@pytest.mark.parametrize(
    ("query", "offset", "words"),
    [
        ("", 0, "121 documents; 1 to 50 are shown"),
        ("", 100, "121 documents; 101 to 121 are shown"),
        ("note 1", 0, "39 documents"),
        ("anchors", 0, "1 document"),
        ("zebra", 0, "0 documents"),
    ],
)
def test_documents_are_shown_by_pages(
    many: FakeAssistant, query: str, offset: int, words: str
) -> None:
    page, start = page_at(many, query, offset)  # type: ignore[arg-type]
    assert (count_of(page, start), start) == (words, offset)


def test_after_the_last_page_is_gone_the_one_before_it_is_shown(many: FakeAssistant) -> None:
    many.remove([f"n/{n}" for n in range(90, 120)])
    page, start = page_at(many, "", 100)  # type: ignore[arg-type]
    assert (start, len(page.documents)) == (50, 41)
    many.remove([one.id for one in many.documents()])
    assert page_at(many, "", 50)[1] == 0  # type: ignore[arg-type]


def test_a_document_is_named_with_its_size() -> None:
    paged = DocumentSummary("a", "Title", "a.pdf", "application/pdf", 12_345, 9, 1)
    assert label_of(paged) == "Title — a.pdf (12,345 characters, 9 passages, 1 page)"
    plain = DocumentSummary("b", "Note", "b.md", "text/markdown", 5, 1)
    assert label_of(plain) == "Note — b.md (5 characters, 1 passage)"


def test_every_file_has_its_result_and_nothing_in_it_is_markup() -> None:
    report = LibraryReport(("a",), ("b",), ("c",), (RefusedFile("<d>", "It is <bad>.", "Mend."),))
    html = report_html(report)
    assert html.count("<li>") == 4
    for words in ("added</strong> a", "replaced</strong> b", "unchanged</strong> c"):
        assert words in html
    assert "refused</strong> &lt;d&gt;: It is &lt;bad&gt;. Mend." in html
