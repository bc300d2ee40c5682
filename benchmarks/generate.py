"""Writes big logs, always the same: ``python -m benchmarks.generate tracking 1GB to.log``.

The kinds are ``tracking``, ``w3c``, ``evtx``, ``evt``; ``small`` writes a folder of small files,
``folder`` a mixed one, for the proof that memory does not grow with the input.
"""

import itertools
import struct
import sys
import zlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from samples.generator.evt import EvtRecord, pack_record
from samples.generator.evtx import EvtxRecord, write_evtx
from samples.generator.tracking2016 import FIELDS as TRACKING
from samples.generator.w3c import FIELDS as W3C

START = datetime(2016, 3, 1)  # noqa: DTZ001 - UTC, naive as in the tables
UNITS = {"KB": 10**3, "MB": 10**6, "GB": 10**9}
PACK = 2_000  # lines that are written at once
CHUNK, FILE_HEADER = 65_536, 4096
DAY = 250_000_000  # bytes of one day's log in a large folder


def size_of(text: str) -> int:
    """Return a size such as 400MB in bytes."""
    return int(float(text[:-2]) * UNITS[text[-2:].upper()])


def tracking(path: Path, size: int, seed: int = 1) -> None:
    """Write a message tracking log of Exchange 2016; another seed begins at another hour."""
    start = START + timedelta(hours=seed)
    head = (
        "#Software: Microsoft Exchange Server\r\n#Version: 15.01.2507.006\r\n"
        f"#Log-type: Message Tracking Log\r\n#Date: {_iso(start)}\r\n#Fields: {TRACKING}\r\n"
    )
    _write_lines(path, size, head, _tracking_lines(Random(seed), start))


def w3c(path: Path, size: int, seed: int = 1) -> None:
    """Write an SMTP service log with every field; another seed begins at another hour."""
    start = START + timedelta(hours=seed)
    head = (
        "#Software: Microsoft Internet Information Services 6.0\r\n#Version: 1.0\r\n"
        f"#Date: {start:%Y-%m-%d %H:%M:%S}\r\n#Fields: {W3C}\r\n"
    )
    _write_lines(path, size, head, _w3c_lines(Random(seed), start))


def evtx(path: Path, size: int, seed: int = 1) -> None:
    """Write an event log by repeating chunks, their records numbered anew."""
    rng, states = Random(seed), ("running", "stopped")
    records = [
        EvtxRecord(
            number=10**9 + i,  # ten digits, so that the next numbers have as many
            ts=START + timedelta(seconds=7 * i),
            provider="Service Control Manager",
            computer="GW1.corp.example",
            event_id=rng.choice((7036, 7036, 7035, 7040)),
            strings=(f"Service number {rng.randrange(80)}", states[i % 2]),
            qualifiers=16384,
            binary=f"SVC{rng.randrange(80)}/{i % 2 * 3 + 1}".encode("utf-16-le"),
            names=("param1", "param2"),
        )
        for i in range(1000)
    ]
    content = write_evtx(records, channel="System")
    chunks = [content[at : at + CHUNK] for at in range(FILE_HEADER, len(content), CHUNK)]
    counted, number = max(1, size // CHUNK), 10**9
    with path.open("wb") as out:
        out.write(_evtx_header(content, counted))
        for chunk in itertools.islice(itertools.cycle(chunks), counted):
            renumbered, number = _renumbered(chunk, number)
            out.write(renumbered)


def _evtx_header(content: bytes, chunks: int) -> bytes:
    head = bytearray(content[:FILE_HEADER])
    struct.pack_into("<H", head, 42, min(chunks, 65_535))
    struct.pack_into("<I", head, 124, zlib.crc32(head[:120]))
    return bytes(head)


def _renumbered(chunk: bytes, number: int) -> tuple[bytes, int]:
    """Return the chunk with its records numbered from here, and the number that follows."""
    data, at = bytearray(chunk), 512
    first, (free,) = number, struct.unpack_from("<I", data, 48)
    while at < free:
        (size, old) = struct.unpack_from("<IQ", data, at + 4)
        struct.pack_into("<Q", data, at + 8, number)
        body = bytes(data[at : at + size])
        data[at : at + size] = body.replace(
            str(old).encode("utf-16-le"), str(number).encode("utf-16-le")
        )
        at, number = at + size, number + 1
    struct.pack_into("<4Q", data, 8, first, number - 1, first, number - 1)
    struct.pack_into("<I", data, 52, zlib.crc32(data[512:free]))
    struct.pack_into("<I", data, 124, zlib.crc32(data[128:512], zlib.crc32(data[:120])))
    return bytes(data), number


def evt(path: Path, size: int, seed: int = 1) -> None:
    """Write an event log of Windows 2003 that never came to its end."""
    rng = Random(seed)
    pattern = [pack_record(_evt_record(rng, i)) for i in range(5000)]
    end, number = 48, 1
    with path.open("wb") as out:
        out.write(bytes(48))
        for record in itertools.cycle(pattern):
            if end + len(record) > size:
                break
            renumbered = bytearray(record)
            struct.pack_into("<I", renumbered, 8, number)
            out.write(renumbered)
            end, number = end + len(record), number + 1
        marks = (0x11111111, 0x22222222, 0x33333333, 0x44444444)
        out.write(struct.pack("<10I", 40, *marks, 48, end, number, 1, 40))
        out.seek(0)
        out.write(struct.pack("<I4s10I", 48, b"LfLe", 1, 1, 48, end, number, 1, end + 40, 0, 0, 48))


def _evt_record(rng: Random, i: int) -> EvtRecord:
    """Return a record as services write them: most have strings, some data, a few an account."""
    service = f"Service number {rng.randrange(80)}"
    return EvtRecord(
        i,
        START + timedelta(seconds=7 * i),
        rng.choice(("Service Control Manager", "SMTPSVC", "MSExchangeTransport", "DNS")),
        "GW1",
        rng.choice((0x40001B7C, 0x40001B7B, 0x80000FBC, 0xC0000457)),
        rng.choice((1, 2, 4)),
        strings=(service, "running", "the remote host did not answer")[: rng.randrange(1, 4)],
        sid="S-1-5-18" if i % 5 == 0 else None,
        data=bytes(rng.randrange(256) for _ in range(16)) if i % 4 == 0 else b"",
    )


def small(path: Path, files: int, seed: int = 1) -> None:
    """Write a folder of small logs of two kinds."""
    path.mkdir(parents=True, exist_ok=True)
    for i in range(files):
        write, name = ((tracking, "MSGTRK"), (w3c, "ex"))[i % 2]
        write(path / f"{name}{i:05}.log", 20_000, seed * 100_000 + i)


def folder(path: Path, size: int, seed: int = 1) -> None:
    """Write a folder of this size: half tracking, a quarter W3C, the rest event logs."""
    path.mkdir(parents=True, exist_ok=True)
    kinds = ((tracking, "MSGTRK{}-1.LOG", 0.5), (w3c, "ex{}.log", 0.25))
    for write, name, share in kinds:
        days = max(1, round(size * share / DAY))
        for day in range(days):
            date = f"{START + timedelta(days=day):%Y%m%d}"
            write(path / name.format(date), int(size * share / days), seed + 24 * day)
    evtx(path / "System.evtx", int(size * 0.23), seed)
    evt(path / "SysEvent.Evt", int(size * 0.02), seed)


def _write_lines(path: Path, size: int, head: str, lines: Iterator[str]) -> None:
    with path.open("wb") as out:
        out.write(head.encode())
        while (left := size - out.tell()) > 0:
            lot = "".join(itertools.islice(lines, min(PACK, left // 100 + 1)))
            out.write(lot.encode())


def _iso(at: datetime) -> str:
    return f"{at.isoformat(timespec='milliseconds')}Z"


def _people(rng: Random, domains: int) -> list[str]:
    return [f"person{rng.randrange(3000)}@site{i % domains}.example" for i in range(4000)]


def _tracking_lines(rng: Random, start: datetime) -> Iterator[str]:
    people, pick = _people(rng, 300), rng.random
    subjects = [f"Offer {rng.getrandbits(40):x} for the meeting" for _ in range(5000)]
    subjects[::20] = [f'"Re: {subject}, second ""draft"""' for subject in subjects[::20]]
    server = "192.0.2.16,EX16.corp.example"
    taken, unique = 0.0, 0
    for n in itertools.count():  # four rows tell one message
        at = _iso(start + timedelta(milliseconds=173 * n))
        if n % 4 == 0:
            taken, unique = pick(), rng.getrandbits(128)
        guid = f"{unique:032x}"
        network = f"{guid[:8]}-{guid[8:12]}-{guid[12:16]}-{guid[16:20]}-{guid[20:]}"
        to, sender = people[int(taken * 4000)], people[unique % 4000]
        if unique % 25 == 0:
            to = f"{to};{people[unique % 3999]};{people[unique % 3989]}"
        count, subject = to.count(";") + 1, subjects[unique % 5000]
        ids = f"{47_244_640_256 + n // 4},<{guid}@EX16.corp.example>,{network}"
        tail = f"Incoming,,192.0.2.{unique % 200},192.0.2.16"
        end = f"Email,{guid[8:16]}-{guid[16:20]}-4c11-8bb3-{guid[:12]},15.01.2507.006\r\n"
        latency = (
            f"{at};SRV=EX16.corp.example:TOTAL-HUB={taken:.3f}|CAT={taken / 4:.3f}(CATRS="
            f"{taken / 8:.3f}(CATRS-Index Routing Agent={taken / 9:.3f}))|QD={taken / 3:.3f}"
        )
        size = int(taken * 100_000)
        match n % 4:
            case 0:
                yield (
                    f"{at},192.0.2.77,app.corp.example,{server},08D{guid[:13]};{at};0,"
                    f"EX16\\Default EX16,SMTP,RECEIVE,{ids},{to},,{size},{count},,,{subject},"
                    f"{sender},{sender},0cI: ,{tail},S:FirstForestHop=EX16.corp.example,{end}"
                )
            case 1:
                yield (
                    f"{at},,,,EX16,CatContentConversion,,AGENT,AGENTINFO,{ids},{to},,{size},"
                    f"{count},,,{subject},{sender},{sender},,{tail},"
                    f'"S:AMA=SUM|v=0|action=|error=|atch=0;S:CompCost=|ETR=0,0",{end}'
                )
            case 2:
                yield (
                    f'{at},,,,EX16,"MDB:{network}, Mailbox:{network}, Event:{n}, MessageClass:'
                    f'IPM.Note, CreationTime:{at}, ClientType:OWA",,STOREDRIVER,SUBMIT,,'
                    f"<{guid}@EX16.corp.example>,{network},{to},,{size},{count},,,{subject},"
                    f"{sender},,{at},Originating,,,,,{end}"
                )
            case _:
                states = ";".join(["250 2.1.5 Recipient OK"] * count)
                yield (
                    f"{at},192.0.2.16,EX16,198.51.100.9,mx1.partner.example,08D{guid[:13]};250 "
                    f"2.6.0 Queued mail for delivery;ClientSubmitTime:{at},Internet,SMTP,SEND,"
                    f"{ids},{to},{states},{size},{count},,,{subject},{sender},{sender},{latency},{tail},"
                    f"S:E2ELatency={taken:.3f};S:DeliveryPriority=Normal,{end}"
                )


def _w3c_lines(rng: Random, start: datetime) -> Iterator[str]:
    people = _people(rng, 300)
    for n in itertools.count():
        begin = start + timedelta(milliseconds=800 * n)
        sender, to, client = people[n % 4000], people[n * 7 % 4000], rng.randrange(200)
        guid, ms = f"{rng.getrandbits(96):024x}", rng.randrange(3000)
        into = f"{begin:%Y-%m-%d %H:%M:%S} 192.0.2.{client} pc{client} SMTPSVC1 GW1 192.0.2.1 0"
        for verb, query, numbers in (
            ("EHLO", f"+pc{client}", "250 0 275 8 0"),
            ("MAIL", f"+FROM:<{sender}>", f"250 0 49 {len(sender) + 11} 0"),
            ("RCPT", f"+TO:<{to}>", f"250 0 43 {len(to) + 9} 0"),
            ("DATA", f"+<{guid}@pc{client}.corp.example>", f"250 0 122 {ms * 17} {ms}"),
            ("QUIT", f"pc{client}", f"240 {ms + 40} 68 4 0"),
        ):
            yield f"{into} {verb} - {query} {numbers} SMTP - - - -\r\n"
        peer = f"{begin:%Y-%m-%d %H:%M:%S} 198.51.100.{client}"
        for who, verb, query in (
            ("Response", "-", "220+mx1.partner.example+ESMTP+ready"),
            ("Command", "MAIL", f"FROM:<{sender}>+SIZE={ms * 17}"),
            ("Response", "-", "250+2.1.0+Sender+OK"),
            ("Command", "RCPT", f"TO:<{to}>"),
            ("Response", "-", f"250+2.1.5+{to}+Recipient+OK"),
            ("Command", "DATA", "-"),
            ("Response", "-", "354+Start+mail+input"),
            (
                "Response",
                "-",
                f"250+2.6.0+<{guid}@pc{client}.corp.example>+Queued+mail+for+delivery",
            ),
        ):
            yield (
                f"{peer} OutboundConnection{who} SMTPSVC1 GW1 - 25 {verb} - {query} 0 0 "
                f"{len(query)} 0 {ms} SMTP - - - -\r\n"
            )


KINDS: dict[str, Callable[[Path, int], None]] = {
    "tracking": tracking, "w3c": w3c, "evtx": evtx, "evt": evt, "small": small, "folder": folder,
}  # fmt: skip


def main() -> None:
    """Write what the command line asks for: kind, size (for ``small`` how many files), path."""
    kind, size, path = sys.argv[1:]
    KINDS[kind](Path(path), int(size) if kind == "small" else size_of(size))


if __name__ == "__main__":
    main()
