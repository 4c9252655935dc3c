"""Readers of question sets, one file for each format. Every reader takes its path."""
