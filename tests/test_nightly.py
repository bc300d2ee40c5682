"""Nights: what is new is read once, incidents are told apart from those of earlier nights."""

import gzip
import json
import shutil
from collections.abc import Iterator
from datetime import date, datetime
from hashlib import md5
from pathlib import Path

import pytest
from filelock import FileLock
from typer.testing import CliRunner

from logpipe import nightly
from logpipe.analyze import analyze
from logpipe.cli import app
from logpipe.config import Config, Suppression, read_config
from logpipe.derived import rebuild_derived
from logpipe.errors import ConfigError, LogpipeError
from logpipe.nightly import Night, run_night
from logpipe.nights import write_night, write_silence
from logpipe.report.mailed import mail_html, mail_text, subject_words
from logpipe.report.nights import night_lines, scheduler_line
from logpipe.rules import load_rules
from logpipe.store import Connection, ask, open_store

SAMPLE = Path(__file__).parents[1] / "samples" / "gateway2003"
LOGS = {path.name[4:8]: path for path in sorted(SAMPLE.rglob("ex0709*.log*"))}
TOML = 'folders = ["in"]\nlook_back_days = 30\n'
IDLE = "idle-queue-item"


def lines(day: str) -> bytes:
    path = LOGS[day]
    return gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()


def give(folder: Path, *days: str, part: float = 1.0) -> None:
    """Put the logs of some days where the nights read; or the first part of one's bytes."""
    for day in days:
        whole = lines(day)
        (folder / "in" / f"ex07{day}.log").write_bytes(whole[: int(len(whole) * part)])


def night(config: Config, moment: str) -> Night:
    return run_night(config, load_rules(None), {}, datetime.fromisoformat(moment))


def states(done: Night, rule: str) -> list[str]:
    return [row["state"] for row in done.report["night"]["incidents"] if row["rule"] == rule]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("nights")
    (folder / "in").mkdir()
    (folder / "logpipe.toml").write_text(TOML)
    return folder


@pytest.fixture(scope="module")
def nights(place: Path) -> list[Night]:
    """A week: a log that is still written, a missed night, a late file, killed runs."""
    config = read_config(place / "logpipe.toml")
    done = []
    give(place, "0903", "0904", "0905", "0906")
    done.append(night(config, "2007-09-07T01:30"))
    give(place, "0907", part=0.97)
    done.append(night(config, "2007-09-08T01:30"))
    # 09-09 is missed; the log of 09-08 comes late
    give(place, "0907", "0909")
    done.append(night(config, "2007-09-10T01:30"))
    give(place, "0908", "0910", "0911")
    with pytest.MonkeyPatch.context() as patch:
        for name in ("detect", "write_outputs", "_prune"):  # killed at each of these
            patch.setattr(nightly, name, _kill)
            with pytest.raises(KeyboardInterrupt):
                night(config, "2007-09-12T01:30")
            patch.undo()
    give(place, "0912")
    shutil.copy(SAMPLE / "SysEvent.Evt", place / "in")
    done.append(night(config, "2007-09-13T01:30"))
    done.append(night(config, "2007-09-13T02:00"))
    return done


@pytest.fixture
def con(tmp_path: Path) -> Iterator[Connection]:
    """A store in which nights are told of findings and files that never were."""
    with open_store(tmp_path / "told.duckdb") as con:
        rebuild_derived(con)
        con.execute(
            "INSERT INTO rule BY NAME SELECT rule, 'A title' AS title, 'low' AS severity, "
            "'' AS summary, '' AS why, '' AS todo, [] AS reference, '{}' AS params "
            "FROM (VALUES ('remote-outage'), ('service-restart'), ('own-rule')) AS r (rule)"
        )
        yield con


def came(con: Connection, run_id: int, name: str, last: str, host: str = "GW1") -> None:
    """Put down a file that a run has read: its format, and when it ends."""
    con.execute(
        "INSERT INTO source BY NAME SELECT (SELECT count(*) + 1 FROM source) AS source_id, "
        "'x' AS path, $name AS format, $host AS host, CAST($last AS TIMESTAMP) AS last_ts, "
        "1 AS records, 1 AS rows, 0 AS duplicates, 0 AS rejects, 0 AS recovered, "
        "'loaded' AS status, $run AS run_id",
        {"name": name, "host": host, "last": last, "run": run_id},
    )


def found(
    con: Connection, rule: str, last: str, *, ongoing: bool = False, messages: int = 1
) -> None:
    """Put down what tonight's rules found of one incident."""
    for number in range(messages):
        con.execute(
            "INSERT INTO finding BY NAME SELECT $rule AS rule, 'k' AS incident_key, "
            "'symptom' AS role, TIMESTAMP '2007-09-01' AS ts, CAST($last AS TIMESTAMP) AS ts_end, "
            "$ongoing AS ongoing, 'GW1' AS host, '' AS text, $message AS message",
            {"rule": rule, "last": last, "ongoing": ongoing, "message": str(number)},
        )


def told_of(con: Connection, number: int, began: str = "2007-09-20") -> list[dict[str, object]]:
    """Tell a night of what was found, and forget that."""
    incidents = ask(con, "SELECT incident_id AS id, 'A title' AS title FROM incident")
    row = {"night_id": number, "began": datetime.fromisoformat(began), "run_id": number}
    row |= {"files": 1, "from_ts": None, "to_ts": None, "records": 0, "report": str(number)}
    rows = write_night(con, row, incidents, [])
    con.execute("DELETE FROM finding")
    return rows


def silent_in(con: Connection, number: int, began: str, *quiet: Suppression) -> list[object]:
    """Tell a night of which hosts no logs came: host, whether the night before knew, why quiet."""
    row = {"night_id": number, "began": datetime.fromisoformat(began)}
    rows = write_silence(con, row, datetime.fromisoformat("2007-01-01"), quiet)
    return [(row["host"], row["lasting"], row["suppressed"]) for row in rows]


def test_what_was_told_as_continuing_is_told_until_it_is_gone(con: Connection) -> None:
    came(con, 1, "smtpsvc_w3c", "2007-09-10")
    found(con, "remote-outage", "2007-09-10", messages=8)
    assert [row["state"] for row in told_of(con, 1)] == ["new"]
    came(con, 2, "smtpsvc_w3c", "2007-09-11")
    found(con, "remote-outage", "2007-09-11", messages=9)
    assert [row["state"] for row in told_of(con, 2)] == ["continuing"]
    found(con, "remote-outage", "2007-09-11", messages=9)
    (row,) = told_of(con, 3)  # no logs came
    assert (row["state"], row["seen"]) == ("continuing", False)
    (row,) = told_of(con, 4)  # nor is it found any more
    assert (row["state"], row["seen"]) == ("continuing", False)
    came(con, 5, "smtpsvc_w3c", "2007-09-12")
    found(con, "remote-outage", "2007-09-11", messages=9)
    (row,) = told_of(con, 5)
    assert (row["state"], str(row["ended_at"])[:10]) == ("gone", "2007-09-11")
    found(con, "remote-outage", "2007-09-11", messages=9)
    assert told_of(con, 6) == []


def test_what_ended_before_it_was_told_is_told_once(con: Connection) -> None:
    for number in (1, 2):
        came(con, number, "smtpsvc_w3c", f"2007-09-1{number}")
        found(con, "remote-outage", "2007-09-05")
        assert [row["state"] for row in told_of(con, number)] == ["new"][number - 1 :]


def test_an_incident_that_grows_after_its_end_is_not_gone(con: Connection) -> None:
    said = []
    for number in (1, 2, 3, 4):
        came(con, number, "smtpsvc_w3c", f"2007-09-1{number}")
        found(con, "remote-outage", f"2007-09-1{min(number, 3)}", messages=20 + number)
        said += [row["state"] for row in told_of(con, number)]
    assert said[:3] == ["new", "continuing", "continuing"]


def test_mail_logs_that_go_on_tell_of_the_night_though_an_event_log_knew_a_later_time(
    con: Connection,
) -> None:
    came(con, 1, "smtpsvc_w3c", "2007-09-12")
    came(con, 1, "evt", "2007-09-13 23:23")
    found(con, "remote-outage", "2007-09-12", ongoing=True)
    told_of(con, 1)
    came(con, 2, "smtpsvc_w3c", "2007-09-13 22:58")
    found(con, "remote-outage", "2007-09-12", ongoing=True)
    (row,) = told_of(con, 2)
    assert (row["state"], row["seen"]) == ("continuing", True)


def test_an_event_log_alone_does_not_tell_that_an_outage_is_gone(con: Connection) -> None:
    for name in ("smtpsvc_w3c", "evt"):
        came(con, 1, name, "2007-09-12")
    for rule in ("remote-outage", "service-restart", "own-rule"):
        found(con, rule, "2007-09-12", ongoing=True)
    told_of(con, 1)
    came(con, 2, "evt", "2007-09-13")
    assert {str(row["rule"]): row["state"] for row in told_of(con, 2)} == {
        "remote-outage": "continuing",
        "service-restart": "gone",
        "own-rule": "gone",  # nobody knows what it lives on
    }


def test_a_log_that_comes_late_does_not_tell_that_anything_is_gone(con: Connection) -> None:
    came(con, 1, "smtpsvc_w3c", "2007-09-12")
    found(con, "remote-outage", "2007-09-12", ongoing=True)
    told_of(con, 1)
    came(con, 2, "smtpsvc_w3c", "2007-09-11")
    assert [row["state"] for row in told_of(con, 2)] == ["continuing"]


def test_a_host_whose_logs_stop_to_come_is_named_until_they_come(con: Connection) -> None:
    for host in ("GW1", "GW2"):
        came(con, 1, "smtpsvc_w3c", "2007-09-10 23:50", host)
    told_of(con, 1)
    assert silent_in(con, 1, "2007-09-11 01:30") == []
    came(con, 2, "smtpsvc_w3c", "2007-09-11 23:50", "GW2")
    told_of(con, 2)
    assert silent_in(con, 2, "2007-09-12 01:30") == [("GW1", False, None)]
    told_of(con, 3)
    quiet = Suppression("moved", date(2007, 9, 30), host="gw1")
    only = Suppression("known", date(2007, 9, 30), host="GW2", rule="remote-outage")
    assert silent_in(con, 3, "2007-09-13 01:30", quiet, only) == [
        ("GW1", True, "moved (until 2007-09-30)"),
        ("GW2", False, None),
    ]
    for host in ("GW1", "GW2"):
        came(con, 4, "smtpsvc_w3c", "2007-09-13 23:50", host)
    told_of(con, 4)
    assert silent_in(con, 4, "2007-09-14 01:30") == []


def test_a_log_that_may_not_be_closed_yet_is_not_missed(con: Connection) -> None:
    came(con, 1, "smtpsvc_w3c", "2007-09-10 23:50")
    told_of(con, 1)
    told_of(con, 2)
    assert silent_in(con, 2, "2007-09-11 18:00") == []


def test_a_report_that_a_stranger_wrote_is_no_host_whose_logs_are_missed(con: Connection) -> None:
    came(con, 1, "ndr", "2007-09-10", "ELSEWHERE")
    told_of(con, 1)
    told_of(con, 2)
    assert silent_in(con, 2, "2007-09-20") == []


def test_a_collection_that_has_stopped_does_not_look_healthy(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    give(tmp_path, "0903")
    (tmp_path / "logpipe.toml").write_text(TOML)
    config = read_config(tmp_path / "logpipe.toml")
    night(config, "2007-09-04T01:30")
    unchanged = night(config, "2007-09-05T01:30")
    for path in (tmp_path / "in").iterdir():
        path.unlink()
    emptied = night(config, "2007-09-06T01:30")
    for done, words in (
        (unchanged, "nothing new to read (1 file unchanged)"),
        (emptied, "no file lies below the folders"),
    ):
        report = done.report
        told = (
            scheduler_line(report, "x"),
            subject_words(report),
            "\n".join(night_lines(report)),
            mail_text(report, "x", attached=False),
            mail_html(report, "x", attached=False),
            (done.folder / "report.html").read_text(),
        )
        for said in told:
            assert words in said.replace("Nothing", "nothing").replace("No file", "no file")
            assert "GW1: no new logs since 2007-09-03 23:" in said
            assert "No files were found" not in said
    page = (tmp_path / "reports" / "index.html").read_text()
    assert page.count("GW1: no new logs since 2007-09-03 23:") == 2
    assert page.count("unknown") == 2
    result = CliRunner().invoke(
        app, ["nightly", "--config", str(tmp_path / "logpipe.toml"), "--strict", "--quiet"]
    )
    assert result.exit_code == 4
    assert "GW1: no new logs since" in result.output


def test_a_first_night_over_empty_folders_says_so(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "logpipe.toml").write_text(TOML)
    done = night(read_config(tmp_path / "logpipe.toml"), "2007-09-04T01:30")
    line = scheduler_line(done.report, "x")
    assert line == "nightly 2007-09-04: no file lies below the folders; report x"
    assert "no log was read" in (tmp_path / "reports" / "index.html").read_text()


def test_a_page_of_a_night_ends_where_the_logs_do_and_knows_those_of_before(
    nights: list[Night],
) -> None:
    page = (nights[4].folder / "report.html").read_text()  # it had nothing new to read
    assert f"to {nights[4].report['night']['to_ts'][:10]}</dd>" in page
    assert "No event log was read" not in page


def test_the_page_of_all_nights_tells_two_runs_of_a_day_apart(
    place: Path, nights: list[Night]
) -> None:
    page = (place / "reports" / "index.html").read_text()
    assert "2007-09-13 01:30:00" in page
    assert "run 2<" in page
    assert nights


def test_each_incident_of_a_night_is_told_with_the_id_that_suppresses_it(
    nights: list[Night],
) -> None:
    page = (nights[1].folder / "report.html").read_text()
    for row in nights[1].report["night"]["incidents"]:
        assert any(line.strip() == row["known_as"] for line in night_lines(nights[1].report))
        assert row["known_as"] in page


def _kill(*_: object, **__: object) -> None:
    raise KeyboardInterrupt


@pytest.fixture(scope="module")
def told(place: Path, nights: list[Night]) -> Iterator[list[dict[str, object]]]:
    """What the store remembers of all nights."""
    assert nights
    with open_store(place / "logpipe.duckdb", read_only=True) as con:
        yield ask(con, "FROM night_incident ORDER BY night_id, known_as")


def test_an_incident_is_new_grows_and_goes(nights: list[Night]) -> None:
    assert [states(done, IDLE) for done in nights] == [[], ["new"], ["continuing"], ["gone"], []]
    assert states(nights[3], "idle-until-restart") == ["new"]


def test_each_incident_is_new_once(told: list[dict[str, object]]) -> None:
    first = [row["known_as"] for row in told if row["state"] == "new"]
    assert len(first) == len(set(first))
    assert {row["known_as"] for row in told} == set(first)


@pytest.mark.parametrize("later", ["SMTPSVC", "MSExchangeIS"])  # a restart shows which it is of
def test_two_incidents_that_were_one_are_told_apart_whatever_their_ids_are(
    later: str, tmp_path: Path
) -> None:
    keys = sorted("abcd", key=lambda key: md5(f"log-gap|GW1|{key}".encode()).digest())  # noqa: S324
    first, kept, _, last = keys
    before = {kept: ("2007-09-01", "2007-09-05")}
    after = dict.fromkeys((first, last), ("2007-09-03", "2007-09-09"))
    service = {1: "SMTPSVC", 2: later}
    told = []
    with open_store(tmp_path / "x.duckdb") as con:
        rebuild_derived(con)
        con.execute(
            "INSERT INTO rule BY NAME SELECT 'log-gap' AS rule, 'A gap' AS title, "
            "'low' AS severity, '' AS summary, '' AS why, '' AS todo, [] AS reference, "
            "'{}' AS params"
        )
        for number, spans in enumerate((before, before | after), 1):
            con.execute("DELETE FROM finding")
            for key, (ts, ts_end) in spans.items():
                con.execute(
                    "INSERT INTO finding BY NAME SELECT 'log-gap' AS rule, $key AS incident_key, "
                    "'symptom' AS role, CAST($ts AS TIMESTAMP) AS ts, 'GW1' AS host, '' AS text, "
                    "CAST($ts_end AS TIMESTAMP) AS ts_end, $service AS service",
                    {"key": key, "ts": ts, "ts_end": ts_end, "service": service[number]},
                )
            incidents = ask(con, "SELECT incident_id AS id, 'A gap' AS title FROM incident")
            row = {"night_id": number, "began": datetime(2007, 9, 10), "run_id": 1, "files": 0}  # noqa: DTZ001
            row |= {"from_ts": None, "to_ts": None, "records": 0, "report": str(number)}
            rows = write_night(con, row, incidents, [])
            told.append(sorted((one["known_as"], one["state"]) for one in rows))
    ((one, _),) = told[0]
    assert sorted({name for name, _ in told[1]}) == [name for name, _ in told[1]]
    assert [state for name, state in told[1] if name != one] == ["new", "new"]


def test_after_all_nights_the_store_holds_what_one_analysis_finds(
    place: Path, nights: list[Night], tmp_path: Path
) -> None:
    report = analyze([place / "in"], tmp_path, load_rules(None), force=False)
    whole = {one["id"]: one["measures"] for one in report["incidents"]}
    with open_store(place / "logpipe.duckdb", read_only=True) as con:
        rows = (
            "SELECT count(*) AS rows, count(DISTINCT (ts, argument, peer)) AS kinds FROM smtp_event"
        )
        kept = ask(con, rows)
        found = {row["incident_id"] for row in ask(con, "FROM incident")}
        assert ask(con, "FROM source WHERE records <> rows + duplicates + rejects") == []
    with open_store(tmp_path / "logpipe.duckdb", read_only=True) as con:
        assert kept == ask(con, rows)
    assert found == set(whole)
    assert nights


def test_a_night_reads_only_what_is_new_or_has_changed(nights: list[Night]) -> None:
    files = [done.report["night"]["files"] for done in nights]
    assert files == [4, 1, 2, 2, 0]  # the killed runs had read three already


def test_a_run_that_was_killed_leaves_no_night_or_a_whole_one(
    place: Path, nights: list[Night]
) -> None:
    names = sorted(path.name for path in (place / "reports").iterdir() if path.is_dir())
    # the third kill came when the night was written down: its report was given its place later
    assert names == [
        "2007-09-07",
        "2007-09-08",
        "2007-09-10",
        "2007-09-12",
        "2007-09-13",
        "2007-09-13-2",
    ]
    for name in names:
        assert json.loads((place / "reports" / name / "report.json").read_text())["night"]
    assert nights


def test_the_page_of_all_nights_leads_to_each_report(place: Path, nights: list[Night]) -> None:
    page = (place / "reports" / "index.html").read_text()
    assert page.count("/report.html") == 6
    assert "1 new" in page
    assert nights


def test_the_page_of_a_night_says_what_became_of_each_incident(nights: list[Night]) -> None:
    page = (nights[3].folder / "report.html").read_text()
    assert "Since the night of 2007-09-12 01:30" in page
    assert "<b>gone</b>" in page


def test_the_line_for_schedulers_tells_the_night(nights: list[Night]) -> None:
    line = scheduler_line(nights[1].report, "x")
    assert line.startswith("nightly 2007-09-08: 1 new")
    part = lines("0907")[: int(len(lines("0907")) * 0.97)]
    records = sum(not one.startswith(b"#") for one in part.splitlines())
    assert line.endswith(f"; 1 file, {records:,} records; report x")


def test_what_is_suppressed_is_told_apart_until_its_day(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    give(tmp_path, "0907")
    quiet = (
        '[[suppress]]\nrule = "idle-queue-item"\nreason = "known, ticket 7"\nuntil = 2007-09-08\n'
    )
    (tmp_path / "logpipe.toml").write_text(TOML + quiet)
    config = read_config(tmp_path / "logpipe.toml")
    done = night(config, "2007-09-08T01:30")
    (row,) = (row for row in done.report["night"]["incidents"] if row["rule"] == IDLE)
    assert row["suppressed"] == "known, ticket 7 (until 2007-09-08)"
    said = "\n".join(night_lines(done.report))
    assert "new         medium    Messages lie idle" in said  # its state, not only that it is quiet
    assert "suppressed: known, ticket 7 (until 2007-09-08)" in " ".join(said.split())
    assert IDLE not in {one["rule"] for one in done.report["incidents"]}
    done = night(config, "2007-09-09T01:30")
    assert IDLE in {one["rule"] for one in done.report["incidents"]}


def test_of_a_host_whose_logs_do_not_come_nothing_is_called_gone(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    give(tmp_path, "0907")
    (tmp_path / "logpipe.toml").write_text(TOML)
    config = read_config(tmp_path / "logpipe.toml")
    assert states(night(config, "2007-09-08T01:30"), IDLE) == ["new"]
    done = night(config, "2007-09-09T01:30")
    (row,) = (row for row in done.report["night"]["incidents"] if row["rule"] == IDLE)
    assert (row["state"], row["seen"]) == ("continuing", False)


def test_old_rows_go_and_the_books_stay(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    give(tmp_path, "0903", "0906")
    (tmp_path / "logpipe.toml").write_text(f"{TOML}keep = {{ data_days = 2 }}\n")
    config = read_config(tmp_path / "logpipe.toml")
    night(config, "2007-09-07T01:30")
    with open_store(tmp_path / "logpipe.duckdb", read_only=True) as con:
        ((oldest,),) = con.execute("SELECT min(ts) FROM smtp_event").fetchall()
        assert oldest > datetime(2007, 9, 4)  # noqa: DTZ001 - the store has naive UTC
        assert len(ask(con, "FROM source")) == 2
    assert night(config, "2007-09-08T01:30").report["night"]["files"] == 0


def test_folders_of_others_beside_the_reports_are_never_touched(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    config = tmp_path / "logpipe.toml"
    config.write_text(TOML + 'reports = "."\nkeep = {report_days = 1}\n')
    for name in ("logs.part", "1-case", "2001-02-03", "2001-02-03-old.part"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "report.json").write_text("{}")
    give(tmp_path, "0903")
    for moment in ("2007-09-04T01:30", "2007-09-06T01:30"):
        night(read_config(config), moment)
    assert {path.name for path in tmp_path.iterdir() if path.is_dir()} == {
        "in", "logs.part", "1-case", "2001-02-03", "2001-02-03-old.part", "2007-09-06",
    }  # fmt: skip


def test_one_run_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    (tmp_path / "logpipe.toml").write_text(TOML)
    config = read_config(tmp_path / "logpipe.toml")
    with FileLock(f"{config.store}.lock"), pytest.raises(LogpipeError, match="at work"):
        night(config, "2007-09-08T01:30")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("folders = [", "not TOML"),
        ('folder = ["in"]', "unknown field `folder`"),
        ("look_back_days = 3", "required field `folders`"),
        ('folders = ["in"]\nlookback = 3', "unknown field `lookback`"),
        ('folders = ["in"]\nlook_back_days = 0', "`int` >= 1"),
        ('folders = ["in"]\n[[suppress]]\nreason = "why"\nuntil = 2007-09-08', "name a rule"),
        ('folders = ["in"]\n[zones]\nGW1 = "Mars"', "GW1=Mars"),
    ],
)
def test_a_slip_in_the_configuration_is_one_line_that_names_it(
    text: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "logpipe.toml").write_text(text)
    result = CliRunner().invoke(app, ["nightly", "--config", str(tmp_path / "logpipe.toml")])
    assert result.exit_code != 0
    assert words in str(result.exception)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('folders = ["in"]\nstore = "/"', "name a file"),
        ('folders = ["in"]\nstore = "a\\u0000b"', "a path cannot hold a NUL"),
        ('folders = ["a\\u0000b"]', "a path cannot hold a NUL"),
        (f'folders = ["in"]\nlook_back_days = {"9" * 5000}', "out of all bounds"),
        (f"folders = {'[' * 20_000}{']' * 20_000}", "nested too deeply"),
    ],
    ids=["store", "nul", "folder", "number", "nested"],
)
def test_a_configuration_that_no_system_can_follow_is_one_line(
    text: str, words: str, tmp_path: Path
) -> None:
    (tmp_path / "logpipe.toml").write_text(text)
    with pytest.raises(ConfigError, match=words) as caught:
        read_config(tmp_path / "logpipe.toml")
    assert len(str(caught.value).splitlines()) == 1


def test_a_dry_run_reads_and_writes_nothing(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    give(tmp_path, "0908")
    (tmp_path / "logpipe.toml").write_text(TOML)
    before = sorted(tmp_path.rglob("*"))
    told = ["nightly", "--config", str(tmp_path / "logpipe.toml"), "--dry-run"]
    result = CliRunner().invoke(app, told)
    assert result.exit_code == 0
    assert "1 file to read, new or changed:" in result.output
    assert sorted(tmp_path.rglob("*")) == before
    give(tmp_path, "0903")
    result = CliRunner().invoke(app, told)
    names = [line.split("/")[-1][:12] for line in result.output.splitlines() if ".log (" in line]
    assert names == ["ex070903.log", "ex070908.log"]  # by name, the larger one first
    night(read_config(tmp_path / "logpipe.toml"), "2007-09-09T01:30")
    result = CliRunner().invoke(app, told)
    assert result.output.startswith("Nothing new to read (2 files unchanged)\n")


@pytest.mark.parametrize("rule", ["no-such-rule", "idle-queue"])
def test_a_suppression_of_a_rule_that_there_is_not_is_one_line(rule: str, tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    quiet = f'[[suppress]]\nrule = "{rule}"\nreason = "known"\nuntil = 2007-09-08\n'
    (tmp_path / "logpipe.toml").write_text(TOML + quiet)
    for more in ([], ["--dry-run"]):
        told = ["nightly", "--config", str(tmp_path / "logpipe.toml"), *more]
        result = CliRunner().invoke(app, told)
        assert isinstance(result.exception, ConfigError)
        said = str(result.exception)
        assert f"suppress 1: no rule '{rule}'" in said
        assert ("is idle-queue-item meant?" in said) == (rule == "idle-queue")
    assert not (tmp_path / "logpipe.duckdb").exists()
