"""What a user writes is never FTS5 syntax."""

import sqlite3

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from index.full_text import MAX_TERMS, match_query, query_terms


@pytest.fixture(scope="module")
def table():
    connection = sqlite3.connect(":memory:")
    connection.execute(
        "CREATE VIRTUAL TABLE words USING fts5 "
        "(title, text, tokenize = 'porter unicode61 remove_diacritics 2')"
    )
    connection.execute("INSERT INTO words VALUES ('a title', 'anchor boxes near or not')")
    yield connection
    connection.close()


@given(st.text())
@example('anchor" OR title : *')
@example("NEAR(a b, 3) NOT ^x AND {text title}: y*")
@example("'; DROP TABLE words; --")
@example("a\x00b \ud800 ß ﬁ İ ١٢ e\u0301")
@example("\x00")
def test_any_text_makes_a_query_that_sqlite_accepts(table, text):
    query = match_query(text.encode("utf-8", "replace").decode())
    if query is not None:
        table.execute("SELECT rowid FROM words WHERE words MATCH ?", (query,)).fetchall()


@pytest.mark.parametrize("text", ["", " \n", "?!", "___", '"', "*"])
def test_a_text_without_words_makes_no_query(text):
    assert match_query(text) is None


def test_operators_are_words_like_others(table):
    found = table.execute("SELECT 1 FROM words WHERE words MATCH ?", (match_query("title:xyz"),))
    assert found.fetchall() == [(1,)]  # "title" as a word, not as a column
    assert query_terms("boxes NOT anchor") == ["boxes", "anchor"]


def test_stop_words_go_unless_there_is_nothing_else():
    assert query_terms("What are the anchor boxes?") == ["anchor", "boxes"]
    assert query_terms("Who are you?") == ["who", "are", "you"]


def test_a_very_long_question_is_capped():
    assert len(query_terms(" ".join(f"word{n}" for n in range(10_000)))) == MAX_TERMS
