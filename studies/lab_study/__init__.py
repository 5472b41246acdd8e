"""Families of miniature models over sizes, tokens, ratios and four sources of synthetic text (docs/study.md)."""
