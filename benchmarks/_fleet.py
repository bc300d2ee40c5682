"""A simulated fleet's folders of logs, as they stand at any moment of a month.

The bundles of the simulator are whole; here each file is cut to what its host had written by then:
text logs by the times of their lines, event logs by those of their records.
"""

import gzip
import re
import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from unittest import mock

from samples.generator import build, eventfiles
from samples.generator.evt import write_evt
from samples.generator.evtx import write_evtx

# the first moment of a line, by format
TIMES = (
    # 2017-03-06 05:00:15 198.51.100.10 OutboundConnectionCommand SMTPSVC1 GW1 ...
    re.compile(rb"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d) "),
    # 2017-3-6<tab>5:0:16 GMT<tab>...
    re.compile(rb"(\d{4})-(\d{1,2})-(\d{1,2})\t(\d{1,2}):(\d{1,2}):(\d{1,2}) GMT\t"),
    # 2017-03-06T05:00:15.123Z,...
    re.compile(rb"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)[.\d]*Z,"),
)


class Log(Protocol):
    """One file of the fleet."""

    def until(self, at: datetime) -> bytes:
        """Return the file as it stood then; nothing: it was not there yet."""


class TextLog(NamedTuple):
    """A log of lines, each of which is written at its time; ``ends`` are where they end."""

    data: bytes
    times: list[datetime]
    ends: list[int]

    def until(self, at: datetime) -> bytes:
        """Return the lines that were written, and half of the next where there is one."""
        count = bisect_right(self.times, at)
        if not count:
            return b""
        end = self.ends[count - 1]
        half = (self.ends[count] - end) // 2 if count < len(self.ends) else 0
        return self.data[: end + half]


class EventLog(NamedTuple):
    """An event log, of which a copy is made every night."""

    records: list[Any]
    write: Callable[[list[Any]], bytes]

    def until(self, at: datetime) -> bytes:
        """Return a copy of the log with the events there were."""
        kept = [record for record in self.records if record.ts <= at]
        return self.write(kept) if kept else b""


class Fleet(NamedTuple):
    """All files by their path below the folder that nights read."""

    logs: dict[str, Log]
    first: datetime
    last: datetime

    def write(self, folder: Path, at: datetime, late: dict[str, datetime]) -> None:
        """Write each file as it stood; ``late`` tells when a file came that did not come at once.

        A file that has not changed is not touched.
        """
        for path, log in self.logs.items():
            data = log.until(at) if late.get(path, at) <= at else b""
            target = folder / path
            if data and not (target.exists() and target.read_bytes() == data):
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(data)

    def since(self, first: datetime) -> "Fleet":
        """Return the fleet without the text logs that ended before a moment."""
        kept = {
            path: log
            for path, log in self.logs.items()
            if not isinstance(log, TextLog) or log.times[-1] >= first
        }
        return Fleet(kept, first, self.last)


def build_fleet(scenarios: dict[str, dict[str, Any]], seed: int) -> Fleet:
    """Simulate bundles, each into a folder of its own; the values are the builders' parameters."""
    logs: dict[str, Log] = {}
    made: dict[bytes, EventLog] = {}
    with tempfile.TemporaryDirectory() as folder, _captured(made):
        for name, parameters in scenarios.items():
            build(name, Path(folder), seed=seed, **parameters)
        for path in sorted(Path(folder).rglob("*")):
            shown = path.relative_to(folder).as_posix()
            if path.is_file() and "/" in shown:  # the truth lies beside the folders
                data = path.read_bytes()
                data = gzip.decompress(data) if path.suffix == ".gz" else data
                logs[shown.removesuffix(".gz")] = made.get(data) or _text_log(data)
    moments = [log.times[0] for log in logs.values() if isinstance(log, TextLog)]
    ends = [log.times[-1] for log in logs.values() if isinstance(log, TextLog)]
    return Fleet(logs, min(moments), max(ends))


def _captured(made: dict[bytes, EventLog]) -> Any:
    """Keep the records of every event log that is written, by the bytes of the file."""

    def old(_: object, records: list[Any], *, dirty: bool = False) -> bytes:
        data = write_evt(None, records, dirty=dirty)
        made[data] = EventLog(records, lambda kept: write_evt(None, kept, dirty=dirty))
        return data

    def new(records: list[Any], *, channel: str) -> bytes:
        data = write_evtx(records, channel=channel)
        made[data] = EventLog(records, lambda kept: write_evtx(kept, channel=channel))
        return data

    return mock.patch.multiple(eventfiles, write_evt=old, write_evtx=new)


def _text_log(data: bytes) -> TextLog:
    """Divide a text log; lines of a header are written with the record that comes after them."""
    times: list[datetime] = []
    ends: list[int] = []
    end = 0
    for line in data.splitlines(keepends=True):
        end += len(line)
        if at := _moment(line):
            times.append(max(at, times[-1]) if times else at)
            ends.append(end)
    return TextLog(data, times, ends)


def _moment(line: bytes) -> datetime | None:
    found = next((match for pattern in TIMES if (match := pattern.match(line))), None)
    if not found:
        return None
    year, month, day, hour, minute, second = map(int, found.groups())
    return datetime(year, month, day, hour, minute, second)  # noqa: DTZ001 - naive UTC


def set_back(log: TextLog, since: datetime, by: timedelta) -> TextLog:
    """Return the W3C log of a host whose clock was set back at a moment: it stays that far back."""
    lines = log.data.splitlines(keepends=True)
    data = b"".join(_set_back(lines, since, by))
    return TextLog(data, log.times, log.ends)


def _set_back(lines: list[bytes], since: datetime, by: timedelta) -> Iterator[bytes]:
    for line in lines:
        at = _moment(line)
        if at and at >= since:
            yield f"{at - by:%Y-%m-%d %H:%M:%S}".encode() + line[19:]
        else:
            yield line
