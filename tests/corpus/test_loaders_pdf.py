import io
from pathlib import Path

import pytest
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from corpus import load_file, split_sentences
from corpus.errors import DocumentError


def pdf(
    *pages: list[str],
    title: str = "",
    outline: tuple[tuple[str, int], ...] = (),
    password: str | None = None,
) -> bytes:
    """A PDF with one line of text below the other, page by page."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
        }
    )
    for lines in pages:
        page = writer.add_blank_page(width=600, height=800)
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
        shown = " ".join(f"({line}) Tj 0 -14 Td" for line in lines)
        stream = DecodedStreamObject()
        stream.set_data(f"BT /F1 12 Tf 50 750 Td {shown} ET".encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(stream)
    for heading, place in outline:
        writer.add_outline_item(title=heading, page_number=place)
    if title:
        writer.add_metadata({"/Title": title})
    if password is not None:
        writer.encrypt(password, "owner", algorithm="RC4-128")
    data = io.BytesIO()
    writer.write(data)
    return data.getvalue()


def load(folder: Path, data: bytes):
    path = folder / "paper.pdf"
    path.write_bytes(data)
    return load_file(path)


PAGES = (
    ["Introduction", "Anchor boxes are placed over the image in many shapes.", "They help the"],
    ["detector find objects.", "Related work", "Others propose regions."],
    ["More of the same."],
)


def test_the_text_of_all_pages_with_their_numbers(tmp_path):
    document = load(tmp_path, pdf(*PAGES, title="On anchor boxes"))
    assert document.title == "On anchor boxes"
    assert document.media_type == "application/pdf"
    assert document.metadata["pages"] == 3
    assert [section.page for section in document.sections] == [1, 2, 3]
    for words, page in (("Introduction", 1), ("Related work", 2), ("More of", 3)):
        section = document.section_at(document.text.index(words))
        assert section is not None
        assert section.page == page


def test_a_sentence_goes_on_over_a_page_break(tmp_path):
    text = load(tmp_path, pdf(*PAGES)).text
    sentences = [" ".join(text[start:end].split()) for start, end in split_sentences(text)]
    assert "They help the detector find objects." in sentences


def test_outline_entries_are_the_headings(tmp_path):
    outline = (("Introduction", 0), ("Related work", 1))
    document = load(tmp_path, pdf(*PAGES, outline=outline))
    assert [(s.heading, s.page) for s in document.sections] == [
        ("Introduction", 1),
        ("Introduction", 2),
        ("Related work", 2),
        ("Related work", 3),
    ]
    assert document.text[document.sections[2].start :].startswith("Related work")


def test_an_outline_entry_that_its_page_does_not_show_stands_at_its_top(tmp_path):
    document = load(tmp_path, pdf(*PAGES, outline=(("A chapter", 1),)))
    assert [(s.heading, s.page) for s in document.sections] == [
        (None, 1),
        ("A chapter", 2),
        ("A chapter", 3),
    ]


def test_words_parted_at_a_line_end_are_joined(tmp_path):
    text = load(tmp_path, pdf(["A convolu-", "tional net, as R-", "CNN is."])).text
    assert text == "A convolutional net, as R-\nCNN is."


def test_a_document_without_a_title_is_named_after_its_file(tmp_path):
    assert load(tmp_path, pdf(["Words."])).title == "paper"


def test_pages_without_text_are_counted(tmp_path):
    document = load(tmp_path, pdf(["Words."], []))
    assert document.metadata["pages_without_text"] == 1


def test_a_file_that_opens_without_a_password_is_read(tmp_path):
    assert load(tmp_path, pdf(["Words."], password="")).text == "Words."


def test_an_encrypted_file_is_refused(tmp_path):
    with pytest.raises(DocumentError, match="is encrypted") as caught:
        load(tmp_path, pdf(["Words."], password="secret"))
    assert "without a password" in caught.value.hint


def test_a_scan_is_refused_in_words(tmp_path):
    with pytest.raises(DocumentError, match="no text layer: its 2 pages are pictures") as caught:
        load(tmp_path, pdf([], []))
    assert "OCR" in caught.value.hint


def test_what_is_no_pdf_is_refused(tmp_path):
    with pytest.raises(DocumentError, match="is not a PDF"):
        load(tmp_path, b"words")


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5, 0.7, 0.9])
def test_a_truncated_file_is_read_or_refused_never_more(tmp_path, share):
    data = pdf(*PAGES, outline=(("Introduction", 0),))
    path = tmp_path / "paper.pdf"
    path.write_bytes(data[: int(len(data) * share)])
    try:
        outcome = load_file(path).text
    except DocumentError as error:
        outcome = error.message
    assert "Anchor boxes" in outcome or "paper.pdf is damaged" in outcome


def test_a_file_of_which_only_the_head_is_left_is_damaged(tmp_path):
    with pytest.raises(DocumentError, match="is damaged") as caught:
        load(tmp_path, b"%PDF-1.7\n" + b"\x00\xff garbage " * 50)
    assert caught.value.hint
