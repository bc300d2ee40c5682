import json
import random
import re
import struct
import xml.etree.ElementTree as ET
from base64 import b64decode
from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest

from logpipe.errors import UnreadableError
from logpipe.formats.evtx import FORMAT
from logpipe.model import Ndjson, Reading
from logpipe.sqlfiles import sql_dir, sql_text
from samples.generator.evtx import EvtxRecord, write_evtx

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
FILES = sorted((CORPUS / "evtx").glob("*.evtx"))
TRUTH = json.loads((CORPUS / "truth-events.json").read_text("utf-8")) if FILES else {}
corpus = pytest.mark.skipif(not FILES, reason="the corpus of real logs is not beside this checkout")

START = datetime(2026, 3, 2, 8, 0, 0, 123456)  # noqa: DTZ001 (UTC, naive as in the tables)
CHUNK, FILE_HEADER, RECORD = 65_536, 4096, b"**\0\0"


class Loaded(NamedTuple):
    """What one file became."""

    con: duckdb.DuckDBPyConnection
    reading: Reading

    def rows(self, columns: str = "*", where: str = "NOT recovered") -> list[tuple[Any, ...]]:
        query = f"SELECT {columns} FROM windows_event WHERE {where} ORDER BY record"
        return self.con.execute(query).fetchall()

    def balance(self) -> tuple[int, int]:
        """Records as counted, and what became of them."""
        refused = self.con.execute("SELECT count(*) FROM refused").fetchall()[0][0]
        return self.reading.records, len(self.rows("1")) + refused + len(self.reading.late_rejects)

    def notes(self) -> str:
        return "; ".join((*self.reading.notes, *self.reading.late_notes))


def load(path: Path, scratch: Path) -> Loaded:
    con = duckdb.connect()
    con.execute((sql_dir() / "tables" / "020_windows_event.sql").read_text("utf-8"))
    con.execute("CREATE TABLE refused (record UBIGINT, reject VARCHAR, excerpt VARCHAR)")
    with FORMAT.read(path, scratch) as reading:
        for batch in reading.batches:
            assert isinstance(batch, Ndjson)
            lines, rows = sql_text("lines", "evtx"), sql_text("load", "evtx")
            con.execute(
                f"CREATE OR REPLACE TABLE fresh AS WITH line AS ({lines}) SELECT * FROM ({rows})",
                {"path": str(batch.path)},
            )
            con.execute("INSERT INTO refused BY NAME SELECT DISTINCT record, reject, excerpt "
                        "FROM fresh WHERE reject IS NOT NULL AND record > 0")  # fmt: skip
            con.execute("INSERT INTO windows_event BY NAME SELECT 1 AS source_id, "
                        "* EXCLUDE (reject, excerpt) FROM fresh WHERE reject IS NULL")  # fmt: skip
    return Loaded(con, reading)


def load_bytes(content: bytes, scratch: Path) -> Loaded:
    path = scratch / "log.evtx"
    path.write_bytes(content)
    return load(path, scratch)


def state_changes(count: int) -> list[EvtxRecord]:
    return [
        EvtxRecord(
            number=number,
            ts=START + timedelta(seconds=number),
            provider="Service Control Manager",
            computer="gw1.example.org",
            event_id=7036,
            strings=("Simple Mail Transfer Protocol (SMTP)", "running"),
            qualifiers=16384,
            user_sid="S-1-5-18",
            binary="SMTPSVC/4\0".encode("utf-16-le"),
            names=("param1", "param2"),
        )
        for number in range(1, count + 1)
    ]


def one(strings: Sequence[str], **more: Any) -> EvtxRecord:
    given: dict[str, Any] = {
        "number": 1,
        "ts": START,
        "provider": "P",
        "computer": "C",
        "event_id": 5,
    } | more
    return EvtxRecord(**given, strings=strings)


def test_a_log_is_recognised_by_its_header_or_by_its_first_chunk() -> None:
    content = write_evtx(state_changes(1), channel="System")
    assert FORMAT.sniff(content)
    assert FORMAT.sniff(content[FILE_HEADER:])
    assert FORMAT.sniff(bytes(FILE_HEADER) + content[FILE_HEADER:])
    assert not FORMAT.sniff(b"0\0\0\0LfLe" + bytes(100))
    assert not FORMAT.sniff(b"")


def test_every_column_of_a_written_record_comes_back(tmp_path: Path) -> None:
    loaded = load_bytes(write_evtx(state_changes(1), channel="System"), tmp_path)
    names = [column[0] for column in loaded.con.execute("FROM windows_event").description or ()]
    assert dict(zip(names, loaded.rows()[0], strict=True)) == {
        "source_id": 1,
        "record": 1,
        "ts": START + timedelta(seconds=1),
        "host": "GW1",
        "local_ts": None,
        "thread_id": None,
        "provider_guid": None,
        "computer": "gw1.example.org",
        "channel": "System",
        "provider": "Service Control Manager",
        "event_id": 7036,
        "qualifiers": 16384,
        "level": 4,
        "version": None,
        "task": 0,
        "opcode": None,
        "keywords": "0x80000000000000",
        "process_id": None,
        "user_sid": "S-1-5-18",
        "strings": ["Simple Mail Transfer Protocol (SMTP)", "running"],
        "names": ["param1", "param2"],
        "data": None,
        "binary_hex": "53004D00540050005300560043002F0034000000",
        "decoded": "SMTPSVC/4",
        "recovered": False,
        "note": None,
    }


def test_several_chunks_are_read_in_order_and_balance(tmp_path: Path) -> None:
    content = write_evtx(state_changes(400), channel="System")
    assert len(content) > FILE_HEADER + 3 * CHUNK
    loaded = load_bytes(content, tmp_path)
    assert loaded.balance() == (400, 400)
    assert loaded.notes() == ""
    assert [row[0] for row in loaded.rows("record")] == list(range(1, 401))
    assert not list(tmp_path.glob("*.ndjson"))


@pytest.mark.parametrize(
    ("strings", "names"),
    [
        (["a", "", "b", ""], None),
        (["only"], None),
        ([""], None),
        ([], None),
        (["", "", "", "", "86400", "60", "0 UTC"], None),
        (["1", "2"], ["same", "same"]),
        (["z", "a"], ["zz", "aa"]),
        (['"quoted" \\ {"#text":"x"} \n', "ü☃😀"], None),
    ],
)
def test_strings_and_names_keep_their_places(
    strings: list[str], names: list[str] | None, tmp_path: Path
) -> None:
    loaded = load_bytes(write_evtx([one(strings, names=names)], channel="A"), tmp_path)
    assert loaded.rows("strings, names") == [(strings, names)]


def test_unclean_shutdown_gives_the_second_of_its_two_times(tmp_path: Path) -> None:
    local, utc = (2026, 3, 1, 1, 23, 59, 58, 7), (2026, 3, 1, 2, 3, 59, 58, 7)
    record = one(
        ["", ""], provider="EventLog", event_id=6008, binary=struct.pack("<16H", *local, *utc)
    )
    loaded = load_bytes(write_evtx([record], channel="System"), tmp_path)
    assert loaded.rows("decoded") == [("2026-03-02T03:59:58Z",)]


def test_a_service_key_beyond_ascii_is_decoded_too(tmp_path: Path) -> None:
    record = one([], provider="Service Control Manager", event_id=7036,
                 binary="Почта/1\0".encode("utf-16-le"))  # fmt: skip
    loaded = load_bytes(write_evtx([record], channel="System"), tmp_path)
    assert loaded.rows("decoded") == [("Почта/1",)]


def test_a_dirty_header_hides_nothing(tmp_path: Path) -> None:
    loaded = load_bytes(write_evtx(state_changes(400), channel="System", dirty=True), tmp_path)
    assert loaded.balance() == (400, 400)
    assert len(loaded.rows()) == 400
    assert "its header counts 1 chunk, the file holds 6" in loaded.notes()


def test_a_log_cut_at_seventy_percent_gives_what_is_there(tmp_path: Path) -> None:
    content = write_evtx(state_changes(400), channel="System")
    cut = content[: len(content) * 7 // 10]
    loaded = load_bytes(cut, tmp_path)
    counted, accounted = loaded.balance()
    assert counted == accounted
    assert len(loaded.rows()) >= cut.count(RECORD) - 1
    assert "lost: the last chunk is cut" in loaded.notes()
    assert "lost: the header counts 6 chunks, the file holds 4 whole ones" in loaded.notes()


def test_a_flipped_letter_is_noticed_by_the_checksum(tmp_path: Path) -> None:
    content = write_evtx([one(["hello"])], channel="System")
    loaded = load_bytes(content.replace(b"h\0e\0l\0", b"H\0e\0l\0"), tmp_path)
    assert loaded.rows("strings") == [(["Hello"],)]
    assert "the checksum over 1 record does not hold" in loaded.notes()


def test_a_checksum_that_was_never_set_is_no_damage(tmp_path: Path) -> None:
    content = bytearray(write_evtx(state_changes(2), channel="System"))
    content[FILE_HEADER + 52 : FILE_HEADER + 56] = content[
        FILE_HEADER + 124 : FILE_HEADER + 128
    ] = bytes(4)
    loaded = load_bytes(bytes(content), tmp_path)
    assert (loaded.balance(), loaded.notes()) == ((2, 2), "")


def test_a_broken_size_costs_one_record_and_the_rest_is_recovered(tmp_path: Path) -> None:
    content = bytearray(write_evtx(state_changes(20), channel="System"))
    place = [at for at in range(len(content)) if content[at : at + 4] == RECORD][4]
    content[place + 4 : place + 8] = bytes(4)
    loaded = load_bytes(bytes(content), tmp_path)
    assert [row[0] for row in loaded.rows("record")] == [1, 2, 3, 4]
    assert [row[0] for row in loaded.rows("record", "recovered")] == list(range(5, 21))
    assert loaded.balance() == (5, 5)
    assert loaded.reading.late_rejects[0][0] == 5


def test_nuls_over_a_record_lose_that_record_and_say_so(tmp_path: Path) -> None:
    content = bytearray(write_evtx(state_changes(20), channel="System"))
    places = [at for at in range(len(content)) if content[at : at + 4] == RECORD]
    content[places[9] : places[10]] = bytes(places[10] - places[9])
    loaded = load_bytes(bytes(content), tmp_path)
    assert len(loaded.rows()) == 9
    assert len(loaded.rows(where="recovered")) == 10
    assert "damaged at byte" in loaded.reading.late_rejects[0][1]
    assert "record number 10 is not in the file" in loaded.notes()


def test_an_overwritten_chunk_is_lost_and_the_others_are_read(tmp_path: Path) -> None:
    content = bytearray(write_evtx(state_changes(400), channel="System"))
    content[FILE_HEADER + CHUNK : FILE_HEADER + 2 * CHUNK] = random.Random(1).randbytes(CHUNK)  # noqa: S311
    loaded = load_bytes(bytes(content), tmp_path)
    counted, accounted = loaded.balance()
    assert counted == accounted
    assert 250 < len(loaded.rows()) < 400
    assert "lost: the header of 1 of 6 chunks does not hold" in loaded.notes()


def test_damaged_places_of_several_chunks_are_numbered_apart(tmp_path: Path) -> None:
    content = bytearray(write_evtx(state_changes(400), channel="System"))
    for chunk in (1, 2, 4):
        content[FILE_HEADER + chunk * CHUNK : FILE_HEADER + chunk * CHUNK + 8] = bytes(8)
    loaded = load_bytes(bytes(content), tmp_path)
    numbers = [record for record, _, _ in loaded.reading.late_rejects]
    assert len(numbers) == len(set(numbers)) == 3


def test_an_empty_log_is_no_error_and_an_unusable_one_is(tmp_path: Path) -> None:
    assert load_bytes(write_evtx([], channel="System"), tmp_path).balance() == (0, 0)
    with pytest.raises(UnreadableError, match="the file is empty"):
        load_bytes(b"", tmp_path)
    with pytest.raises(UnreadableError, match="no chunk of records"):
        load_bytes(write_evtx(state_changes(3), channel="System")[:FILE_HEADER], tmp_path)


def test_a_half_written_record_is_kept_with_a_note(tmp_path: Path) -> None:
    loaded = load_bytes(write_evtx([one([], provider="", event_id=0)], channel="System"), tmp_path)
    assert loaded.rows("provider, event_id") == [(None, 0)]
    assert loaded.rows("note")[0][0].startswith("half written: no provider; event id 0")


def test_half_of_a_character_pair_costs_that_half_only(tmp_path: Path) -> None:
    content = write_evtx([one(["x☃y"])], channel="System")
    loaded = load_bytes(content.replace("☃".encode("utf-16-le"), b"\x01\xd8"), tmp_path)
    assert loaded.balance() == (1, 1)
    assert loaded.rows("strings") == [(["xy"],)]


def damaged(content: bytes, chance: random.Random) -> bytes:
    """Do to a file what disks, copies and crashes do."""
    data = bytearray(content)
    start, length = chance.randrange(len(data)), chance.choice([1, 8, 300, 5000, 70_000])
    stop = min(len(data), start + length)
    records = [at for at in range(FILE_HEADER, len(data), 8) if data[at : at + 4] == RECORD]
    match chance.randrange(7):
        case 0:
            for _ in range(length % 97):
                data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        case 1:
            data[start:stop] = bytes(stop - start)
        case 2:
            data[start:stop] = chance.randbytes(stop - start)
        case 3:
            del data[start:]
        case 4:
            data[FILE_HEADER + chance.randrange(512)] = chance.randrange(256)
        case 5:
            data[chance.choice(records) + chance.randrange(60)] = chance.randrange(256)
        case _:  # names stand unescaped in the decoder's JSON
            broken = chance.choice(['"', "\n", "\\", "}"]) + "ata"
            return content.replace("Data".encode("utf-16-le"), broken.encode("utf-16-le"))
    return bytes(data)


def test_the_books_balance_whatever_is_damaged(tmp_path: Path) -> None:
    chance = random.Random(20260302)  # noqa: S311
    mixed = [*state_changes(150), *(one(["a", ""], number=151 + n) for n in range(100))]
    content = write_evtx(mixed, channel="System")
    for _ in range(150):
        try:
            loaded = load_bytes(damaged(content, chance), tmp_path)
        except UnreadableError:
            continue
        counted, accounted = loaded.balance()
        assert counted == accounted
        loaded.con.close()


@corpus
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem[:40])
def test_a_real_log_gives_the_events_that_independent_readers_found(
    path: Path, tmp_path: Path
) -> None:
    loaded, truth = load(path, tmp_path), TRUTH[path.name]
    rows = loaded.rows("provider, event_id, ts, channel")
    assert len(rows) == truth["records_by"]["evtx-rs"]
    counted, accounted = loaded.balance()
    assert counted == accounted
    assert counted - len(rows) <= truth["reader_raises"]
    events = Counter((provider, event_id) for provider, event_id, _, _ in rows)
    assert events == {(provider, event_id): n for provider, event_id, n in truth["events"]}
    channels = Counter(row[3] or "null" for row in rows)
    assert channels == truth["channels"]
    # the truth has the times of the frames: a little after SystemTime, wrong in merged exports
    times = [row[2] for row in rows]
    if "null" not in channels:
        assert abs(max(times) - frame_time(truth["last"])) < timedelta(seconds=1)
    if not truth["first"].startswith("1601"):
        assert min(times) < frame_time(truth["first"]) + timedelta(seconds=1)


def frame_time(text: str) -> datetime:
    return datetime.fromisoformat(text.removesuffix(" UTC")).replace(tzinfo=None)


@corpus
@pytest.mark.parametrize(
    "name",
    [
        "deepblue__disablestop-eventlog.evtx",
        "mdecr__ID6-Failed_to_install_an_Exchange_transport_agent.evtx",
        "sbous__DE_WinEventLogSvc_Crash_System_7036.evtx",
        "omer__Application_no_crc32.evtx",
        "velociraptor__RDPAuth_System.evtx",
        "dissect__TestLogX.evtx",
    ],
)
def test_the_fields_are_those_of_a_second_reader(name: str, tmp_path: Path) -> None:
    reader = pytest.importorskip("Evtx.Evtx", reason="python-evtx, the second reader, is not here")
    loaded = load(CORPUS / "evtx" / name, tmp_path)
    ours = {row[0]: row[1:] for row in loaded.rows(
        "record, provider, event_id, qualifiers, computer, channel, level, user_sid, binary_hex"
    )}  # fmt: skip
    # XML makes every line end a newline
    strings = "list_transform(strings, lambda text: replace(text, chr(13), ''))"
    texts = {row[0]: row[1:] for row in loaded.rows(f"record, {strings}, names")}
    with reader.Evtx(str(CORPUS / "evtx" / name)) as log:
        trees = [ET.fromstring(record.xml()) for record in log.records()]  # noqa: S314
    assert trees
    for tree in trees:
        theirs = fields(tree)
        assert ours[theirs[0]] == theirs[1:]
        if not any(SPELLED_OTHERWISE.match(text) for text in texts[theirs[0]][0]):
            assert texts[theirs[0]] == strings_and_names(tree)


# python-evtx renders times and bytes in its own way and errs where an array has empty strings
SPELLED_OTHERWISE = re.compile(r"$|\d{4}-\d\d-\d\dT|[0-9A-F]{32}")


def fields(tree: ET.Element) -> tuple[Any, ...]:
    """Return the columns as the XML has them."""
    system = tree.find("{*}System")
    assert system is not None
    at = {child.tag.partition("}")[2]: child for child in system}
    qualifiers = at["EventID"].get("Qualifiers")
    binary = tree.findtext("{*}EventData/{*}Binary")
    return (
        int(at["EventRecordID"].text or 0),
        at["Provider"].get("Name"),
        int(at["EventID"].text or 0),
        int(qualifiers) if qualifiers else None,
        at["Computer"].text,
        at["Channel"].text,
        int(at["Level"].text or 0),
        at["Security"].get("UserID") or None,
        b64decode(binary).hex().upper() if binary else None,
    )


def strings_and_names(tree: ET.Element) -> tuple[list[str], list[str] | None]:
    """Return the Data elements as the XML has them; the second reader shows arrays in one."""
    data = tree.findall("{*}EventData/{*}Data")
    texts = [text for one in data for text in array(one.text or "")]
    texts = [text.lower() if text in ("True", "False") else text for text in texts]
    names = [one.get("Name") or "" for one in data]
    return texts, names if any(names) else None


def array(text: str) -> list[str]:
    """Take apart what the second reader shows as text: <string>a</string> <string>b</string>."""
    return re.findall(r"<string>(.*?)</string>", text, re.DOTALL) or [text]
