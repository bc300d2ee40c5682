"""What no file tells alone: hosts by neighbours, their other names, zones of local times."""

import re
from collections.abc import Mapping

from logpipe.clocks import apply_zone, zone_name
from logpipe.errors import LogpipeError
from logpipe.formats import all_formats
from logpipe.overlap import fold_copies
from logpipe.sqlfiles import sql_text
from logpipe.store import Connection, ask, count_books, transaction

ANY_HOST = "*"
HOST_NAME = re.compile(r"\*|[\w.-]+")
# sources of this run, and of runs that were killed before they came here
UNSETTLED = "SELECT source_id FROM source JOIN run USING (run_id) WHERE fresh = 0"
# a zone that the file itself tells is not asked of others
TOLD_BY_FILE = ("format", "header", "offset", "UTC values")
READERS_CLOCK = {"tracking_export"}  # times of whoever ran the command, not of the host


def read_zones(told: list[str]) -> dict[str, str]:
    """Return ``HOST=ZONE`` options as zones by host; raises LogpipeError on any other text."""
    zones = {}
    for option in told:
        host, _, name = option.rpartition("=")
        zone = zone_name(name)
        if not HOST_NAME.fullmatch(host.strip()) or zone is None:
            raise LogpipeError(
                f"--tz {option}: give HOST=ZONE, such as GW1=Europe/Berlin, GW1=UTC+02:00, "
                '"GW1=W. Europe Standard Time", or "*=ZONE" for all other hosts'
            )
        zones[host.strip().split(".")[0].upper()] = zone
    return zones


def settle(con: Connection, zones: Mapping[str, str]) -> None:
    """Complete hosts, generations and times of the sources, by what all of them tell together.

    ``zones`` are what the user declared; they stay known to the store.
    """
    with transaction(con):
        names = [format_.name for format_ in all_formats()]
        con.execute(sql_text("load", "neighbours"), {"formats": names}).fetchall()
        con.execute(sql_text("load", "generations"))
        _join_names(con)
        fold_copies(con)
        _declare(con, zones)
        _learn_zones(con)
        _set_clocks(con)


def _join_names(con: Connection) -> None:
    """Keep the rows of one host under one name."""
    known = {row["alias"]: row["host"] for row in ask(con, "FROM host_alias")}
    hosts: dict[str, set[str]] = {}
    told = {}
    for row in ask(con, sql_text("load", "alias_witness")):
        hosts.setdefault(row["alias"], set()).add(row["host"])
        told[row["alias"]] = row["known_by"]
    fresh = {alias: min(names) for alias, names in hosts.items() if len(names) == 1}
    fresh = {alias: host for alias, host in fresh.items() if alias not in known}
    names = {**known, **fresh}
    for alias in fresh:
        con.execute(
            "INSERT INTO host_alias VALUES ($alias, $host, $known_by)",
            {"alias": alias, "host": _last_name(names, alias), "known_by": told[alias]},
        )
        con.execute(
            "UPDATE host_alias SET host = $host WHERE host = $alias",
            {"alias": alias, "host": _last_name(names, alias)},
        ).fetchall()
    for table in ["source", *sorted({format_.table for format_ in all_formats()})]:
        if fresh:
            _rename(con, table, "true")
        elif known:
            _rename(con, table, f"source_id IN ({UNSETTLED})")


def _last_name(names: Mapping[str, str], alias: str) -> str:
    """Follow a host renamed more than once to its last name; a circle ends where it began."""
    seen = {alias}
    while (host := names[alias]) in names and host not in seen:
        seen.add(host)
        alias = host
    return host


def _rename(con: Connection, table: str, which: str) -> None:
    con.execute(
        f"UPDATE {table} SET host = a.host FROM host_alias AS a "
        f"WHERE {table}.host = a.alias AND a.host <> a.alias AND {which}"
    ).fetchall()


def _declare(con: Connection, zones: Mapping[str, str]) -> None:
    for host, zone in zones.items():
        con.execute(
            "INSERT OR REPLACE INTO host_zone VALUES ($host, $zone, '--tz')",
            {"host": host, "zone": zone},
        )


def _learn_zones(con: Connection) -> None:
    """Write down each host's zone by its surest witness; what the user declared stays."""
    learned: dict[str, tuple[str, str]] = {}
    for row in ask(con, sql_text("load", "zone_witness")):
        if zone := zone_name(row["told"]):
            learned.setdefault(row["host"], (zone, row["known_by"]))
    for host, (zone, known_by) in learned.items():
        con.execute(
            "INSERT INTO host_zone SELECT $host, $zone, $known_by WHERE NOT EXISTS "
            "(SELECT 1 FROM host_zone WHERE host = $host AND known_by = '--tz')"
            "ON CONFLICT DO UPDATE SET zone = excluded.zone, known_by = excluded.known_by",
            {"host": host, "zone": zone, "known_by": known_by},
        )


def _set_clocks(con: Connection) -> None:
    """Give sources with local times the zone of their host, else the only one known, else none."""
    known = {row["host"]: (row["zone"], row["known_by"]) for row in ask(con, "FROM host_zone")}
    seen = {row["host"] for row in ask(con, "SELECT DISTINCT host FROM source")}
    zones = {zone for host, (zone, _) in known.items() if host in seen}
    guess = (min(zones), "guess") if len(zones) == 1 else (None, None)
    tables = {format_.name: format_.table for format_ in all_formats()}
    for row in ask(con, sql_text("load", "local_sources"), {"final": list(TOLD_BY_FILE)}):
        zone, known_by = known.get(row["host"]) or known.get(ANY_HOST) or guess
        if row["format"] in READERS_CLOCK and known_by != "--tz":
            zone, known_by = known.get(ANY_HOST) or (None, None)
        if zone is None or (zone, known_by) == (row["zone"], row["zone_known_by"]):
            continue
        table, source = tables[row["format"]], row["source_id"]
        if zone != row["zone"]:
            apply_zone(con, table, source, zone)
        books = count_books(con, table, source)
        con.execute(
            "UPDATE source SET zone = $zone, zone_known_by = $known_by, "
            "first_ts = $first_ts, last_ts = $last_ts WHERE source_id = $source_id",
            {
                "zone": zone, "known_by": known_by, "source_id": source,
                "first_ts": books.first_ts, "last_ts": books.last_ts,
            },
        )  # fmt: skip
