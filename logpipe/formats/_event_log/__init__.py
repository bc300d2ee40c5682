"""What event logs and their exports have in common: records, chunks, and what is damaged."""
