"""``python -m logpipe``."""

import sys


def main() -> None:
    """Run logpipe; Ctrl-C ends it with 130 also while its modules are being loaded."""
    try:
        from logpipe.cli import main as run  # noqa: PLC0415 - so that Ctrl-C is caught here

        run()
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
