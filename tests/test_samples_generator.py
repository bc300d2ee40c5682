import csv
import gzip
import io
import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from samples.generator import SEEDS, build

COMMITTED = Path(__file__).parent.parent / "samples"
RETRIES = [timedelta(minutes=minutes) for minutes in (15, 30, 60, 240)]
NO_ANSWER = {"oldpartner.example", "supplier.example"}  # dead, and down for some hours


class Made(NamedTuple):
    out: Path
    truth: dict[str, dict[str, Any]]


class Mail(NamedTuple):
    at: datetime
    id: str
    sender: str
    recipients: tuple[str, ...]


class Attempt(NamedTuple):
    at: datetime
    reply: str


Attempts = dict[tuple[str, str], list[Attempt]]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    out = tmp_path_factory.mktemp("samples")
    return Made(out, {name: build(name, out, seed=seed) for name, seed in SEEDS.items()})


def content(path: Path) -> bytes:
    data = path.read_bytes()
    return gzip.decompress(data) if path.suffix == ".gz" else data


def folder_bytes(folder: Path) -> dict[str, bytes]:
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def lines(folder: Path, pattern: str) -> Iterator[str]:
    for path in sorted(folder.rglob(pattern)):
        yield from content(path).decode("utf-8-sig").splitlines()


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix("Z"))


def read_w3c(folder: Path) -> tuple[list[Mail], Attempts]:
    """Follow each peer's sessions with nothing but the documented row shapes."""
    mail: list[Mail] = []
    attempts: Attempts = defaultdict(list)
    sender: dict[str, str] = {}
    recipients: dict[str, list[str]] = {}
    asked: dict[str, str] = {}
    for line in lines(folder, "ex*.log*"):
        if line.startswith("#"):
            continue
        cells = line.split(" ")
        assert len(cells) == 21, line
        at = datetime.fromisoformat(f"{cells[0]}T{cells[1]}")
        peer, who, verb, query = cells[2], cells[3], cells[8], cells[10]
        address = re.search(r"<([^>]*)>", query)
        if who == "OutboundConnectionResponse":
            if peer in asked:
                attempts[sender[f"to {peer}"], asked.pop(peer)].append(Attempt(at, query))
            continue
        key = f"to {peer}" if who == "OutboundConnectionCommand" else f"from {peer}"
        if verb == "MAIL" and address:
            sender[key], recipients[key] = address[1], []
        elif verb == "RCPT" and address:
            recipients[key].append(address[1])
            if key == f"to {peer}":
                asked[peer] = address[1]
        elif verb == "DATA" and key == f"from {peer}" and address:
            mail.append(Mail(at, address[1], sender[key], tuple(recipients[key])))
    return mail, attempts


def pairs(mail: list[Mail]) -> Counter[tuple[str, str]]:
    return Counter((one.sender, rcpt) for one in mail for rcpt in one.recipients)


def read_tracking(folder: Path) -> dict[tuple[str, str], list[tuple[datetime, int]]]:
    rows = defaultdict(list)
    for line in lines(folder, "2*.log*"):
        if line.startswith("#"):
            continue
        cells = line.split("\t")
        assert len(cells) == 21
        year, month, day = map(int, cells[0].split("-"))
        hour, minute, second = map(int, cells[1].removesuffix(" GMT").split(":"))
        at = utc(f"{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}")
        rows[cells[9], cells[7]].append((at, int(cells[8])))
    return rows


def test_the_same_seed_gives_the_same_bytes(made: Made, tmp_path: Path) -> None:
    for name, seed in SEEDS.items():
        build(name, tmp_path, seed=seed)
    assert folder_bytes(tmp_path) == folder_bytes(made.out)


def test_the_committed_bundles_are_what_the_generator_writes(made: Made) -> None:
    for name in SEEDS:
        fresh = sorted(path for path in (made.out / name).rglob("*") if path.is_file())
        kept = sorted(path for path in (COMMITTED / name).rglob("*") if path.is_file())
        assert [path.relative_to(made.out) for path in fresh] == [
            path.relative_to(COMMITTED) for path in kept
        ]
        # Unpacked: another zlib may pack the same log into other bytes.
        both = zip(fresh, kept, strict=True)
        assert [new.name for new, old in both if content(new) != content(old)] == []
        truth = (COMMITTED / f"{name}.truth.json").read_text(encoding="utf-8")
        assert json.loads(truth) == made.truth[name]


def test_all_bundles_together_stay_under_three_megabytes(made: Made) -> None:
    assert sum(len(data) for data in folder_bytes(made.out).values()) < 3_000_000


@pytest.mark.parametrize(("name", "days"), [("gateway2003", 7), ("exchange2003", 5)])
def test_another_seed_gives_another_truth(name: str, days: int, tmp_path: Path) -> None:
    truths = [build(name, tmp_path / str(seed), seed=seed, days=days) for seed in (1, 2)]
    assert truths[0] != truths[1]


def test_lost_messages_are_never_attempted_before_the_restart(made: Made) -> None:
    truth = made.truth["gateway2003"]
    mail, attempts = read_w3c(made.out / "gateway2003")
    restart = utc(truth["restarts"][0]["start"])
    written = pairs(mail)
    checked = 0
    for idle in truth["idle_messages"]:
        for recipient in idle["recipients"]:
            pair = idle["sender"], recipient
            if written[pair] > 1:
                continue  # another message of the pair may be the one attempted
            assert not [one for one in attempts[pair] if one.at < restart]
            tried = bool(attempts[pair])
            assert tried or idle["released_by"] == "ndr"
            checked += 1
    assert checked > 50


def test_lost_messages_older_than_the_expiry_end_as_reports_and_are_not_tried(made: Made) -> None:
    truth = made.truth["gateway2003"]
    mail, attempts = read_w3c(made.out / "gateway2003")
    written = pairs(mail)
    overdue = [ndr for ndr in truth["ndrs"] if ndr["overdue"]]
    by_id = {one.id: one for one in mail}
    assert len(overdue) > 10
    for ndr in overdue:
        sender = by_id[ndr["message_id"]].sender
        if written[sender, ndr["recipient"]] == 1:
            assert not attempts[sender, ndr["recipient"]]
        reports = [one.at for one in attempts["", sender]]
        assert any(timedelta() <= at - utc(ndr["ndr_at"]) < timedelta(minutes=30) for at in reports)


def test_every_other_message_is_attempted_at_once_and_then_on_the_retry_schedule(
    made: Made,
) -> None:
    truth = made.truth["gateway2003"]
    mail, attempts = read_w3c(made.out / "gateway2003")
    stop, start = (utc(truth["restarts"][0][key]) for key in ("stop", "start"))
    idle = {one["message_id"] for one in truth["idle_messages"]}
    written = pairs(mail)
    retried = 0
    for one in mail:
        lost_for_less = stop - timedelta(hours=5) < one.at < start
        if one.id in idle or lost_for_less or one.at > utc(truth["end"]) - timedelta(minutes=1):
            continue
        for recipient in one.recipients:
            pair = one.sender, recipient
            if recipient.split("@")[1] in NO_ANSWER or written[pair] > 1:
                continue
            moments = [attempt.at for attempt in attempts[pair]]
            assert timedelta() <= moments[0] - one.at < timedelta(seconds=45), one
            for number, (last, at) in enumerate(pairwise(moments)):
                wait = RETRIES[min(number, 3)]
                across_restart = last < start <= at
                assert across_restart or abs(at - last - wait) < timedelta(seconds=45), pair
                retried += 1
            assert all(reply.reply.startswith("4") for reply in attempts[pair][:-1])
    assert retried > 30


def test_a_header_block_and_a_new_id_counter_mark_the_service_start(made: Made) -> None:
    start = utc(made.truth["gateway2003"]["restarts"][0]["start"])
    text = list(lines(made.out / "gateway2003", "ex070912.log*"))
    dates = [line for line in text if line.startswith("#Date: ")]
    assert dates[1] == f"#Date: {start:%Y-%m-%d %H:%M:%S}"
    after = text[text.index(dates[1]) :]
    ids = [line for line in after if " DATA - <" in line]
    assert int(ids[0].split("@")[0][-8:], 16) < 100


def test_rows_are_in_time_order_and_sessions_interleave(made: Made) -> None:
    rows = [line for line in lines(made.out / "gateway2003", "ex*.log*") if line[0] != "#"]
    moments = [row[:19] for row in rows]
    assert moments == sorted(moments)
    talking: set[str] = set()
    together = 0
    for row in rows:
        cells = row.split(" ")
        talking = talking | {cells[2]} if cells[10].startswith("220+") else talking
        together += len(talking) > 1
        talking = talking - {cells[2]} if cells[8] == "QUIT" else talking
    assert together > 1000


def test_tracking_rows_of_a_message_follow_the_documented_order(made: Made) -> None:
    order = re.compile(
        r"(1027 )?1019 1025 1024 1033( 1034( 1020)*( 1031| 1030| 1021)?| 1036( 1023 1028| 1030)?)?"
    )
    tracked = read_tracking(made.out / "exchange2003")
    for key, rows in tracked.items():
        assert rows == sorted(rows, key=lambda row: row[0])
        assert order.fullmatch(" ".join(str(event) for _, event in rows)), (key, rows)
    assert len(tracked) > 1500


def test_stranded_messages_show_1034_or_1036_last_until_they_are_freed_or_expire(
    made: Made,
) -> None:
    truth = made.truth["exchange2003"]
    tracked = read_tracking(made.out / "exchange2003")
    restart = utc(truth["restarts"][1]["start"])
    for idle in truth["idle_messages"]:
        for recipient in idle["recipients"]:
            rows = tracked[idle["message_id"], recipient]
            before = [event for at, event in rows if at < restart]
            assert before[-1] in {1034, 1036}
            assert len(rows) > len(before)
    unexplained = [ndr for ndr in truth["ndrs"] if not ndr["ordinary"]]
    assert len(unexplained) > 30
    for ndr in unexplained:
        rows = tracked[ndr["message_id"], ndr["recipient"]]
        events = [event for _, event in rows]
        assert events[-2:] in ([1034, 1030], [1036, 1030])
        assert timedelta(hours=48) <= rows[-1][0] - rows[0][0] < timedelta(hours=48, minutes=3)


def test_the_store_strands_nothing_before_its_cache_is_full(made: Made) -> None:
    truth = made.truth["exchange2003"]
    booted = utc(truth["restarts"][0]["start"])
    waits = [one["accepted_at"] for one in truth["idle_messages"]]
    waits += [ndr["accepted_at"] for ndr in truth["ndrs"] if not ndr["ordinary"]]
    assert min(map(utc, waits)) - booted > timedelta(days=7)


def test_the_long_outage_expires_mail_to_its_own_domain_only(made: Made) -> None:
    ordinary = [
        ndr["recipient"].split("@")[1]
        for ndr in made.truth["exchange2003"]["ndrs"]
        if ndr["ordinary"] and ndr["status"] == "4.4.7"
    ]
    assert set(ordinary) == {"city.example", "oldpartner.example"}
    assert ordinary.count("city.example") > 3


def test_a_healthy_week_has_one_planned_reboot_and_nothing_else(made: Made) -> None:
    truth = made.truth["healthy"]
    required = [one for one in truth["incidents"] if not one["optional"]]
    assert [(one["rule"], one["service"]) for one in required] == [("service-restart", "host")]
    outages = [one for one in truth["incidents"] if one["rule"] == "remote-outage"]
    assert {one["domain"] for one in outages} == {"agency.example", "oldpartner.example"}
    assert not truth["idle_messages"]
    assert {ndr["ordinary"] for ndr in truth["ndrs"]} == {True}
    assert {ndr["host"] for ndr in truth["ndrs"] if ndr["status"] == "4.4.7"} == set(truth["hosts"])


def test_a_restart_of_a_sound_gateway_frees_nothing(tmp_path: Path) -> None:
    truth = build("gateway2003", tmp_path, seed=4, days=5, restart_day=3, share=0)
    assert [one["rule"] for one in truth["incidents"]] == ["service-restart"]


def test_a_restart_of_smtp_alone_frees_nothing_from_the_store(tmp_path: Path) -> None:
    truth = build("exchange2003", tmp_path, seed=5, days=12, smtp_restart_day=10.5)
    assert not truth["idle_messages"]
    assert [one["rule"] for one in truth["incidents"]] == [
        "service-restart",
        "delayed-ndr",
        "service-restart",
    ]


def test_modern_tracking_has_thirty_columns_and_starts_each_message_once(made: Made) -> None:
    folder = made.out / "healthy"
    text = [line for line in lines(folder, "MSGTRK*") if not line.startswith("#")]
    rows = list(csv.reader(io.StringIO("\n".join(text))))
    assert {len(row) for row in rows} == {30}
    first: dict[str, list[str]] = {}
    for row in rows:
        first.setdefault(row[9], row)
    assert {row[8] for row in first.values()} == {"RECEIVE", "DSN"}
    assert sum(row[8] in {"RECEIVE", "DSN"} for row in rows) == len(first)
    assert len({row[28] for row in rows}) == len(rows)


def test_a_transport_restart_loads_what_was_queued(tmp_path: Path) -> None:
    build("healthy", tmp_path, seed=3, days=3, transport_restart_day=2.0)
    text = [line for line in lines(tmp_path, "MSGTRK*") if ",BOOTLOADER,LOAD," in line]
    assert text
    assert len({line[:19] for line in text}) == 1


def test_the_truth_counts_the_lines_of_every_text_log(made: Made) -> None:
    for name, truth in made.truth.items():
        for path, records in truth["files"].items():
            data = content(made.out / name / path)
            if path.lower().endswith((".evt", ".evtx")):
                assert records > 20
            else:
                rows = [line for line in data.removeprefix(b"\xef\xbb\xbf").split(b"\r\n") if line]
                assert sum(not row.startswith(b"#") for row in rows) == records
