"""What is known: documents, their passages, and how files become documents."""

from corpus.question_bank import load_question_bank
from corpus.types import Document, ImageRecord, Passage, Section

__all__ = ["Document", "ImageRecord", "Passage", "Section", "load_question_bank"]
