import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from corpus import chunk, find_files, load_file
from corpus.errors import DocumentError
from corpus.loaders import SUPPORTED_SUFFIXES
from corpus.loaders.markdown import extract_markdown

NOTES = """---
title: "Notes on detectors"
tags: [a, b]
---

# Detectors

Anchor boxes help.

```python
# not a heading
```

Faster *R-CNN* and `SSD`
------------------------

> ## Quoted heading

The end.
"""


def written(folder: Path, name: str, data: bytes | str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return path


def refusal(path: Path, **options) -> DocumentError:
    with pytest.raises(DocumentError) as caught:
        load_file(path, **options)
    assert caught.value.hint
    assert caught.value.code == "document-refused"
    return caught.value


def test_markdown_stays_as_it_is_with_its_headings_as_sections(tmp_path):
    document = load_file(written(tmp_path, "notes/det.md", NOTES), root=tmp_path)
    assert document.text == NOTES
    assert document.id == "notes/det.md"
    assert document.source == str(tmp_path / "notes/det.md")
    assert document.media_type == "text/markdown"
    assert document.title == "Notes on detectors"
    assert document.metadata == {"bytes": len(NOTES)}
    assert [(s.heading, NOTES[s.start : s.start + 8]) for s in document.sections] == [
        ("Detectors", "# Detect"),
        ("Faster R-CNN and SSD", "Faster *"),
        ("Quoted heading", "> ## Quo"),
    ]
    section = document.section_at(NOTES.index("Anchor boxes"))
    assert section is not None
    assert section.heading == "Detectors"


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Words.\n\n## A *first* heading\n\n# Another", "A first heading"),
        ("+++\ntitle = 'TOML'\n+++\n# H", "TOML"),
        ("---\nauthor: me\n---\n# H", "H"),
        ("---\ntitle: never closed\n\n# H", "H"),
        ("No heading at all.", "a file"),
        ("```\n# code\n```", "a file"),
    ],
)
def test_the_title_of_markdown(tmp_path, text, title):
    assert load_file(written(tmp_path, "a file.md", text)).title == title


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_sections_point_at_their_headings_with_any_line_end(tmp_path, newline):
    text = NOTES.replace("\n", newline)
    document = load_file(written(tmp_path, "a.md", text))
    assert document.text == text
    assert [text[s.start] for s in document.sections] == ["#", "F", ">"]


_MARKDOWN = st.lists(
    st.sampled_from(
        ["# ", "## A", "word", "\n", "\n\n", "\r\n", "---\n", "```\n", "- ", "> ", "*b*"]
    )
).map("".join)


@given(_MARKDOWN)
def test_sections_of_any_markdown_are_ordered_and_inside_it(text):
    extracted = extract_markdown(text.encode(), "a.md")
    starts = [section.start for section in extracted.sections]
    assert extracted.text == text
    assert starts == sorted(set(starts))
    assert all(0 <= start < len(text) and not text[start].isspace() for start in starts)


def test_plain_text_is_named_after_its_file(tmp_path):
    document = load_file(written(tmp_path, "Lab notes.TXT", "# Not a heading.\nWords.\n"))
    assert (document.id, document.title) == ("Lab notes.TXT", "Lab notes")
    assert document.text == "# Not a heading.\nWords.\n"
    assert (document.media_type, document.sections) == ("text/plain", ())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_with_a_byte_order_mark_is_read(tmp_path, encoding):
    path = written(tmp_path, "a.txt", "Größe zählt. 😀".encode(encoding))
    assert load_file(path).text == "Größe zählt. 😀"


def test_an_older_encoding_is_refused_with_its_first_byte(tmp_path):
    error = refusal(written(tmp_path, "a.txt", "Größe".encode("latin-1")))
    assert error.message == "a.txt is not UTF-8: byte 0xf6 at offset 2"


def test_what_contradicts_its_byte_order_mark_is_refused(tmp_path):
    assert "offset 4" in refusal(written(tmp_path, "a.txt", b"\xff\xfea\x00b")).message


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.txt", b"\x7fELF\x00\x01", "binary"),
        ("a.md", b"PK\x00\x00", "binary"),
        ("a.html", b"<p>\x00", "binary"),
        ("a.txt", b"", "is empty"),
        ("a.md", b" \n\t\n---\n", "holds no text"),
        ("a.txt", b"\xef\xbb\xbf", "holds no text"),
        ("a.html", b"<script>let words = 1</script>", "holds no text"),
        ("a.xyz", b"words", r"format that cannot be read (.xyz)"),
        ("words", b"words", "its name has no ending"),
    ],
)
def test_a_file_without_readable_text_is_refused(tmp_path, name, data, words):
    assert words in refusal(written(tmp_path, name, data)).message


def test_a_file_over_the_limit_is_refused(tmp_path):
    path = written(tmp_path, "a.txt", "x" * 101)
    assert "101 bytes; at most 100" in refusal(path, max_bytes=100).message
    assert load_file(path, max_bytes=101).text == "x" * 101


def test_what_is_no_file_is_refused(tmp_path):
    assert "does not exist" in refusal(tmp_path / "missing.txt").message
    file = written(tmp_path, "a.txt", "words")
    assert "cannot be read" in refusal(file / "below.txt").message
    folder = tmp_path / "folder.txt"
    folder.mkdir()
    assert "is a folder" in refusal(folder).message
    assert refusal(Path("a\0.txt")).message
    assert refusal(tmp_path / ("x" * 5000 + ".txt")).message


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no named pipes here")
def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.txt")
    assert "not a regular file" in refusal(tmp_path / "pipe.txt").message


def test_a_file_that_may_not_be_read_is_refused(tmp_path):
    path = written(tmp_path, "a.txt", "words")
    path.chmod(0)
    if os.access(path, os.R_OK):
        pytest.skip("this user may read everything")
    assert "permission denied" in refusal(path).message


def test_a_file_outside_the_root_is_refused(tmp_path):
    path = written(tmp_path, "a.txt", "words")
    assert "is not below" in refusal(path, root=tmp_path / "sub").message


def test_a_name_that_is_not_unicode_can_be_stored(tmp_path):
    try:
        path = written(tmp_path, os.fsdecode(b"caf\xe9.txt"), "words")
    except OSError:
        pytest.skip("this file system refuses such names")
    document = load_file(path, root=tmp_path)
    assert document.id == "caf\ufffd.txt"
    assert (document.source + document.title).encode("utf-8")


def test_a_decomposed_name_gives_the_composed_id(tmp_path):
    assert load_file(written(tmp_path, "Gro\u0308ße.txt", "words")).id == "Größe.txt"


def test_passages_of_a_loaded_file_point_into_the_users_file(tmp_path):
    path = written(tmp_path, "notes.md", NOTES)
    passages = chunk(load_file(path))
    raw = path.read_text("utf-8")
    assert passages
    assert all(raw[passage.start : passage.end] == passage.text for passage in passages)


def test_files_are_found_in_order_and_once(tmp_path):
    for name in ("b.md", "a.txt", "z/c.html", "z/.hidden.md", ".git/d.md", "e.xyz", "z/f.PDF"):
        written(tmp_path, name, "words")
    found = find_files([tmp_path / "z" / "c.html", tmp_path, tmp_path / "b.md"])
    names = [path.relative_to(tmp_path).as_posix() for path in found]
    assert names == ["z/c.html", "a.txt", "b.md", "z/f.PDF"]


def test_a_named_file_is_found_whatever_its_format(tmp_path):
    path = written(tmp_path, ".notes.xyz", "words")
    assert find_files([path]) == (path,)


def test_a_link_back_to_its_folder_is_not_followed(tmp_path):
    written(tmp_path, "sub/a.md", "words")
    (tmp_path / "sub" / "loop").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "alias.md").symlink_to(tmp_path / "sub" / "a.md")
    assert find_files([tmp_path]) == (tmp_path / "alias.md",)


def test_nothing_to_find_is_an_error(tmp_path):
    with pytest.raises(DocumentError, match="does not exist"):
        find_files([tmp_path / "missing"])
    with pytest.raises(DocumentError, match="holds no file that can be read") as caught:
        find_files([tmp_path])
    assert all(suffix in caught.value.hint for suffix in SUPPORTED_SUFFIXES)
