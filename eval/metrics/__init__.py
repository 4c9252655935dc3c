"""Metrics, each named as its field names it, and the intervals around them."""
