"""The tables of the store, format 1."""

# Marks the file as ours ("CVas"), so that another program's database is refused, not filled.
APPLICATION_ID = 0x43566173
FORMAT_VERSION = 1

# AUTOINCREMENT never hands a number out twice, so a number that a vector index still holds can
# only mean the row it was made from, or none.
SCHEMA = """
CREATE TABLE meta (
    key TEXT PRIMARY KEY,
    value NOT NULL
) WITHOUT ROWID;

CREATE TABLE documents (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    source TEXT NOT NULL,
    media_type TEXT NOT NULL,
    metadata TEXT NOT NULL,
    sections TEXT NOT NULL,
    digest TEXT NOT NULL
);

CREATE TABLE passages (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    document INTEGER NOT NULL REFERENCES documents (number) ON DELETE CASCADE,
    start INTEGER NOT NULL CHECK (start >= 0),
    end INTEGER NOT NULL CHECK (end > start)
);
CREATE INDEX passages_of_document ON passages (document);

CREATE TABLE passage_vectors (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    passage INTEGER NOT NULL REFERENCES passages (number) ON DELETE CASCADE,
    view TEXT NOT NULL,
    embedding BLOB NOT NULL
);
CREATE INDEX vectors_of_passage ON passage_vectors (passage);

CREATE VIRTUAL TABLE passage_words USING fts5 (
    title, text, tokenize = 'porter unicode61 remove_diacritics 2'
);
CREATE TRIGGER forget_words AFTER DELETE ON passages BEGIN
    DELETE FROM passage_words WHERE rowid = old.number;
END;

CREATE TABLE images (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    path TEXT NOT NULL,
    title TEXT NOT NULL,
    licence TEXT NOT NULL,
    credit TEXT NOT NULL,
    metadata TEXT NOT NULL,
    mtime_ns INTEGER NOT NULL,
    size INTEGER NOT NULL,
    digest TEXT NOT NULL,
    embedding BLOB NOT NULL,
    thumbnail BLOB
);
CREATE INDEX images_by_path ON images (path);
CREATE INDEX images_by_digest ON images (digest);
"""
