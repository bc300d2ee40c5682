"""The command line: parse, call, print. No logic lives here."""

import io
import os
import sys
from typing import Annotated

import typer

from logpipe import __version__
from logpipe.cli import (
    asking,
    beginning,
    counting,
    judging,
    night,
    reading,
    reporting,
    rules,
    scheduling,
    tracing,
)
from logpipe.errors import LogpipeError

INTERRUPTED = 130

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Read a folder of mail-server logs and say what happened, when, to how many messages.",
)
for command in (
    judging.analyze, reading.ingest, judging.detect, asking.query, reading.identify,
    reading.coverage, asking.queue, judging.explain, night.nightly, tracing.trace,
    counting.latency, counting.relay_clients, counting.top, reporting.report, reporting.export,
    beginning.init, beginning.demo, beginning.collect, beginning.completion,
):  # fmt: skip
    app.command()(command)
app.add_typer(rules.app, name="rules", help="List, show and test the rules.")
app.add_typer(scheduling.app, name="schedule", help="Have the nightly run started every night.")


@app.callback(invoke_without_command=True)
def root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    """Read a folder of mail-server logs and say what happened, when, to how many messages."""
    if version:
        typer.echo(f"logpipe {__version__}")
        raise typer.Exit


def main() -> None:
    """Run logpipe; what the user can mend is one line on stderr and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a console may not know every character of a log
            stream.reconfigure(errors="backslashreplace")
    if beginning.COMPLETE in os.environ:  # a shell asks: only then its ways are loaded
        from typer._completion_classes import completion_init

        completion_init()
    try:
        app()
    except LogpipeError as error:
        _leave(str(error), error.exit_code)
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        _leave(f"{where}{error.strerror or error}", LogpipeError.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)
    except RuntimeError as error:  # DuckDB passes Ctrl-C on as "Query interrupted"
        if "interrupted" not in str(error).lower():
            raise
        sys.exit(INTERRUPTED)


def _leave(words: str, code: int) -> None:
    """Print one line on stderr and end."""
    from logpipe.report.text import clean

    sys.stderr.write(f"logpipe: {clean(words)}\n")
    sys.exit(code)
