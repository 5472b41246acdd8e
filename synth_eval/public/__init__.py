"""Public benchmarks: which sets there are, where they lie, and their items as tasks of the suite take them."""
