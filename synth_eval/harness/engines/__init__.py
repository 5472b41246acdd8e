"""How a family's checkpoints are spread over processes."""
