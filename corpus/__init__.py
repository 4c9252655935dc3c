"""What is known: documents, their passages, and how files become documents."""

from corpus.chunking import ChunkingSettings, chunk
from corpus.loaders import find_files, load_file
from corpus.question_bank import load_question_bank
from corpus.sentences import split_sentences
from corpus.types import Document, ImageRecord, Passage, Section

__all__ = [
    "ChunkingSettings",
    "Document",
    "ImageRecord",
    "Passage",
    "Section",
    "chunk",
    "find_files",
    "load_file",
    "load_question_bank",
    "split_sentences",
]
