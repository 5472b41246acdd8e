"""Published families of checkpoints, judged from their tables of scores (docs/published.md)."""
