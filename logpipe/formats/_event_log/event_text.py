"""What text exports of event logs call their values, and ``wevtutil /f:text``.

::

    Event[0]:
      Log Name: System
      Source: Service Control Manager
      Date: 2012-05-01T10:11:12.000
      Event ID: 7036
      Description:
    The Simple Mail Transfer Protocol (SMTP) service entered the running state.
"""

import re
from collections.abc import Iterable, Iterator

from logpipe.formats._export.powershell import Export, has_date
from logpipe.formats._export.record import Record, Row, Shape
from logpipe.formats._text.lines import EXCERPT, SPOILED

COLUMNS = {
    "ts": "timecreated timegenerated dateandtime datumunduhrzeit dateetheure fechayhora date",
    "provider": "providername source quelle origen",
    "event_id": "id eventid ereignisid iddelévénement iddelevento",
    "record_no": "recordid index recordnumber eventrecordid",
    "computer": "machinename computer computername",
    "channel": "logname",
    "level": "level leveldisplayname entrytype ebene niveau nivel",
    "process_id": "processid",
    "user_sid": "userid user",
    "version": "version",
    "task": "task",
    "opcode": "opcode",
    "keywords": "keywords",
    "qualifiers": "qualifiers",
}
LEVELS = {
    "critical": 1, "error": 2, "warning": 3, "information": 4, "verbose": 5,
    "kritisch": 1, "fehler": 2, "warnung": 3, "informationen": 4, "ausführlich": 5,
    "critique": 1, "erreur": 2, "avertissement": 3, "commentaires": 5,
    "crítico": 1, "advertencia": 3, "información": 4, "detallado": 5,
    "failureaudit": 0, "successaudit": 0, "audit failure": 0, "audit success": 0,
}  # fmt: skip
TIMES = (
    "timecreated", "timegenerated", "dateandtime", "datumunduhrzeit", "dateetheure", "fechayhora",
)  # fmt: skip
SOURCES = {"providername", "source", "quelle", "origen"}
IDS = {"id", "eventid", "ereignisid", "iddelévénement", "iddelevento"}
LONGEST = 1 << 20  # characters of one message
HEAD = re.compile(r"^Event\[\d+\]:?\s*$")
FIELD = re.compile(r"^  ([A-Z][A-Za-z ]{0,30}):(?: (.*))?$")


def known(names: set[str]) -> bool:
    """Return whether names are those of Event Viewer, Get-WinEvent or Get-EventLog."""
    return bool(names & set(TIMES)) and bool(names & SOURCES) and bool(names & IDS)


def begins(values: dict[str, str]) -> bool:
    """Return whether a row has its time."""
    return any(has_date(values.get(name, "")) for name in TIMES)


def finish(row: Row) -> list[Row]:
    """Turn words into the numbers of the table; those without a number stay in ``extra``."""
    level, sid, keywords = row["level"], row["user_sid"], row["keywords"]
    if level is not None:
        row["level_no"] = int(level) if re.fullmatch("[0-5]", level) else LEVELS.get(level.lower())
        if row["level_no"] in {None, 0} and level != "0":
            row["extra"]["Level"] = level
    if sid is not None and not sid.startswith("S-1-"):
        row["extra"]["User"], row["user_sid"] = sid, None
    if keywords is not None and re.fullmatch(r"-?\d{1,20}", keywords):
        row["keywords"] = f"0x{int(keywords) % (1 << 64):x}"
    elif keywords is not None and not keywords.startswith("0x"):
        row["extra"]["Keywords"], row["keywords"] = keywords, None
    return [row]


SHAPE = Shape(
    columns={name: column for column, names in COLUMNS.items() for name in names.split()},
    numbers=(
        "event_id", "record_no", "process_id", "version", "task", "opcode", "qualifiers",
        "level_no",
    ),
    finish=finish,
)  # fmt: skip
# Event Viewer names five columns and writes six: the message is the last
EXPORT = Export("event_export", SHAPE, known, begins, more=("Message",))


def is_wevtutil(lines: Iterable[str]) -> bool:
    """Return whether the first line that is not blank is that of an event."""
    first = next((line for line in lines if line.strip()), "")
    return HEAD.match(first) is not None


def wevtutil_records(lines: Iterable[tuple[int, str]]) -> Iterator[Record]:
    """Yield one record per ``Event[n]``; what follows ``Description`` is the message."""
    event: _Event | None = None
    for number, line in lines:
        text = line.rsplit(SPOILED, maxsplit=1)[-1]
        if HEAD.match(line):
            if event:
                yield event.record()
            event = _Event(number, text)
        elif event:
            event.add(number, text)
        elif text.strip():
            yield Record(number, {}, "text above the first event", text[:EXCERPT])
    if event:
        yield event.record()


class _Event:
    """The lines of one event: fields, then the message."""

    def __init__(self, number: int, line: str) -> None:
        self.number, self.lines = number, [line]
        self.values: dict[str, str] = {}
        self.message: list[str] | None = None

    def add(self, number: int, line: str) -> None:
        match = FIELD.match(line)
        if self.message is not None:
            self.message.append(line)
        elif match and match[1] == "Description":
            self.message = [match[2] or ""]
        elif match:
            name = match[1] if match[1] not in self.values else f"{match[1]} (line {number})"
            self.values[name] = "" if match[2] in {None, "N/A"} else match[2]
        elif line.strip():
            self.values[f"line {number}"] = line
        if self.message is None:
            self.lines.append(line)

    def record(self) -> Record:
        if self.message is not None:
            self.values["Message"] = "\n".join(self.message).strip()[:LONGEST]
        return Record(self.number, self.values, None, " ".join(self.lines)[:EXCERPT])
