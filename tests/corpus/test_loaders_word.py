import io
import zipfile
from pathlib import Path

import docx
import pytest
from docx.oxml import parse_xml

from corpus import load_file
from corpus.errors import DocumentError
from corpus.loaders import word

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'


def load(folder: Path, document) -> object:
    path = folder / "report.docx"
    if isinstance(document, bytes):
        path.write_bytes(document)
    else:
        document.save(str(path))
    return load_file(path)


def report():
    document = docx.Document()
    document.core_properties.title = ""
    document.add_heading("On detectors", 0)
    document.add_heading("Anchor boxes", 1)
    paragraph = document.add_paragraph("Anchor boxes are ")
    paragraph.add_run("reference").bold = True
    paragraph.add_run(" boxes.")
    document.add_paragraph("They come in:")
    document.add_paragraph("many shapes", style="List Bullet")
    document.add_paragraph("many sizes", style="List Number")
    document.add_heading("Scales", 2)
    table = document.add_table(rows=2, cols=2)
    for row, cells in zip(table.rows, (("scale", "ratio"), ("32", "1:2")), strict=True):
        for cell, words in zip(row.cells, cells, strict=True):
            cell.text = words
    document.add_paragraph("The end.")
    return document


def test_paragraphs_lists_and_tables_in_order(tmp_path):
    document = load(tmp_path, report())
    assert document.text == (
        "On detectors\n\nAnchor boxes\n\nAnchor boxes are reference boxes.\n\nThey come in:\n\n"
        "- many shapes\n- many sizes\n\nScales\n\n| scale | ratio |\n| 32 | 1:2 |\n\nThe end."
    )


def test_headings_are_sections(tmp_path):
    document = load(tmp_path, report())
    assert [(s.heading, s.start) for s in document.sections] == [
        ("On detectors", 0),
        ("Anchor boxes", 14),
        ("Scales", document.text.index("Scales")),
    ]


def test_the_title_is_the_propertys_else_the_title_styles(tmp_path):
    assert load(tmp_path, report()).title == "On detectors"
    titled = report()
    titled.core_properties.title = "A report"
    assert load(tmp_path, titled).title == "A report"


def test_tracked_changes_and_content_controls(tmp_path):
    document = docx.Document()
    body = document.element.body
    body.insert(
        0,
        parse_xml(
            f"<w:p {W}><w:pPr><w:tabs><w:tab w:val='left' w:pos='1'/></w:tabs></w:pPr>"
            "<w:r><w:t>Kept</w:t></w:r><w:ins><w:r><w:t xml:space='preserve'> and added</w:t></w:r>"
            "</w:ins><w:del><w:r><w:delText> and struck</w:delText></w:r></w:del></w:p>"
        ),
    )
    body.insert(
        1,
        parse_xml(
            f"<w:sdt {W}><w:sdtContent><w:p><w:r><w:t>In a field</w:t><w:br/><w:t>of two lines"
            "</w:t></w:r></w:p></w:sdtContent></w:sdt>"
        ),
    )
    assert load(tmp_path, document).text == "Kept and added\n\nIn a field\nof two lines"


def test_a_document_without_words_is_refused(tmp_path):
    with pytest.raises(DocumentError, match="holds no text"):
        load(tmp_path, docx.Document())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"words", "is not a Word document"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "encrypted, or of the older .doc"),
    ],
)
def test_what_is_no_docx_is_refused(tmp_path, data, words):
    with pytest.raises(DocumentError, match=words):
        load(tmp_path, data)


def test_an_archive_of_something_else_is_refused(tmp_path):
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("notes.txt", "words")
    with pytest.raises(DocumentError, match="is damaged"):
        load(tmp_path, data.getvalue())


def test_a_flipped_byte_is_refused_or_harmless(tmp_path):
    saved = io.BytesIO()
    report().save(saved)
    data = saved.getvalue()
    whole = load(tmp_path, data).text
    outcomes = set()
    for place in range(0, len(data), len(data) // 60):
        damaged = data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :]
        try:
            outcomes.add(load(tmp_path, damaged).text == whole)
        except DocumentError:
            outcomes.add("refused")
    assert outcomes == {True, "refused"}


def test_an_archive_that_would_fill_the_memory_is_refused_unread(tmp_path, monkeypatch):
    bomb = io.BytesIO()
    with (
        zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("word/document.xml", "w") as part,
    ):
        for _ in range(60):
            part.write(b" " * 1_000_000)
    assert len(bomb.getvalue()) < 100_000
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("it was unpacked"))
    with pytest.raises(DocumentError, match="would unpack to 60,000,000 bytes"):
        load(tmp_path, bomb.getvalue())


def test_external_entities_are_not_read(tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    saved = io.BytesIO()
    report().save(saved)
    changed = io.BytesIO()
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(changed, "w") as target:
        for part in source.infolist():
            data = source.read(part)
            if part.filename == "word/document.xml":
                uri = (tmp_path / "secret.txt").as_uri().encode()
                doctype = b'<!DOCTYPE w:document [<!ENTITY x SYSTEM "' + uri + b'">]>\n'
                head, mark, rest = data.partition(b"<w:document")
                data = head + doctype + mark + rest.replace(b"The end.", b"The &x; end.")
            target.writestr(part, data)
    try:
        text = load(tmp_path, changed.getvalue()).text
    except DocumentError:
        text = ""
    assert "secret" not in text


def test_many_parts_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(word, "_MOST_PARTS", 3)
    with pytest.raises(DocumentError, match="parts"):
        load(tmp_path, report())
