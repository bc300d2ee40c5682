"""What is mutated: small, valid files of each format."""

from functools import cache
from pathlib import Path

from logpipe.formats._text.lines import encoding_of
from logpipe.ingest import HEAD, identify
from logpipe.model import Format

ROOT = Path(__file__).parents[1] / "samples"
BUNDLES = {  # formats whose samples lie in the bundles
    "evt": "healthy/RELAY1/SysEvent.Evt",
    "evtx": "healthy/EX16/System.evtx",
    "smtpsvc_w3c": "healthy/**/ex*.log",
    "tracking_2003": "exchange2003/**/2007*.log",
    "tracking_2007": "healthy/**/MSGTRK*.LOG",
}
BINARY = {"evt", "evtx", "blg"}
LARGEST = 8 << 10  # of a text: more shows nothing else, only slower
LARGEST_WHOLE = 128 << 10  # of a real file that makes no sense in part
MOST_REAL = 12  # of one format


@cache
def seeds(format_: Format, corpus: Path | None = None) -> list[bytes]:
    """Return the samples of a format, and some of its files in a folder of real ones."""
    found = sorted(path for path in (ROOT / "inputs" / format_.name).rglob("*") if path.is_file())
    if format_.name in BUNDLES:
        found += sorted(ROOT.glob(BUNDLES[format_.name]))[:2]
    whole = format_.name in BINARY
    data = [_small(path.read_bytes(), whole=whole) for path in found]
    return data + (_real(format_, corpus) if corpus else [])


def _small(data: bytes, *, whole: bool) -> bytes:
    """Return a file, or its beginning up to a line end where it is a large text."""
    if whole or len(data) <= LARGEST:
        return data
    end = b"\n\0" if encoding_of(data[:512]) else b"\n"
    return data[: data.rfind(end, 0, LARGEST) + len(end)]


def _real(format_: Format, corpus: Path) -> list[bytes]:
    """Return the smallest of the files that the format alone claims."""
    own: list[bytes] = []
    for path in sorted(_files(corpus), key=lambda path: path.stat().st_size):
        with path.open("rb") as file:
            head = file.read(HEAD)
        large = format_.name in BINARY and path.stat().st_size > LARGEST_WHOLE
        if len(own) < MOST_REAL and not large and identify(head) == [format_]:
            own.append(_small(path.read_bytes(), whole=format_.name in BINARY))
    return own


@cache
def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]
