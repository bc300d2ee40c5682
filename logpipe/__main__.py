"""``python -m logpipe``."""

from logpipe.cli import main

main()
