"""``python -m samples.generator [--out DIR]`` writes all bundles, the same bytes each time."""

import sys
from argparse import ArgumentParser
from pathlib import Path

from samples.generator import SEEDS, build


def main() -> None:
    """Write every bundle with its committed seed."""
    parser = ArgumentParser(prog="python -m samples.generator", description=__doc__)
    default = Path(__file__).parent.parent
    parser.add_argument("--out", type=Path, default=default, help="folder (default: samples)")
    out = parser.parse_args().out
    for scenario, seed in SEEDS.items():
        truth = build(scenario, out, seed=seed)
        rules = ", ".join(one["rule"] for one in truth["incidents"])
        sys.stdout.write(f"{scenario}: {truth['messages_total']} messages; {rules}\n")


if __name__ == "__main__":
    main()
