"""What is sent: a night's report as it lies in its folder, or a small message to try the way."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from logpipe.errors import DeliveryError

LARGEST = 7_000_000  # bytes of a page that is attached; many servers refuse 10 MB, coded


@dataclass(frozen=True, slots=True)
class Parcel:
    """A report to be sent; ``page`` is report.html, None where it is too large or not there.

    ``key`` is the same whenever the same report is sent; ``place`` is where it can be opened, or
    its folder.
    """

    report: dict[str, Any]
    key: str
    place: str
    page: bytes | None = None
    trial: bool = False


def read_parcel(folder: Path, base: str | None) -> Parcel:
    """Read the report of a night; raises DeliveryError where it is gone."""
    try:
        told = (folder / "report.json").read_bytes()
        page = folder / "report.html"
        large = page.stat().st_size > LARGEST
        whole = None if large else page.read_bytes()
    except OSError as error:
        raise DeliveryError(f"{folder}: the report is gone: {error.strerror}") from error
    place = f"{base.rstrip('/')}/{folder.name}/report.html" if base else str(folder)
    return Parcel(json.loads(told), f"{folder.name}.{sha256(told).hexdigest()[:16]}", place, whole)


def trial_parcel(moment: datetime) -> Parcel:
    """Return a small message that says what it is."""
    began = moment.replace(tzinfo=UTC)
    return Parcel({"trial": began.isoformat()}, f"test.{began:%Y%m%d%H%M%S%f}", "", trial=True)
