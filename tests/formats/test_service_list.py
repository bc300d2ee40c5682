"""Services: sc in two languages, net start, Get-Service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from logpipe.formats.service_list import FORMAT
from logpipe.store import Connection, open_store
from tests.formats.inventory import SAMPLES, claims, load, load_text, rejects, rows, survives

SPANISH = """
NOMBRE_SERVICIO: SMTPSVC
NOMBRE_MOSTRAR : Protocolo simple de transferencia de correo (SMTP)
        TIPO               : 20  WIN32_SHARE_PROCESS
        ESTADO             : 3  STOP_PENDING
                                (STOPPABLE, NOT_PAUSABLE)
        CÓD_SALIDA_WIN32   : 0  (0x0)
"""
CONFIG = """
[SC] QueryServiceConfig SUCCESS

SERVICE_NAME: SMTPSVC
        TYPE               : 20  WIN32_SHARE_PROCESS
        START_TYPE         : 2   AUTO_START
        BINARY_PATH_NAME   : C:\\WINDOWS\\system32\\inetsrv\\inetinfo.exe
        DEPENDENCIES       : IISADMIN
                           : EventLog
"""


@pytest.fixture(scope="module")
def con(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("sc") / "x.duckdb") as store:
        yield store


def states(con: Connection) -> list[tuple[object, ...]]:
    return rows(con, "host_fact", "subject, number, pid", "name = 'state'")


@pytest.mark.parametrize("name", ["sc.txt", "get-service.csv", "get-service.txt"])
def test_every_form_tells_the_states(name: str, con: Connection) -> None:
    path = SAMPLES / "service_list" / name
    assert claims(path.read_bytes()) == ["service_list"]
    assert load(con, path).status == "loaded"
    found = [(subject, number) for subject, number, _ in states(con)]
    assert found == [("IISADMIN", 4), ("SMTPSVC", 4), ("POP3Svc", 1)]


def test_queryex_tells_the_process_and_all_else_is_kept(con: Connection) -> None:
    load(con, SAMPLES / "service_list" / "sc.txt")
    assert states(con)[1] == ("SMTPSVC", 4, 1512)
    kept = rows(con, "host_fact", "name, value", "subject = 'SMTPSVC'")
    assert ("display_name", "Simple Mail Transfer Protocol (SMTP)") in kept
    assert ("win32_exit_code", "0\t(0x0)") in kept
    assert len(kept) == 9


def test_translated_labels_are_known_by_their_place(con: Connection, tmp_path: Path) -> None:
    text = SPANISH.replace("MOSTRAR :", "MOSTRAR:")
    assert claims(text.encode()) == ["service_list"]
    load_text(con, tmp_path / "a.txt", text, "cp850")
    assert states(con) == [("SMTPSVC", 3, None)]
    assert rows(con, "host_fact", "extra['label']", "name = 'state'") == [("ESTADO",)]


def test_the_configuration_of_a_service_is_read_by_its_labels(
    con: Connection, tmp_path: Path
) -> None:
    load_text(con, tmp_path / "a.txt", CONFIG)
    assert rows(con, "host_fact", "value, number", "name = 'start_type'") == [("AUTO_START", 2)]
    assert rows(con, "host_fact", "value, extra['more']", "name = 'dependencies'") == [
        ("IISADMIN", "EventLog")
    ]


@pytest.mark.parametrize("name", ["net-start-en.txt", "net-start-de.txt"])
def test_started_services_are_named_as_shown(name: str, con: Connection) -> None:
    path = SAMPLES / "service_list" / name
    assert claims(path.read_bytes()) == ["service_list"]
    load(con, path)
    assert [subject for subject, _, _ in states(con)] == [
        "IIS Admin Service",
        "Simple Mail Transfer Protocol (SMTP)",
    ]


def test_a_service_without_anything_below_its_name_is_refused(
    con: Connection, tmp_path: Path
) -> None:
    load_text(con, tmp_path / "a.txt", CONFIG + "\nSERVICE_NAME: W3SVC\n\nnonsense\n")
    assert [reason for _, reason in rejects(con)] == [
        "a service without state",
        "no line that names a service",
    ]


def test_damage_costs_records_and_never_the_run(
    con: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    survives(con, FORMAT, tmp_path, monkeypatch)
