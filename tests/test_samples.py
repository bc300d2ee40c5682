"""The sample bundles, and unseen ones of other seeds, yield exactly their truth."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from logpipe.analyze import analyze
from logpipe.rules import load_rules
from logpipe.store import open_store
from samples.generator import SEEDS, build
from tests.numbers import assert_recomputable

SAMPLES = Path(__file__).parents[1] / "samples"
# the release is the first attempt after the restart; the truth speaks of the delivery
TOLERANCE = timedelta(minutes=30)
MINUTE = timedelta(minutes=1)


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def loud(report: dict[str, Any]) -> list[dict[str, Any]]:
    return [incident for incident in report["incidents"] if incident["severity"] != "info"]


def check(report: dict[str, Any], truth: dict[str, Any], bundle: Path) -> None:
    """Assert that incidents, hosts, counts, times and books are those of the truth."""
    # what remote hosts did is told of the good week alone, and need not be found
    found = [one for one in loud(report) if one["rule"] != "remote-outage"]
    wanted = [one for one in truth["incidents"] if not one.get("optional")]
    names = sorted((i["rule"], i["host"], i["service"]) for i in found)
    assert names == sorted((i["rule"], i["host"], i["service"]) for i in wanted)
    for want in wanted:
        (got,) = [
            i
            for i in found
            if (i["rule"], i["host"], i["service"]) == (want["rule"], want["host"], want["service"])
        ]
        assert abs(moment(got["started_at"]) - moment(want["started_at"])) < MINUTE
        assert abs(moment(got["ended_at"]) - moment(want["ended_at"])) <= TOLERANCE
        assert got["measures"].get("messages", 0) == want["messages"]
    books = {s["path"].removeprefix(bundle.as_posix() + "/"): s for s in report["sources"]}
    assert {path: books[path]["records"] for path in truth["files"]} == truth["files"]
    assert {source["status"] for source in report["sources"]} == {"loaded"}
    for source in report["sources"]:
        assert source["records"] == source["rows"] + source["duplicates"] + source["rejects"]


@pytest.mark.parametrize("name", sorted(SEEDS))
def test_a_committed_bundle_yields_exactly_its_truth(name: str, tmp_path: Path) -> None:
    report = analyze([SAMPLES / name], tmp_path, load_rules(), force=False)
    truth = json.loads((SAMPLES / f"{name}.truth.json").read_text("utf-8"))
    check(report, truth, SAMPLES / name)
    with open_store(tmp_path / "logpipe.duckdb", read_only=True) as con:
        assert_recomputable(con)


def test_a_remote_host_that_was_down_is_named_and_mail_that_came_back_with_it(
    tmp_path: Path,
) -> None:
    report = analyze([SAMPLES / "exchange2003"], tmp_path, load_rules(), force=False)
    (outage,) = [i for i in loud(report) if i["rule"] == "remote-outage"]
    assert (outage["host"], outage["service"]) == ("EX1", "city.example")
    measures = outage["measures"]
    assert (measures["messages"], measures["returned"], measures["hours"]) == (34, 17, 78.8)


@pytest.mark.parametrize(
    ("scenario", "parameters"),
    [
        ("gateway2003", {}),
        ("gateway2003", {"share": 0}),  # a restart that frees nothing
        ("exchange2003", {}),
        ("exchange2003", {"smtp_restart_day": 15}),  # SMTP alone, which frees nothing
        ("healthy", {"transport_restart_day": 3}),  # only the tracking log tells
    ],
)
def test_an_unseen_bundle_yields_exactly_its_truth(
    scenario: str, parameters: dict[str, Any], tmp_path: Path
) -> None:
    truth = build(scenario, tmp_path, seed=77, **parameters)
    report = analyze([tmp_path / scenario], tmp_path / "out", load_rules(), force=False)
    check(report, json.loads(json.dumps(truth)), tmp_path / scenario)
    with open_store(tmp_path / "out" / "logpipe.duckdb", read_only=True) as con:
        assert_recomputable(con)


def test_without_the_event_log_the_smtp_log_alone_tells_the_restart(tmp_path: Path) -> None:
    report = analyze([SAMPLES / "gateway2003" / "logs"], tmp_path, load_rules(), force=False)
    idle = [i for i in loud(report) if i["rule"] == "idle-until-restart"]
    assert [i["measures"]["messages"] for i in idle] == [99]
    assert "System event log of GW1 over the restart" in idle[0]["missing_evidence"]


def test_without_the_mail_logs_nobody_is_blamed(tmp_path: Path) -> None:
    report = analyze(
        [SAMPLES / "gateway2003" / "SysEvent.Evt"], tmp_path, load_rules(), force=False
    )
    assert [incident["rule"] for incident in report["incidents"]] == ["service-restart"]


def test_outputs_are_byte_identical_for_identical_input(tmp_path: Path) -> None:
    for name in ("one", "two"):
        analyze([SAMPLES / "exchange2003"], tmp_path / name, load_rules(), force=False)
    for output in ("report.json", "report.html", "timeline.jsonl"):
        assert (tmp_path / "one" / output).read_bytes() == (tmp_path / "two" / output).read_bytes()
