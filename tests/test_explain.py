"""``logpipe explain``: an incident with its evidence, quoted from the files."""

import gzip
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import duckdb
import pytest

from logpipe.analyze import analyze, build_report
from logpipe.errors import LogpipeError, StoreError
from logpipe.explain import explain
from logpipe.nights import night_incidents
from logpipe.report._facts import above_info, only_info
from logpipe.report.evidence import LONGEST, raw_lines
from logpipe.report.explained import Explained, explain_lines, listed_lines, split_command
from logpipe.rules import load_rules
from logpipe.store import ask, open_store

BUNDLE = Path(__file__).parents[1] / "samples" / "gateway2003"


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("out")
    analyze([BUNDLE], out, load_rules(), force=False)
    return out / "logpipe.duckdb"


def explained(store: Path, incident: str) -> Explained:
    with open_store(store, read_only=True) as con:
        return explain(con, incident)


def test_every_finding_has_its_file_and_line_and_the_raw_line_is_quoted(store: Path) -> None:
    found = explained(store, "idle-until-restart")
    text = "\n".join(explain_lines(found, 400))
    first = min(found.incident["findings"], key=lambda one: one["ts"])
    assert f"      {first['source']}:{first['record']}" in text
    line = gzip.decompress(Path(first["source"]).read_bytes()).splitlines()[first["record"] - 1]
    assert f"      | {line.decode().rstrip()}" in text
    assert "Service Control Manager 7036: Simple Mail Transfer Protocol (SMTP) | running" in text
    assert "What to do: " in text
    assert "Why its mail waited:" in text
    assert "  idle: " in text


def test_lines_in_archives_are_said_to_be_quoted_only_when_unpacked(
    store: Path, tmp_path: Path
) -> None:
    packed = tmp_path / "x.duckdb"
    shutil.copy(store, packed)
    with open_store(packed) as con:
        con.execute("UPDATE source SET path = 'case.zip!' || path")
        con.execute(
            "INSERT INTO source SELECT * REPLACE (99 AS source_id, 'case.zip' AS path, "
            "'zip' AS format) FROM source LIMIT 1"
        )
    lines = list(explain_lines(explained(packed, "idle-until-restart")))
    at = lines.index(
        "Raw lines are not quoted from archives: unpack this one and analyze the folder,"
    )
    assert lines[at + 1] == "  case.zip"
    assert not any("not quoted" in line for line in explain_lines(explained(store, "idle-until")))


def test_what_to_do_stands_before_the_findings_and_no_line_is_too_wide(store: Path) -> None:
    lines = list(explain_lines(explained(store, "idle-until-restart")))
    heads = ["Known problem", "Signs (", "What is missing:", "What to do:", "221 findings"]
    at = [next(n for n, line in enumerate(lines) if line.startswith(head)) for head in heads]
    assert at == sorted(at)
    commands = lines[at[2] : at[3]]
    assert "    tasklist /svc /fo csv > tasklist.csv" in commands
    wide = [line for line in lines if len(line) > 80 and line not in commands]
    assert wide == []
    with open_store(store, read_only=True) as con:
        ids = [one["id"] for one in build_report(con)["incidents"]]
        for found in (explain(con, id_) for id_ in ids):
            whole = {f"      {one['source']}:{one['record']}" for one in found.incident["findings"]}
            missing = found.incident["missing_evidence"]
            whole |= {f"    {item.partition(': ')[2]}" for item in missing}
            assert [n for n in explain_lines(found) if len(n) > 80 and n not in whole] == []


def test_a_long_raw_line_takes_three_lines_and_place_and_command_stay_whole() -> None:
    path = f"{'deep/' * 30}x.log"
    command = f"wmic {'x' * 200}"
    finding = incident()["findings"][0] | {"source": path, "text": "y" * 500}
    one = incident(findings=[finding], missing_evidence=[f"version: {command}"], title="t " * 99)
    lines = list(explain_lines(Explained(one, [], {(path, 1): "z" * 300})))
    assert f"      {path}:1" in lines
    assert f"    {command}" in lines
    assert [len(line) for line in lines if line.startswith("      | ")] == [80, 80, 80]
    assert lines[-1].endswith("zzz...")
    assert sum(len(line) > 80 for line in lines) == 2


def test_an_id_may_be_cut_but_not_guessed(store: Path) -> None:
    whole = explained(store, "idle-until-restart").incident["id"]
    assert explained(store, whole).incident["id"] == whole
    with pytest.raises(LogpipeError, match="no such incident"):
        explained(store, "nothing-of-that-name")
    with pytest.raises(LogpipeError, match="several incidents begin so"):
        explained(store, "")


def test_why_mail_waited_is_told_of_the_recipients_that_the_incident_is_about(store: Path) -> None:
    assert {row["cause"] for row in explained(store, "remote-outage-40b").waits} == {"no-answer"}
    causes = {row["cause"] for row in explained(store, "idle-until-restart").waits}
    assert "idle" in causes
    assert "no-answer" not in causes


def test_a_sign_says_which_of_the_messages_that_left_are_of_the_incident(store: Path) -> None:
    said = {sign["id"]: sign["text"] for sign in explained(store, "delayed-ndr").incident["signs"]}
    assert said["D"] == (
        "99 messages of this host left with the restart, 49 of them of this incident"
    )


def test_incidents_stand_in_one_order_wherever_they_are_told(store: Path, tmp_path: Path) -> None:
    shutil.copy(store, tmp_path / "x.duckdb")
    with open_store(tmp_path / "x.duckdb") as con:
        report = build_report(con)
        con.execute(
            "INSERT INTO night_incident BY NAME SELECT 1 AS night_id, incident_id AS known_as, "
            "'new' AS state, true AS seen, started_at AS last_at, "
            "* EXCLUDE (incident_id, incident_key, ended_at, findings) "
            "FROM incident JOIN (SELECT rule, title FROM rule) USING (rule)"
        )
        night = [row["known_as"] for row in night_incidents(con, 1)]
    told = [one["id"] for one in [*above_info(report), *only_info(report)]]
    assert [one["id"] for one in report["incidents"]] == told
    assert night == told


def test_every_command_to_collect_is_split_from_what_it_gets(store: Path) -> None:
    with open_store(store, read_only=True) as con:
        rows = con.execute("SELECT text, command FROM collect_next").fetchall()
    assert [split_command(text)[1] for text, _ in rows] == [command for _, command in rows]


def test_the_command_prints_the_same(store: Path) -> None:
    found = explained(store, "idle-until-restart")
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "logpipe", "explain", "idle-until-restart", "--db", str(store)],
        capture_output=True, check=True, env=os.environ | {"COLUMNS": "80"},
    )  # fmt: skip
    assert done.stdout.decode().splitlines() == list(explain_lines(found))


def incident(**told: Any) -> dict[str, Any]:
    finding = {
        "ts": "2007-09-03T05:00:00Z",
        "role": "sign",
        "text": "x",
        "source": "a",
        "record": 1,
    }
    return {
        "id": "r-1", "rule": "r", "known_problem": None, "verdict": "not-assessable",
        "severity": "low", "host": "GW1", "started_at": "2007-09-03T05:00:00Z", "ended_at": None,
        "title": "t", "summary": "s", "measures": {}, "signs": [], "missing_evidence": [],
        "considered": [], "why": "w", "todo": "d", "references": [], "findings": [finding],
    } | told  # fmt: skip


def test_signs_stand_with_their_states_and_nothing_of_a_stranger_reaches_the_terminal() -> None:
    one = incident(
        known_problem="KB934709", known_problem_title="KB934709: mail lies idle",
        verdict="supported", title="evil\x1b[2J\u202e",
        signs=[{"id": "A", "title": "idle", "state": "present"},
               {"id": "E", "title": "unfixed", "state": "unknown"}],
        missing_evidence=["version of aqueue.dll"],
        considered=[{"problem": "KB941060", "verdict": "ruled-out", "reason": "no Exchange",
                     "look_alikes": ["KB950757: seen in no queue"]}],
    )  # fmt: skip
    lines = list(explain_lines(Explained(one, [], {("a", 1): "raw"})))
    assert "Known problem, supported: KB934709: mail lies idle" in lines
    assert "  + A idle" in lines
    assert "  ? E unfixed" in lines
    assert "  version of aqueue.dll" in lines
    assert "      | raw" in lines
    assert "  KB941060: ruled-out; no Exchange" in lines
    assert "      resembles KB950757: seen in no queue" in lines
    assert not {"\x1b", "\u202e"} & set("".join(lines))


def test_many_findings_of_one_role_do_not_hide_the_others() -> None:
    bare = {"source": None, "record": None}
    many = [
        bare | {"ts": f"2007-09-03T05:00:{n:02}Z", "role": "symptom", "text": f"n{n}"}
        for n in range(50)
    ]
    last = bare | {"ts": "2007-09-03T06:00:00Z", "role": "restart", "text": "end"}
    found = Explained(incident(findings=[*many, last]), [], {})
    lines = list(explain_lines(found))
    assert any(line.endswith("restart  end") for line in lines)
    assert "  and 40 more symptoms: --all shows them" in lines
    every = list(explain_lines(found, whole=True))
    assert sum("symptom  n" in line for line in every) == 50
    assert not any("more symptoms" in line for line in every)


@pytest.mark.parametrize(
    "content",
    [
        b"one\r\ntwo \x1b[2J\r\nthree",
        gzip.compress(b"one\ntwo \x1b[2J\nthree\n"),
        "\ufeffone\r\ntwo \x1b[2J\r\nthree".encode("utf-16-le"),
        "\ufeffone\ntwo \x1b[2J\nthree".encode("utf-16-be"),
        "one is long enough to tell\ntwo \x1b[2J\nthree".encode("utf-16-le"),
        b"one\rtwo \x1b[2J\rthree\r",
        b"one\0\ntwo \x1b[2J\nthree\n",
    ],
    ids=["plain", "gzip", "utf-16-le", "utf-16-be", "without mark", "carriage returns", "NULs"],
)
def test_lines_are_read_again_by_number(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(content)
    assert raw_lines(tmp_path / "x.log", [2, 3, 9], 5) == {2: r"two \u001b[2J", 3: "three"}


def test_a_file_that_shrank_or_went_gives_no_line(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(b"one\n")
    assert raw_lines(tmp_path / "x.log", [1], 100) == {}
    assert raw_lines(tmp_path / "gone.log", [1], 100) == {}


def test_a_line_without_end_is_cut(tmp_path: Path) -> None:
    (tmp_path / "x.log").write_bytes(b"y" * 1_000_000 + b"\nnext\n")
    found = raw_lines(tmp_path / "x.log", [1, 2], 5)
    assert len(found[1]) == LONGEST
    assert found[2] == "next"


def test_what_several_ids_begin_with_lists_them(store: Path) -> None:
    with open_store(store, read_only=True) as con:
        ids = [one["id"] for one in build_report(con)["incidents"]]
    with pytest.raises(LogpipeError, match="several incidents begin so: ") as caught:
        explained(store, "")
    assert str(caught.value).endswith(", ".join(ids))


def test_without_an_id_every_incident_is_listed_with_its_own(store: Path) -> None:
    with open_store(store, read_only=True) as con:
        incidents = build_report(con)["incidents"]
    lines = list(listed_lines(incidents))
    assert [line.split()[0] for line in lines[::2]] == [one["id"] for one in incidents]
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-m", "logpipe", "explain", "--db", str(store)],
        capture_output=True, check=True, text=True,
    )  # fmt: skip
    assert done.stdout.splitlines() == lines


@pytest.mark.parametrize("lost", ["TABLE wait_stretch", "VIEW incident", "TABLE log_span"])
def test_a_store_that_lost_something_is_told_in_one_line(
    store: Path, tmp_path: Path, lost: str
) -> None:
    damaged = tmp_path / "x.duckdb"
    damaged.write_bytes(store.read_bytes())
    with duckdb.connect(str(damaged)) as con:
        con.execute(f"DROP {lost} CASCADE")
        if lost == "TABLE wait_stretch":
            con.execute("CREATE TABLE wait_stretch (a INTEGER)")
    asked = "FROM log_span ORDER BY ALL"
    with pytest.raises(StoreError) as caught, open_store(damaged, read_only=True) as con:
        _ = ask(con, asked) if "log_span" in lost else explain(con, "idle-until-restart")
    assert str(caught.value).startswith(f"{damaged}: not a logpipe store, or of another version")
