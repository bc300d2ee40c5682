"""Writers of one small sample per log format; `python -m samples.writers` runs them all."""
