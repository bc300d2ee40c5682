"""Archives in: every member a source, each record once, and what was not read is said."""

import gzip
import io
import lzma
import sys
import zipfile
from pathlib import Path

import py7zr
import pytest

from logpipe import ingest_archive
from logpipe.archives import bounds
from logpipe.ingest import begin_run, ingest_file
from logpipe.ingest_archive import ingest_offer
from logpipe.model import Source
from logpipe.offers import Offer, find_files
from logpipe.settle import settle
from logpipe.store import Connection, ask, transaction
from tests.archive_files import CONTAINERS, NOISE, cabbed, encrypted_zip, tarred, zipped
from tests.ingested import HEADER, TABLES, TRACKING, tracking, w3c


def run(con: Connection, *inputs: Path) -> dict[str, Source]:
    """What analyze and ingest do with their inputs; books balance, and nothing is left behind."""
    offers = find_files(inputs)
    with transaction(con):
        run_id = begin_run(con, inputs, len(offers))
    found = [source for offer in offers for source in ingest_offer(con, offer, run_id)]
    assert ask(con, "SELECT * FROM source WHERE records <> rows + duplicates + rejects") == []
    return {Path(source.path).name: source for source in found}


def scratch(con: Connection) -> list[Path]:
    """What lies in scratch folders, and these."""
    (row,) = ask(con, "SELECT path FROM duckdb_databases() WHERE database_name = 'store'")
    beside = Path(row["path"]).parent.glob("*.tmp*")
    return [file for folder in beside for file in folder.rglob("*")]


def smtp(con: Connection) -> int:
    return int(ask(con, "SELECT count(*) AS n FROM smtp_event")[0]["n"])


def told(sources: dict[str, Source]) -> dict[str, tuple[str, int, int]]:
    return {name: (s.status, s.rows, s.duplicates) for name, s in sources.items()}


LOG, OTHER = (HEADER + w3c(9)).encode(), (TRACKING + tracking(4)).encode()
BUNDLE = {"logs/ex.log": LOG, "t.log": OTHER, "readme.txt": b"Dear all,\n", "empty": b""}
MEMBERS = {
    "x!t.log": ("loaded", 4, 0),
    "ex.log": ("loaded", 9, 0),  # x!logs/ex.log
    "x!readme.txt": ("unknown", 0, 0),
    "x!empty": ("unknown", 0, 0),
}


@pytest.mark.parametrize("name", CONTAINERS)
def test_every_member_is_a_source_of_its_own(name: str, con: Connection, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(CONTAINERS[name](BUNDLE))
    sources = run(con, tmp_path)
    assert told(sources) == MEMBERS | {"x": ("loaded", 0, 0)}
    assert (sources["x"].format, sources["x"].note) == (name.split("-", maxsplit=1)[0], "4 members")
    assert sources["ex.log"].path == f"{(tmp_path / 'x').as_posix()}!logs/ex.log"
    assert sources["x!empty"].note == "empty file"
    kept = ask(con, "SELECT path, status, sha256, bytes FROM source ORDER BY source_id")
    assert [row["path"] for row in kept] == [source.path for source in sources.values()]


def test_a_tar_in_a_gzip_in_a_zip_in_a_tar(con: Connection, tmp_path: Path) -> None:
    inner = zipped(
        {"GW1/logs.tgz": gzip.compress(tarred(BUNDLE)), "one.log.xz": lzma.compress(LOG)}
    )
    (tmp_path / "x").write_bytes(tarred({"site.zip": inner}))
    sources = run(con, tmp_path)
    deep = {name.removeprefix("x!"): source for name, source in sources.items()}
    paths = sorted(source.path.removeprefix(tmp_path.as_posix()) for source in sources.values())
    assert "/x!site.zip!GW1/logs.tgz!logs/ex.log" in paths
    assert "/x!site.zip!one.log.xz" in paths
    assert (deep["x"].format, deep["site.zip"].format, deep["logs.tgz"].format) == (
        "tar",
        "zip",
        "tar",
    )
    assert smtp(con) == 9
    assert deep["site.zip!one.log.xz"].status in {"loaded", "duplicate"}


@pytest.mark.parametrize("first", ["folder", "archive"])
def test_an_archive_beside_its_extracted_folder_adds_nothing(
    first: str, con: Connection, tmp_path: Path
) -> None:
    for name, content in BUNDLE.items():
        (tmp_path / "folder" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "folder" / name).write_bytes(content)
    (tmp_path / "archive").write_bytes(zipped(BUNDLE))
    run(con, tmp_path / first)
    second = run(con, tmp_path / ("archive" if first == "folder" else "folder"))
    assert smtp(con) == 9
    assert second["ex.log"].status == "duplicate"
    assert second["ex.log"].duplicates == 9


def test_a_log_that_grows_from_archive_to_archive_adds_only_what_is_new(
    con: Connection, tmp_path: Path
) -> None:
    for number, count in enumerate((5, 9, 7)):
        packed = zipped({"a.log": (HEADER + w3c(count)).encode(), "n": b"%d" % number})
        (tmp_path / f"{number}.zip").write_bytes(packed)
    (tmp_path / "live.log").write_text(HEADER + w3c(12))
    run(con, tmp_path)
    assert smtp(con) == 12
    assert sum(row["rows"] for row in ask(con, "SELECT rows FROM source")) == 12


def test_older_copies_within_an_archive_lead(con: Connection, tmp_path: Path) -> None:
    files = {f"{name}.log": (HEADER + w3c(count)).encode() for name, count in (("a", 9), ("b", 5))}
    (tmp_path / "x").write_bytes(zipped(files))
    sources = run(con, tmp_path)
    assert (sources["x!b.log"].rows, sources["x!a.log"].rows) == (5, 4)


def test_an_archive_known_already_is_not_unpacked_again(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").write_bytes(zipped(BUNDLE))
    run(con, tmp_path)
    before = [con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in TABLES]
    with monkeypatch.context() as patch:
        patch.delattr(ingest_archive, "open_container")
        (again,) = run(con, tmp_path).values()
        (tmp_path / "copy").write_bytes(zipped(BUNDLE))
        (copy,) = run(con, tmp_path / "copy").values()
    assert again.status == "known"
    assert (copy.status, copy.note) == (
        "duplicate",
        f"the same bytes as {(tmp_path / 'x').as_posix()}",
    )
    after = [con.execute(f"FROM {table} ORDER BY ALL").fetchall() for table in TABLES]
    assert after[0][: len(before[0])] == before[0]
    assert after[1:3] + after[4:] == before[1:3] + before[4:]  # all but the runs


def test_a_newer_logpipe_looks_again_at_members_that_an_older_one_could_not_read(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").write_bytes(zipped(BUNDLE))
    first = run(con, tmp_path)
    monkeypatch.setattr("logpipe.ingest.__version__", "9.9")
    monkeypatch.setattr(ingest_archive, "__version__", "9.9")
    second = run(con, tmp_path)
    assert second["ex.log"].status == "known"
    assert second["x!readme.txt"].run_id == 2
    assert len(ask(con, "FROM source")) == len(first)
    assert [source.status for source in run(con, tmp_path).values()] == ["known"]


def test_a_run_that_is_killed_within_an_archive_goes_on_with_it(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "x").write_bytes(zipped(BUNDLE))
    real, calls = ingest_file, iter(range(9))

    def killed(con: Connection, offer: Offer, run_id: int) -> Source:
        if next(calls) == 3:
            raise KeyboardInterrupt
        return real(con, offer, run_id)

    with monkeypatch.context() as patch:
        patch.setattr(ingest_archive, "ingest_file", killed)
        with pytest.raises(KeyboardInterrupt):
            run(con, tmp_path)
    assert ask(con, "SELECT count(*) AS n FROM source WHERE path NOT LIKE '%!%'") == [{"n": 0}]
    sources = run(con, tmp_path)
    assert sources["x"].status == "loaded"
    assert smtp(con) == 9
    assert len(ask(con, "FROM source")) == 5


def test_what_could_not_be_handed_on_makes_the_archive_partial(
    con: Connection, tmp_path: Path
) -> None:
    out = io.BytesIO(zipped({"ok.log": LOG}))
    with zipfile.ZipFile(out, "a") as archive:
        link = zipfile.ZipInfo("link.log")
        link.create_system, link.external_attr = 3, 0o120777 << 16
        archive.writestr(link, "/etc/passwd")
    (tmp_path / "x").write_bytes(out.getvalue())
    sources = run(con, tmp_path)
    assert sources["x"].status == "partial"
    assert sources["x"].note == "2 members; link.log: a link: not followed"
    assert (sources["x!link.log"].status, sources["x!ok.log"].rows) == ("failed", 9)


def test_an_encrypted_archive_says_what_to_do(con: Connection, tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(encrypted_zip())
    sources = run(con, tmp_path)
    assert "encrypted: unpack it with its password" in (sources["x"].note or "")
    assert "encrypted: unpack it with its password" in (sources["x!a.log"].note or "")
    assert (sources["x"].status, sources["x!a.log"].status) == ("partial", "failed")


def test_a_cut_member_is_read_as_far_as_it_goes(con: Connection, tmp_path: Path) -> None:
    whole = tarred({"a.log": LOG, "b.log": (HEADER + w3c(500, first=50)).encode()})
    (tmp_path / "x").write_bytes(whole[:20_000])
    sources = run(con, tmp_path)
    assert (sources["x!a.log"].status, sources["x!b.log"].status) == ("loaded", "partial")
    assert "tar damaged after" in (sources["x!b.log"].note or "")
    assert 100 < sources["x!b.log"].rows < 500
    assert sources["x"].status == "partial"
    assert "b.log: tar damaged after" in (sources["x"].note or "")
    before = smtp(con)
    (tmp_path / "whole").write_bytes(whole)
    run(con, tmp_path)
    assert before < smtp(con) == 509


def test_an_unreadable_archive_failed_and_is_tried_again(con: Connection, tmp_path: Path) -> None:
    path, whole = tmp_path / "x", CONTAINERS["7z"](BUNDLE)
    path.write_bytes(whole[:-40])
    for _ in range(2):
        (source,) = run(con, tmp_path).values()
        assert (source.status, source.format) == ("failed", "7z")
        assert "copy it again" in (source.note or "")
    path.write_bytes(whole)
    assert run(con, tmp_path)["x"].status == "loaded"
    assert len(ask(con, "FROM source")) == 5


@pytest.mark.parametrize("name", ["[Content_Types].xml", "META-INF/MANIFEST.MF"])
def test_a_document_is_listed_as_unknown(name: str, con: Connection, tmp_path: Path) -> None:
    (tmp_path / "x.docx").write_bytes(zipped({"a.xml": b"<a/>", name: b"<b/>"}))
    for _ in range(2):
        (source,) = run(con, tmp_path).values()
        assert (source.status, source.format) == ("unknown", None)
        assert "not logs" in (source.note or "")
    assert len(ask(con, "FROM source")) == 1


def test_archives_within_archives_are_bounded(con: Connection, tmp_path: Path) -> None:
    packed = zipped({"a.log": LOG})
    for depth in range(bounds.DEPTH):
        packed = zipped({f"{depth}.zip": packed, f"{depth}.txt": b"x"})
    (tmp_path / "x").write_bytes(packed)
    sources = run(con, tmp_path)
    assert smtp(con) == 0
    deepest = next(source for name, source in sources.items() if name.endswith("0.zip"))
    assert deepest.status == "failed"
    assert "an archive within 5 archives" in (deepest.note or "")
    assert sources["x"].status == "loaded"


def test_nested_bombs_share_one_budget(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "FREE", 1 << 19)
    bomb = {
        f"{n}.zip": zipped({f"{n}{m}": bytes(400_000 + n + m * 10) for m in range(9)})
        for n in range(9)
    }
    (tmp_path / "x").write_bytes(zipped({"b.zip": zipped(bomb), "a.log": LOG}))
    sources = run(con, tmp_path)
    inner = [source for source in sources.values() if source.path.count("!") == 3]
    whole = [source for source in inner if source.status == "unknown"]
    allowed = bounds.budget_of((tmp_path / "x").stat().st_size).left
    assert sum(source.bytes or 0 for source in whole) <= allowed < 81 * 400_000
    assert any("refused as a bomb" in (source.note or "") for source in sources.values())
    assert sources["x!a.log"].rows == 9


def test_too_many_members_are_counted(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bounds, "MEMBERS", 3)
    (tmp_path / "x").write_bytes(zipped({f"{n}": b"%d" % n for n in range(8)}))
    sources = run(con, tmp_path)
    assert len(sources) == 4
    assert sources["x"].status == "partial"
    assert "5 members too much" in (sources["x"].note or "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has other names")
def test_hostile_names_are_shown_with_escapes_and_nothing_is_written_to_them(
    con: Connection, tmp_path: Path
) -> None:
    inside = tmp_path / "deep" / "in"
    inside.mkdir(parents=True)
    names = ["../../evil.log", "..\\evil2.log", "/tmp/evil3.log", "a\x1b[2J\n\u202e.log"]  # noqa: S108
    (inside / "x").write_bytes(
        tarred({name: LOG + w3c(1, first=n).encode() for n, name in enumerate(names, 60)})
    )
    sources = run(con, inside)
    shown = [source.path.partition("!")[2] for source in sources.values()]
    assert shown[:-1] == [
        "../../evil.log", "../evil2.log", "/tmp/evil3.log", "a\\x1b[2J\\n\\u202e.log",  # noqa: S108
    ]  # fmt: skip
    assert [file.name for file in tmp_path.rglob("*") if file.is_file()] == ["x"]
    assert scratch(con) == []


def test_one_member_at_a_time_is_in_the_scratch_folder(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    real = ingest_file

    def counted(con: Connection, offer: Offer, run_id: int) -> Source:
        seen.append(sum(file.is_file() for file in scratch(con)))
        return real(con, offer, run_id)

    monkeypatch.setattr(ingest_archive, "ingest_file", counted)
    (tmp_path / "in").mkdir()
    with py7zr.SevenZipFile(tmp_path / "in" / "x", "w") as archive:
        for n in range(6):
            archive.writestr(NOISE + b"%d" % n, f"{n}.bin")
    (tmp_path / "in" / "y").write_bytes(cabbed({f"{n}": NOISE[n:] for n in range(6)}))
    run(con, tmp_path / "in")
    assert seen == [1] * 12


def test_a_tar_that_is_cut_in_its_gzip_gives_what_it_holds(con: Connection, tmp_path: Path) -> None:
    packed = gzip.compress(tarred({"a.log": LOG, "noise": NOISE, "c.log": OTHER}))
    (tmp_path / "x").write_bytes(packed[:40_000])
    sources = run(con, tmp_path)
    assert sources["x!a.log"].rows == 9
    assert sources["x"].status == "partial"
    assert "gzip damaged after" in (sources["x"].note or "")


def test_an_archive_has_no_host_of_its_neighbours(con: Connection, tmp_path: Path) -> None:
    (tmp_path / "a.log").write_text(HEADER + w3c(2, host="GW1"))
    (tmp_path / "b.zip").write_bytes(zipped({"b.log": (HEADER + w3c(3, host="GW1")).encode()}))
    run(con, tmp_path)
    settle(con, {})
    found = ask(con, "SELECT format, host FROM source ORDER BY path")
    assert [(row["format"], row["host"]) for row in found] == [
        ("smtpsvc_w3c", "GW1"), ("zip", None), ("smtpsvc_w3c", "GW1"),
    ]  # fmt: skip
