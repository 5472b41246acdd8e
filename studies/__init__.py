"""Studies made with synth-eval: their scripts, outside the package."""
