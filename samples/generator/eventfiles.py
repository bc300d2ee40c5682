"""Puts event log entries into .evt and .evtx files."""

from collections.abc import Sequence

from samples.generator.bundle import Bundle
from samples.generator.eventlog import STATE_CHANGE, Entry, Machine
from samples.generator.evt import EvtRecord, write_evt
from samples.generator.evtx import EvtxRecord, write_evtx

FIRST_NUMBER = 4711  # a log that has been running for a while
LEVEL = {1: 2, 2: 3, 4: 4}  # EVT event type to EVTX level


def write_old_log(
    bundle: Bundle, path: str, machine: Machine, entries: Sequence[Entry], *, dirty: bool = False
) -> None:
    """Write one .evt file of Server 2003; a dirty one was copied while the host ran."""
    records = [
        EvtRecord(
            number=number,
            ts=one.at,
            source=one.provider,
            computer=machine.computer,
            event_id_full=one.event_id,
            event_type=one.kind,
            category=one.category,
            sid=one.sid or None,
            strings=one.strings,
            data=one.data,
        )
        for number, one in enumerate(entries, FIRST_NUMBER)
    ]
    bundle.write(path, write_evt(None, records, dirty=dirty), len(records))


def write_new_log(
    bundle: Bundle,
    path: str,
    machine: Machine,
    entries: Sequence[Entry],
    *,
    channel: str = "System",
) -> None:
    """Write one .evtx file of Server 2012 R2."""
    records = [
        EvtxRecord(
            number=number,
            ts=one.at,
            provider=one.provider,
            computer=f"{machine.computer}.corp.example",
            event_id=one.event_id & 0xFFFF,
            level=LEVEL[one.kind],
            strings=one.strings,
            qualifiers=one.event_id >> 16,
            user_sid=one.sid or None,
            binary=one.data or None,
            names=("param1", "param2") if one.event_id == STATE_CHANGE else None,
        )
        for number, one in enumerate(entries, FIRST_NUMBER)
    ]
    bundle.write(path, write_evtx(records, channel=channel), len(records))
