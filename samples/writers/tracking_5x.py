"""A tracking log of Exchange 5.5: the layouts of recipients and statuses, and a cut last record."""

from pathlib import Path

SERVERS = "/O=ORG/OU=SITE/CN=CONFIGURATION/CN=SERVERS"
MTA = f"{SERVERS}/CN=SRV1/CN=MICROSOFT MTA"
STORE = f"{SERVERS}/CN=SRV1/CN=MICROSOFT PRIVATE MDB"
CONNECTOR = "/O=ORG/OU=SITE/CN=CONFIGURATION/CN=CONNECTIONS/CN=INTERNET MAIL CONNECTOR (SRV1)"
ALICE, BOB = "/o=ORG/ou=SITE/cn=Recipients/cn=alice", "/o=ORG/ou=SITE2/cn=Recipients/cn=bob"
EVE = "SMTP:eve@partner.example"


def write(folder: Path) -> None:
    """Write one day with a bare LF at line ends, as the System Attendant does."""
    records = [
        _record(7, "4", "18:50:47", STORE, [BOB, EVE]),
        _record(7, "0", "18:50:48", STORE, [BOB, EVE]),
        _record(7, "7", "18:50:49", f"{SERVERS}/CN=SRV2/CN=MICROSOFT MTA", [BOB]),
        _record(7, "1010", "18:50:50", CONNECTOR, [EVE], remote="<7@srv1.corp.example>"),
        _record(7, "1011", "18:51:2", CONNECTOR, [EVE], remote="<7@srv1.corp.example>"),
        # a report of both: the status behind its recipient, and on the line below
        _record(8, "34", "18:52:0", MTA, [f"{BOB}\t0", f"{EVE}\t1"], about=_id(7), count=2),
        _record(8, "10", "18:52:1", STORE, [BOB, "0", EVE, "1"], about=_id(7), count=2),
        # one recipient fewer than field 13 says
        _record(9, "9", "18:53:9", STORE, [ALICE], count=2),
        _record(10, "4", "yesterday", STORE, [BOB]),
        _record(11, "4", "18:55:0", STORE, [BOB])[:90],
    ]
    (folder / "20020429.log").write_bytes("".join(records).encode())


def _id(number: int) -> str:
    return f"c=US;a= ;p=ORG;l=SRV1-020429185047Z-{number}"


def _record(
    number: int,
    event: str,
    time: str,
    partner: str,
    material: list[str],
    *,
    remote: str = "",
    about: str = "",
    count: int | None = None,
) -> str:
    """Return a line of 13 fields, the lines of its recipients, and the empty line."""
    line = [
        _id(number), event, f"2002.4.29 {time}", "", partner, remote, ALICE, "0", "1497", "0", "0",
        about, str(len(material) if count is None else count),
    ]  # fmt: skip
    return "\n".join(["\t".join(line), *material, "", ""])
