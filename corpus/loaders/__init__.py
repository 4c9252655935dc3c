"""Files become documents: Markdown, plain text, HTML, PDF and Word."""

from corpus.loaders.discovery import find_files
from corpus.loaders.files import MAX_BYTES, SUPPORTED_SUFFIXES, load_file

__all__ = ["MAX_BYTES", "SUPPORTED_SUFFIXES", "find_files", "load_file"]
