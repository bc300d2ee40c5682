"""Simulated bundles: the same from the same seed, readable to the last record, and truly told."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from logpipe.analyze import ingest
from logpipe.store import open_store
from samples.generator import SCENARIOS, build

INCIDENT = {"rule", "host", "service", "started_at", "ended_at", "messages"}
VERDICTS = {"confirmed", "supported", "possible", "ruled-out", None}
PROBLEMS = {"KB910932", "KB934709", "KB941060", "Q176708", "KB944903", None}
OLD = {"gateway2003", "exchange2003", "healthy"}  # whose whole truth test_samples checks
# as expensive as others and with the same logs: only the score builds them
ALIKE = {
    "crash_loop", "dns_failure", "log_gap", "long_retry", "nightly", "plateau", "poison",
    "power_loss", "pressure2010", "remote_outage",
}  # fmt: skip


def digest(root: Path) -> str:
    everything = hashlib.sha256()
    for path in sorted(root.rglob("*")):
        if path.is_file():
            everything.update(path.relative_to(root).as_posix().encode() + path.read_bytes())
    return everything.hexdigest()


@pytest.mark.parametrize("difficulty", ["normal", "hard"])
@pytest.mark.parametrize("scenario", ["leakQ176708", "stuck941060", "week_exchange50"])
def test_the_same_seed_makes_the_same_bytes(scenario: str, difficulty: str, tmp_path: Path) -> None:
    for folder in ("one", "two"):
        build(scenario, tmp_path / folder, seed=31, difficulty=difficulty)
    assert digest(tmp_path / "one") == digest(tmp_path / "two")


def test_another_seed_or_difficulty_makes_other_bytes(tmp_path: Path) -> None:
    variants = [(31, "normal"), (32, "normal"), (31, "hard")]
    for number, (seed, difficulty) in enumerate(variants):
        build("week_exchange2003", tmp_path / str(number), seed=seed, difficulty=difficulty)
    assert len({digest(tmp_path / str(number)) for number in range(3)}) == 3


def test_an_unknown_difficulty_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="difficulty is one of easy, normal, hard, not mean"):
        build("week_exchange50", tmp_path, seed=1, difficulty="mean")


@pytest.mark.parametrize("scenario", sorted(set(SCENARIOS) - OLD - ALIKE))
def test_hard_bundles_balance_and_their_truth_is_whole(scenario: str, tmp_path: Path) -> None:
    truth = build(scenario, tmp_path, seed=7, difficulty="hard")
    check_shape(truth)
    bundle = tmp_path / scenario
    with open_store(tmp_path / "books.duckdb") as con:
        sources = ingest(con, [bundle])
    by_path = {source.path.removeprefix(f"{bundle.as_posix()}/"): source for source in sources}
    assert sum(source.status == "unknown" for source in sources) == 3  # what lies about there
    for source in sources:
        assert source.records == source.rows + source.duplicates + source.rejects, source.path
        assert source.status in {"loaded", "duplicate", "partial", "unknown"}, source.path
    for path, records in truth["files"].items():
        source = by_path.get(path) or by_path[f"{path}.gz"]
        if path not in truth["damaged"]:
            assert source.status in {"loaded", "duplicate"}, path  # its copy may come first
            assert (source.records, source.rejects) == (records, 0), path


def check_shape(truth: dict[str, Any]) -> None:
    """Assert that incidents have what a score needs, and only words that are known."""
    for one in truth["incidents"]:
        assert set(one) >= INCIDENT
        assert one["known_problem"] in PROBLEMS
        assert one["verdict"] in VERDICTS
        assert (one["known_problem"] is None) == (one["verdict"] in {None, "ruled-out"})
        assert one["ended_at"] is None or one["started_at"] <= one["ended_at"]
        assert isinstance(one["optional"], bool)
        assert one["host"] in truth["hosts"]
    assert all(abs(seconds) <= 600 for seconds in truth["skew_s"].values())
