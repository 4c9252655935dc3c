import socket

import pytest

from corpus import load_file
from corpus.errors import DocumentError

ARTICLE = """<!DOCTYPE html>
<html><head><title>Anchors | A site</title>
<link rel="stylesheet" href="http://example.invalid/a.css">
<script src="http://example.invalid/a.js">evil("words")</script></head>
<body onload="evil()">
<nav><ul><li><a href="/">Home</a></li><li><a href="/b">About us</a></li></ul></nav>
<main><article><h1>Anchor boxes</h1>
<p>Anchor boxes are <b>reference boxes</b> of many shapes &amp; sizes, which a detector refines.
They are placed at each position of a feature map, so that objects of any shape are covered.</p>
<h2>Why they help</h2>
<p>Objects differ in shape: people are tall, cars are wide. A box of a similar shape is easier to
correct than a square one, and so the regression converges sooner than without any such prior.</p>
<ul><li>Tall boxes: people.</li><li>Wide boxes: cars.<ul><li>and lorries</li></ul></li></ul>
<table><tr><th>Scale</th><th>Ratio</th></tr><tr><td>32</td><td>1:2</td></tr></table>
<pre><code>boxes = make(
    scales)</code></pre>
<img src="http://example.invalid/i.png" alt="a picture"><iframe src="http://example.invalid/">
</iframe><!-- a remark --></article></main>
<footer>Copyright 2026 Somebody. All rights reserved.</footer></body></html>
"""


@pytest.fixture
def no_network(monkeypatch):
    def refuse(*_args, **_options):
        raise AssertionError("a connection was tried")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)


def load(tmp_path, html: str | bytes):
    path = tmp_path / "page.html"
    path.write_bytes(html if isinstance(html, bytes) else html.encode())
    return load_file(path)


@pytest.mark.usefixtures("no_network")
def test_a_page_is_its_words_without_menus_scripts_and_footers(tmp_path):
    document = load(tmp_path, ARTICLE)
    assert document.title == "Anchor boxes"
    assert document.media_type == "text/html"
    assert "Anchor boxes are reference boxes of many shapes & sizes" in document.text
    for unwanted in ("evil", "Home", "Copyright", "a remark", "<", "**", "example.invalid"):
        assert unwanted not in document.text


def test_headings_are_sections_and_lists_and_tables_keep_their_lines(tmp_path):
    document = load(tmp_path, ARTICLE)
    headings = [(section.heading, section.start) for section in document.sections]
    assert headings == [
        (heading, document.text.index(heading)) for heading in ("Anchor boxes", "Why they help")
    ]
    assert "- Tall boxes: people.\n- Wide boxes: cars.\n  - and lorries" in document.text
    assert "| Scale | Ratio |\n| 32 | 1:2 |" in document.text
    assert "boxes = make(\n    scales)" in document.text


def test_a_very_small_page_is_read_whole(tmp_path):
    document = load(
        tmp_path, "<h1>Pooling</h1><p>It <b>halves</b> the size.<script>x</script><p>So."
    )
    assert document.text == "Pooling\n\nIt halves the size.\n\nSo."
    assert [section.heading for section in document.sections] == ["Pooling"]
    assert document.title == "Pooling"


def test_the_title_element_names_a_page_without_one_first_level_heading(tmp_path):
    page = "<title>The title</title><h1>One</h1><p>Words.</p><h1>Two</h1><p>More.</p>"
    assert load(tmp_path, page).title == "The title"


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "koi8-r"])
def test_a_declared_encoding_is_used(tmp_path, charset):
    words = "Привет" if charset == "koi8-r" else "Größe"
    page = f"<html><head><meta charset='{charset}'></head><body><p>{words} zahlt.</p></body></html>"
    encoded = page.encode("cp1252" if charset == "iso-8859-1" else charset)
    assert load(tmp_path, encoded).text == f"{words} zahlt."


@pytest.mark.parametrize("meta", ["", "<meta charset='no-such-code'>", "<meta charset='utf-8'>"])
def test_a_page_in_an_unknown_encoding_is_refused(tmp_path, meta):
    page = f"<html><head>{meta}</head><body><p>Größe</p></body></html>".encode("latin-1")
    with pytest.raises(DocumentError, match="UTF-8"):
        load(tmp_path, page)


def test_entities_of_a_page_are_not_resolved(tmp_path):
    (tmp_path / "secret.txt").write_text("secret")
    page = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE html [<!ENTITY x SYSTEM '
        f'"{(tmp_path / "secret.txt").as_uri()}">]>\n<html xmlns="http://www.w3.org/1999/xhtml"><body>'
        "<p>Grüße &x; all.</p></body></html>"
    )
    text = load(tmp_path, page).text
    assert "Grüße &x; all." in text
    assert "secret" not in text


def test_nesting_beyond_what_the_parser_takes_is_refused(tmp_path):
    assert load(tmp_path, "<div>" * 100 + "<p>Words.</p>").text == "Words."
    with pytest.raises(DocumentError, match="holds no text"):
        load(tmp_path, "<div>" * 20_000 + "<p>Words.</p>")
