"""A family made of a real pretrained model (docs/real-family.md)."""
