"""Scores detection against the truth of simulated bundles: ``python -m benchmarks.score 51 55``.

Every scenario is built with each seed from the first to before the last; printed are incidents
missed, incidents too many above info, and how far message counts are off.
"""

import sys
import tempfile
from pathlib import Path

from logpipe.analyze import analyze
from logpipe.rules import load_rules
from samples.generator import SCENARIOS, build


def score(scenario: str, seed: int) -> tuple[int, int, int, list[str]]:
    """Return how many incidents were wanted, missed and too many, and which counts differ."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        truth = build(scenario, root, seed=seed)
        report = analyze([root / scenario], root / "out", load_rules(), force=False)
    loud = [incident for incident in report["incidents"] if incident["severity"] != "info"]
    missed, differences = 0, []
    for want in truth["incidents"]:
        names = [want[key] for key in ("rule", "host", "service")]
        got = [i for i in loud if [i["rule"], i["host"], i["service"]] == names]
        if not got:
            missed += 1
            continue
        loud.remove(got[0])
        found = got[0]["measures"].get("messages", 0)
        if found != want["messages"]:
            differences.append(f"{want['rule']} {found} of {want['messages']}")
    return len(truth["incidents"]), missed, len(loud), differences


def main() -> None:
    """Print a line a bundle and the sums."""
    first, last = map(int, sys.argv[1:3])
    sums = [0, 0, 0, 0]
    for seed in range(first, last):
        for scenario in sorted(SCENARIOS):
            wanted, missed, extra, differences = score(scenario, seed)
            sums = [
                a + b for a, b in zip(sums, (wanted, missed, extra, len(differences)), strict=True)
            ]
            told = f"{wanted} wanted, {missed} missed, {extra} too many"
            sys.stdout.write(f"{scenario:14} {seed:4}: {told} {'; '.join(differences)}\n")
    wanted, missed, extra, off = sums
    sys.stdout.write(f"{wanted} wanted, {missed} missed, {extra} too many, {off} counts off\n")


if __name__ == "__main__":
    main()
