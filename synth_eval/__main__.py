"""``python -m synth_eval`` is ``synth-eval``."""

from synth_eval.cli import main

if __name__ == "__main__":
    main()
