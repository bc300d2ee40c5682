"""Commands for the first minutes."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

COMPLETE = "_LOGPIPE_COMPLETE"  # set by a shell that asks for words


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
    todo = "Next:" if logs else "Name your folders of logs in it, then:"
    typer.echo(clean(f"Wrote {path}. {todo}"))
    typer.echo(clean(f'  logpipe nightly --config "{path}"'))
    typer.echo(clean(f'  logpipe schedule install --config "{path}"'))


class Product(StrEnum):
    """What a script gathers from."""

    relay2000 = "relay2000"
    relay2003 = "relay2003"
    relay2008 = "relay2008"
    relay2012 = "relay2012"
    relay2016 = "relay2016"
    exchange5 = "exchange5"
    exchange2000 = "exchange2000"
    exchange2003 = "exchange2003"
    exchange2007 = "exchange2007"
    exchange2010 = "exchange2010"
    exchange2013 = "exchange2013"
    exchange2016 = "exchange2016"
    exchange2019 = "exchange2019"


def collect(
    product: Annotated[
        Product, typer.Option("--for", help="What runs on the server; relay: the SMTP service.")
    ],
    days: Annotated[int, typer.Option("--days", help="Logs of how many days are taken.")] = 14,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="File to write it to, or a folder; else it is printed."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite a file that is there.")] = False,
) -> None:
    """Print a script that gathers on a mail server what the rules need.

    PowerShell, or batch for Windows 2003 and before. It reads only, and needs no network.

    Example: logpipe collect --for relay2003 --out collect.cmd
    """
    from logpipe.collect import script, write_script
    from logpipe.report.text import clean

    if out is None:
        sys.stdout.buffer.write(script(product, days))
        return
    path = write_script(product, days, out, force=force)
    typer.echo(clean(f"Wrote {path}: run it on the server as an administrator."))


def demo(
    folder: Annotated[
        Path, typer.Argument(help="Where the sample and its report are put; made if not there.")
    ] = Path("logpipe-demo"),
) -> None:
    """Analyse a sample that ships with logpipe, and say what to try with it.

    Example: logpipe demo
    """
    from logpipe.cli.console import finish
    from logpipe.demo import run_demo
    from logpipe.report.text import clean

    report = run_demo(folder)
    store = folder / "out" / "logpipe.duckdb"
    finish(report, folder / "out" / "report.html", store, strict=False, fail_on=None)
    for line in (
        "", "Three things to try:",
        f'  logpipe explain idle-until-restart --db "{store}"',
        f'  logpipe queue --at 2007-09-10T12:00 --db "{store}"',
        f'  logpipe init "{folder}-nightly" --logs "{folder / "logs"}"',
    ):  # fmt: skip
        typer.echo(clean(line))


class Shell(StrEnum):
    """A shell that completes words."""

    bash = "bash"
    zsh = "zsh"
    fish = "fish"
    powershell = "powershell"


def completion(shell: Annotated[Shell, typer.Argument(help="The shell.")]) -> None:
    """Print the script that has a shell complete the words of logpipe.

    Bash: add the line of the example to ~/.bashrc. Fish: logpipe completion fish >
    ~/.config/fish/completions/logpipe.fish. Zsh: as bash, in ~/.zshrc. PowerShell: logpipe
    completion powershell | Out-String | Invoke-Expression, in $PROFILE.

    Example: source <(logpipe completion bash)
    """
    from typer._completion_shared import get_completion_script

    name = "pwsh" if shell is Shell.powershell else shell.value
    script_ = get_completion_script(prog_name="logpipe", complete_var=COMPLETE, shell=name)
    typer.echo(script_)
