"""What is known: documents, their passages, and how files become documents."""

from typing import TYPE_CHECKING

from corpus.lazy_exports import lazy_exports

if TYPE_CHECKING:
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

__getattr__ = lazy_exports(
    __name__,
    {
        "ChunkingSettings": "corpus.chunking",
        "Document": "corpus.types",
        "ImageRecord": "corpus.types",
        "Passage": "corpus.types",
        "Section": "corpus.types",
        "chunk": "corpus.chunking",
        "find_files": "corpus.loaders",
        "load_file": "corpus.loaders",
        "load_question_bank": "corpus.question_bank",
        "split_sentences": "corpus.sentences",
    },
)
