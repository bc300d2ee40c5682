"""Commands for the first minutes."""

from pathlib import Path
from typing import Annotated

import typer


def init(
    folder: Annotated[
        Path, typer.Argument(help="Where to write logpipe.toml; made if it is not there.")
    ] = Path(),
    logs: Annotated[
        list[Path] | None,
        typer.Option("--logs", metavar="FOLDER", help="A folder to read; may be given again."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite a logpipe.toml that is there.")
    ] = False,
) -> None:
    """Write a commented configuration for nightly runs, and say what comes next.

    Example: logpipe init nights --logs /var/log/relay1
    """
    from logpipe.report.text import clean
    from logpipe.starter import write_config

    path = write_config(folder, logs or [], force=force)
    typer.echo(
        clean(f"Wrote {path}. " + ("" if logs else "Name your folders of logs in it, then:"))
    )
    typer.echo(clean(f'  logpipe nightly --config "{path}"'))
    typer.echo(clean(f'  logpipe schedule install --config "{path}"'))
