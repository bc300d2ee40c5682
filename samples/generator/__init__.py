"""Makes the sample bundles by simulating mail servers; ``build`` makes one of them."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

from samples.generator.chain import pressure2010, relayed
from samples.generator.exchange2003 import exchange2003
from samples.generator.gateway2003 import gateway2003
from samples.generator.healthy import healthy
from samples.generator.known import (
    dns_over_tcp,
    fixed934709,
    idle934709,
    late_retry,
    long_retry,
    plain_outage,
    planned_reboot,
    stamp950757,
    stuck941060,
    week_exchange2003,
    week_gateway,
)
from samples.generator.leaks import (
    leak910932,
    leak944903,
    leakQ176708,
    plateau,
    store55growth,
    week_exchange50,
)
from samples.generator.modern import (
    back_pressure,
    clock_skew,
    crash_loop,
    dns_failure,
    log_gap,
    nightly,
    poison,
    power_loss,
    remote_outage,
    throttled,
    week_exchange2016,
)
from samples.generator.truth import Truth

SCENARIOS: dict[str, Callable[..., Truth]] = {
    "gateway2003": gateway2003,
    "exchange2003": exchange2003,
    "healthy": healthy,
    # the known problems
    "idle934709": idle934709,
    "stuck941060": stuck941060,
    "leak910932": leak910932,
    "leak944903": leak944903,
    "leakQ176708": leakQ176708,
    # other faults
    "back_pressure": back_pressure,
    "throttled": throttled,
    "pressure2010": pressure2010,
    "relayed": relayed,
    "late_retry": late_retry,
    "remote_outage": remote_outage,
    "dns_failure": dns_failure,
    "poison": poison,
    "nightly": nightly,
    "log_gap": log_gap,
    "clock_skew": clock_skew,
    "crash_loop": crash_loop,
    "power_loss": power_loss,
    # what looks like a known problem and is none
    "fixed934709": fixed934709,
    "stamp950757": stamp950757,
    "plain_outage": plain_outage,
    "dns_over_tcp": dns_over_tcp,
    "long_retry": long_retry,
    "planned_reboot": planned_reboot,
    "plateau": plateau,
    "store55growth": store55growth,
    # good weeks
    "week_gateway": week_gateway,
    "week_exchange2003": week_exchange2003,
    "week_exchange2016": week_exchange2016,
    "week_exchange50": week_exchange50,
}
HEALTHY = ("healthy", "week_gateway", "week_exchange2003", "week_exchange2016", "week_exchange50")
SEEDS = {"gateway2003": 934709, "exchange2003": 941060, "healthy": 250}  # of the committed ones


def build(
    scenario: str, out: Path, *, seed: int, difficulty: str = "normal", **parameters: Any
) -> Truth:
    """Write one scenario's bundle and its truth below ``out``; return the truth."""
    return SCENARIOS[scenario](out, seed=seed, difficulty=difficulty, **parameters)
