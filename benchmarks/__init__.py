"""Scores and, later, speed: each a module to run."""
