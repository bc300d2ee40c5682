"""Connectivity logs: of a transport service with header, and rows cut off from theirs."""

from datetime import UTC, datetime
from pathlib import Path

from samples.writers._exchange import header, put, rows

FIELDS = "date-time,session,source,Destination,direction,description"
START = datetime(2024, 5, 6, 7, 0, tzinfo=UTC)
GUID = "00000000-0000-0000-0000-000000000000"
HUB = f"""
0.1|08DC6D0000000200|SMTP|partner.example|+|DnsConnectorDelivery {GUID};QueueLength=7
0.2|08DC6D0000000200|SMTP|partner.example|>|mx1.partner.example[203.0.113.25], mx2.partner.example[203.0.113.26]
0.3|08DC6D0000000200|SMTP|partner.example|>|Failed connection to 203.0.113.25:25 (TimedOut:0000274C)
0.4|08DC6D0000000201|MapiDelivery|9f0f0f0f-0000-4000-8000-000000000001|+|EX1.corp.example
0.5|08DC6D0000000200|SMTP|partner.example|>|Established connection to 203.0.113.26
1.5|08DC6D0000000200|SMTP|partner.example|-|Messages: 3 Bytes: 12345 ()
1.6|08DC6D0000000201|MapiDelivery|9f0f0f0f-0000-4000-8000-000000000001|-|Messages: 1 Bytes: 900 Recipients: 1
2.1|08DC6D0000000202|SMTP|gone.example|+|DnsConnectorDelivery {GUID};QueueLength=1
2.2|08DC6D0000000202|SMTP|gone.example|>|DNS server returned ErrorRetry reported by 192.0.2.53.
2.3|08DC6D0000000202|SMTP|gone.example|-|Messages: 0 Bytes: 0 (Retry : DNS query failed)
"""  # noqa: E501 - a row is a line
SUBMISSION = """
9|08DC6D0000000300|SMTP|mailboxtransportsubmissioninternalproxy|+|Undefined;QueueLength=0
9|08DC6D0000000300|SMTP|mailboxtransportsubmissioninternalproxy|-|Messages: 0 Bytes: 0 (Retry : Service not active)
"""  # noqa: E501 - a row is a line


def write(folder: Path) -> None:
    """Write a hub's log, and a submission service's without header."""
    top = header("15.0.0.0", "Transport Connectivity Log", START, FIELDS)
    put(folder / "CONNECTLOG2024050607-1.LOG", [*top, *rows(START, HUB)])
    put(folder / "headerless.log", rows(START, SUBMISSION))
