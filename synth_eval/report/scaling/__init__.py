"""What scaling laws answer: the view, its sentences and its tables, for every renderer."""
