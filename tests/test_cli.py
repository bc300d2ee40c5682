"""The command line as a user meets it: outputs, exit codes, words."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import duckdb
import pytest

from logpipe.errors import StoreError
from logpipe.store import ask, open_store, transaction

SAMPLES = Path(__file__).parents[1] / "samples"
W3C_DAY = SAMPLES / "gateway2003" / "logs" / "SMTPSVC1" / "ex070913.log"


def logpipe(*arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "logpipe", *map(str, arguments)]
    return subprocess.run(  # noqa: S603 - our own program
        command, capture_output=True, text=True, encoding="utf-8", cwd=cwd, check=False, timeout=120
    )


@pytest.fixture(scope="module")
def odd_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("odd") / "bundle"
    folder.mkdir()
    (folder / "notes.txt").write_text("call the customer back\n", encoding="utf-8")
    (folder / "photo.evtx").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    (folder / "empty.log").touch()
    (folder / "day.txt").write_bytes(W3C_DAY.read_bytes())
    try:
        (folder / "gone.log").symlink_to(folder / "nowhere")
        (folder / "loop").symlink_to(folder, target_is_directory=True)
    except OSError as error:
        pytest.skip(f"this system forbids links: {error}")
    return folder


def test_a_folder_of_odd_things_is_read_through_and_listed(odd_folder: Path) -> None:
    out = odd_folder.parent / "out"
    done = logpipe("analyze", odd_folder, "--out", out)
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "report.json").read_text("utf-8"))
    status = {Path(source["path"]).name: source["status"] for source in report["sources"]}
    assert status == {
        "notes.txt": "unknown",
        "photo.evtx": "unknown",
        "empty.log": "unknown",
        "day.txt": "loaded",
        "gone.log": "failed",
        "loop": "failed",
    }
    assert "5 of 6 files were not read whole" in done.stderr
    assert logpipe("analyze", odd_folder, "--out", out, "--strict").returncode == 4


def test_the_four_outputs_and_a_summary(tmp_path: Path) -> None:
    done = logpipe("analyze", SAMPLES / "gateway2003", "--out", tmp_path / "out")
    assert done.returncode == 0
    assert done.stderr == ""
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "logpipe.duckdb", "report.html", "report.json", "timeline.jsonl",
    ]  # fmt: skip
    assert "99 messages" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines()[:-2])  # but for paths
    again = logpipe(
        "analyze", SAMPLES / "gateway2003", "--out", tmp_path / "out", "--fail-on", "high"
    )
    assert again.returncode == 1
    assert again.stdout == done.stdout


def test_files_of_others_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text("mine", encoding="utf-8")
    done = logpipe("analyze", W3C_DAY, "--out", tmp_path)
    assert done.returncode == 2
    assert "use --force" in done.stderr
    assert (tmp_path / "report.html").read_text("utf-8") == "mine"
    assert logpipe("analyze", W3C_DAY, "--out", tmp_path, "--force").returncode == 0


def test_a_second_ingest_adds_nothing(tmp_path: Path) -> None:
    count = "SELECT (SELECT count(*) FROM smtp_event), (SELECT count(*) FROM source)"
    seen = []
    for _ in range(2):
        assert logpipe("ingest", W3C_DAY, "--db", tmp_path / "x.duckdb").returncode == 0
        seen.append(logpipe("query", count, "--db", tmp_path / "x.duckdb", "-f", "csv").stdout)
    assert seen[0] == seen[1]


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("store") / "x.duckdb"
    assert logpipe("ingest", W3C_DAY, "--db", path, "-q").returncode == 0
    return path


def test_our_own_store_is_not_read_and_a_log_of_nearly_its_name_is(tmp_path: Path) -> None:
    (tmp_path / "mail1.log").write_bytes(W3C_DAY.read_bytes())
    for _ in range(2):
        done = logpipe("ingest", tmp_path, "--db", tmp_path / "mail")
        assert done.returncode == 0
        assert done.stdout.splitlines()[-2].startswith("1 file: ")
        assert "mail1.log" in done.stdout
        assert "smtpsvc_w3c, " in done.stdout


def test_ingest_says_why_a_file_was_not_read_whole_and_what_comes_next(tmp_path: Path) -> None:
    (tmp_path / "ex.log").write_bytes(W3C_DAY.read_bytes() + b"2007-09-03 half")
    (tmp_path / "disk.bin").write_bytes(bytes(500))
    done = logpipe("ingest", tmp_path, "--db", tmp_path.parent / "next.duckdb")
    assert "rejects: " in done.stdout
    assert "nothing but NUL bytes" in done.stdout
    assert done.stdout.splitlines()[-1].startswith("Next: logpipe detect --db ")
    names = ("ex.log", "disk.bin", "next.duckdb")
    lines = [line for line in done.stdout.splitlines() if not line.strip('"').endswith(names)]
    assert max(map(len, lines)) < 80


def test_query_prints_every_shape(store: Path) -> None:
    sql = "SELECT 1 AS n, 'a' AS t, TIMESTAMP '2007-09-03 05:00:15' AS ts"
    assert logpipe("query", sql, "--db", store, "-f", "csv").stdout == (
        "n,t,ts\n1,a,2007-09-03T05:00:15Z\n"
    )
    assert json.loads(logpipe("query", sql, "--db", store, "-f", "json").stdout) == [
        {"n": 1, "t": "a", "ts": "2007-09-03T05:00:15Z"}
    ]
    assert json.loads(logpipe("query", sql, "--db", store, "-f", "jsonl").stdout)["n"] == 1
    assert "1 row" in logpipe("query", sql, "--db", store).stdout


def test_csv_is_safe_to_open_in_a_spreadsheet(store: Path) -> None:
    done = logpipe("query", "SELECT '=cmd()' AS x, -1 AS n", "--db", store, "-f", "csv")
    assert done.stdout == "x,n\n'=cmd(),-1\n"


def test_a_terminal_is_not_sent_control_characters(store: Path) -> None:
    done = logpipe("query", "SELECT chr(27) || '[2Jx' || chr(8238) AS x", "--db", store)
    assert "\x1b" not in done.stdout
    assert "\\u202e" in done.stdout


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("DROP TABLE source", "one SELECT"),
        ("COPY (SELECT 42) TO 'x.duckdb' (FORMAT csv, USE_TMP_FILE false)", "one SELECT"),
        ("SELECT 1; SELECT 2", "one SELECT"),
        ("SELECT * FROM read_csv('/etc/hosts')", "disabled"),
        ("SELECT * FROM nowhere", "nowhere"),
        ("SELECT", "query:"),
        ("SET enable_external_access = true", "query:"),
        ("ATTACH 'x.db'", "query:"),
        ("COPY source TO 'x.csv'", "query:"),
        ("INSTALL httpfs", "query:"),
    ],
)
def test_a_query_can_neither_write_nor_reach_out(store: Path, sql: str, words: str) -> None:
    done = logpipe("query", sql, "--db", store, cwd=store.parent)
    assert done.returncode == 2
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert sorted(path.name for path in store.parent.iterdir()) == ["x.duckdb"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["query", "SELECT 1", "--db", "none.duckdb"], 2, "none.duckdb: no such store"),
        (["detect", "--db", "none.duckdb"], 2, "none.duckdb: no such store"),
        (["analyze", "nowhere"], 2, "nowhere: no such file or folder"),
        (["ingest", "."], 0, ""),
        (["rules", "show", "nothing"], 2, "nothing: no such rule"),
        (["rules", "list", "--rules", "nowhere"], 3, "nowhere: no such folder of rules"),
        (["nonsense"], 2, "No such command"),
        (["analyze"], 2, "Missing argument"),
    ],
)
def test_mistakes_are_one_line_and_an_exit_code(
    arguments: list[str], code: int, words: str, tmp_path: Path
) -> None:
    done = logpipe(*arguments, cwd=tmp_path)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_store_is_left_alone(tmp_path: Path) -> None:
    other = tmp_path / "other.duckdb"
    other.write_bytes(b"this is no database, but somebody's file\n" * 20)
    before = other.read_bytes()
    done = logpipe("ingest", W3C_DAY, "--db", other)
    assert done.returncode == 2
    assert "other.duckdb" in done.stderr
    assert other.read_bytes() == before


BLOCK = 256 * 1024  # of a DuckDB file, behind its three headers
HEADERS = 3 * 4096


def test_a_damaged_store_is_one_line_whatever_is_done_with_it(store: Path, tmp_path: Path) -> None:
    whole = store.read_bytes()
    told = []
    for place in range(HEADERS, len(whole), BLOCK):
        damaged = tmp_path / f"{place}.duckdb"
        damaged.write_bytes(whole[: place + 99] + b"damaged" + whole[place + 106 :])
        try:
            with open_store(damaged) as con, transaction(con):
                for table in ("source", "smtp_event", "header_block"):
                    con.execute(f"UPDATE {table} SET source_id = source_id + 1")
                    ask(con, f"FROM {table}")
        except StoreError as error:
            told.append(str(error))
            assert re.match(rf"{damaged}: damaged \(.*\); load the logs anew", told[-1])
    assert told


@pytest.mark.parametrize("command", [["detect"], ["ingest", W3C_DAY], ["explain"]])
@pytest.mark.parametrize("damage", ["cut", "flipped"])
def test_commands_on_a_damaged_store_end_with_what_to_do(
    store: Path, tmp_path: Path, command: list[str], damage: str
) -> None:
    whole = bytearray(store.read_bytes())
    if damage == "flipped":
        for place in range(HEADERS, len(whole), BLOCK):
            whole[place + 99] ^= 255
    damaged = tmp_path / "x.duckdb"
    damaged.write_bytes(whole[: len(whole) // 2] if damage == "cut" else whole)
    done = logpipe(*command, "--db", damaged)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"logpipe: {damaged}: damaged")
    assert line.endswith("load the logs anew into another file")


def test_what_a_killed_run_left_is_removed_damaged_or_not_and_another_runs_is_kept(
    store: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    for number, content in enumerate([b"no store at all", store.read_bytes(), b""]):
        (out / f"logpipe.duckdb.{number}.new").write_bytes(content)
        (out / f"logpipe.duckdb.{number}.new.wal").write_bytes(b"")
        (out / f"logpipe.duckdb.{number}.new.tmp-x").mkdir()
    with open_store(out / "logpipe.duckdb.9.new"):
        assert logpipe("analyze", W3C_DAY, "--out", out, "-q").returncode == 0
        assert {path.suffixes[1] for path in out.glob("*.new*")} == {".9"}


@pytest.mark.parametrize("made", ["SELECT 1", "CREATE TABLE other (a INTEGER)"])
def test_every_command_says_the_same_of_a_file_that_is_no_store(tmp_path: Path, made: str) -> None:
    other = tmp_path / "other.duckdb"
    with duckdb.connect(str(other)) as con:
        con.execute(made)
    before = other.read_bytes()
    told = {
        logpipe(*command, "--db", other).stderr
        for command in (["detect"], ["explain"], ["coverage"], ["queue", "--at", "2007-09-03"])
    }
    assert len(told) == 1
    assert re.match(r"logpipe: .*other\.duckdb: (a|an empty) DuckDB file", told.pop())
    assert other.read_bytes() == before


def test_rules_can_be_listed_and_shown() -> None:
    assert "idle-until-restart" in logpipe("rules", "list").stdout
    shown = logpipe("rules", "show", "idle-until-restart").stdout
    assert "min_messages = 2" in shown
    assert "SELECT" in shown


@pytest.mark.skipif(sys.platform == "win32", reason="Ctrl-C is sent as a POSIX signal here")
def test_ctrl_c_keeps_whole_files_only(tmp_path: Path) -> None:
    store = tmp_path / "x.duckdb"
    process = subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-m", "logpipe", "ingest", str(SAMPLES), "--db", str(store)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + 60
    while not store.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(1.5)
    os.killpg(process.pid, signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 130, stderr
    books = "SELECT count(*) AS n FROM source WHERE records <> rows + duplicates + rejects"
    assert logpipe("query", books, "--db", store, "-f", "csv").stdout == "n\n0\n"
    assert logpipe("ingest", SAMPLES, "--db", store, "-q").returncode == 0


def test_help_is_there_for_every_command() -> None:
    for command in (["analyze"], ["ingest"], ["detect"], ["query"], ["rules"], ["rules", "test"]):
        done = logpipe(*command, "--help")
        assert done.returncode == 0
        assert "Usage" in done.stdout


def test_a_store_is_not_a_csv_that_stands_there(tmp_path: Path) -> None:
    (tmp_path / "z.csv").write_text("a,b\n1,2\n")
    done = logpipe("ingest", W3C_DAY, "--db", tmp_path / "z.csv")
    assert done.returncode != 0
    assert len(done.stderr.splitlines()) == 1


def test_a_size_of_memory_that_is_none_is_told_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOGPIPE_MEMORY", "rubbish")
    done = logpipe("ingest", W3C_DAY, "--db", tmp_path / "x.duckdb")
    assert done.returncode != 0
    assert "LOGPIPE_MEMORY=rubbish: give a size such as 800MB" in done.stderr


@pytest.mark.parametrize("host", [None, "EXCHANGE-SRV-01", "$(reboot)"])
def test_what_is_said_of_an_unknown_zone_can_be_pasted(host: str | None, tmp_path: Path) -> None:
    log = tmp_path / "events.csv"
    columns, values = ("MachineName,", f"{host},") if host else ("", "")
    row = "5/16/2024 7:00:02 PM,SMTPSVC,500,Information"
    log.write_text(f"{columns}Date and Time,Source,Event ID,Level\n{values}{row}\n", "utf-8")
    identified = logpipe("identify", log).stdout
    analyzed = logpipe("analyze", log, "--out", tmp_path / "out").stdout
    for told in (identified, analyzed):
        assert "local times, zone unknown" in told
        (option,) = re.findall(r'--tz "[^"\n]*"', told)
        assert ("*" in option) == (host != "EXCHANGE-SRV-01")
    pasted = logpipe("identify", log, *shlex.split(option))
    assert "times Europe/Berlin (by --tz)" in pasted.stdout
    assert pasted.stderr == ""


def test_a_zone_of_a_host_that_no_log_names_is_answered_with_what_works(tmp_path: Path) -> None:
    log = tmp_path / "events.csv"
    log.write_text("Date and Time,Source,Event ID,Level\n5/16/2024 7:00:02 PM,SMTPSVC,500,Error\n")
    done = logpipe("identify", log, "--tz", "GW1=+02:00")
    assert done.stderr == (
        'logpipe: --tz GW1: no log of this host; no log names one, so give --tz "*=UTC+02:00"\n'
    )
