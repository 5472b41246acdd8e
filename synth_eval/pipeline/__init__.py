"""What the commands do, callable from Python. One module a subject; `synth_eval` itself gives the functions lazily."""
