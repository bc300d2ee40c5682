"""Wall clocks of the places where the hosts stand."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

BERLIN, LONDON = ZoneInfo("Europe/Berlin"), ZoneInfo("Europe/London")
PLACES = {"W. Europe Standard Time": BERLIN, "GMT Standard Time": LONDON}


def wall(at: datetime, zone: str) -> datetime:
    """Return what a clock on the wall shows at a moment in UTC; the zone is named as by 6013."""
    name = zone.split(" ", maxsplit=1)[1]
    return at.replace(tzinfo=UTC).astimezone(PLACES[name]).replace(tzinfo=None)
