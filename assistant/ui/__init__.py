"""The chat and the pages beside it, in a browser."""
