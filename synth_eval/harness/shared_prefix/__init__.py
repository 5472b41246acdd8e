"""`hf-shared-prefix`: each distinct token prefix of a task's requests goes through the model once."""
