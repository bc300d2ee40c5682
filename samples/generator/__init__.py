"""Makes the sample bundles by simulating mail servers; ``build`` makes one of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from samples.generator.exchange2003 import exchange2003
from samples.generator.gateway2003 import gateway2003
from samples.generator.healthy import healthy
from samples.generator.truth import Truth

SCENARIOS: dict[str, Callable[..., Truth]] = {
    "gateway2003": gateway2003,
    "exchange2003": exchange2003,
    "healthy": healthy,
}
SEEDS = {"gateway2003": 934709, "exchange2003": 941060, "healthy": 250}  # of the committed ones


def build(scenario: str, out: Path, *, seed: int, **parameters: Any) -> Truth:
    """Write one scenario's bundle and its truth below ``out``; return the truth."""
    return SCENARIOS[scenario](out, seed=seed, **parameters)
