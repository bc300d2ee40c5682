"""The notes of two scripts of logpipe collect: batch on a gateway, PowerShell on Exchange."""

from pathlib import Path

from samples.writers._lines import put


def write(folder: Path) -> None:
    """Write a note of each shell."""
    put(
        folder / "batch.txt",
        "logpipe collect --for relay2003 --days 14 on GW1 \n"
        'got        "System event log" \n'
        'NOT GOT    "counter logs" \n',
    )
    put(
        folder / "powershell.txt",
        "logpipe collect --for exchange2016 --days 30 on EX16\n"
        "got        System event log\n"
        "NOT GOT    connectivity logs  (no folder of them)\n"
        "NOT GOT    queues; take them again some hours later  (The term 'Get-Queue' is not\n",
    )
