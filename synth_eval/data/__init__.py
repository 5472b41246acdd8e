"""Data that is not generated: the user's own, public sets, the hub, and overlap with training text."""
