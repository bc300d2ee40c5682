"""Exchange logs without a table of their own: agents, EWS (plain header first), cmdlets."""

from datetime import UTC, datetime
from pathlib import Path

from samples.writers._exchange import header, put, rows

START = datetime(2024, 5, 6, 7, 0, tzinfo=UTC)
AGENT = (
    "Timestamp,SessionId,LocalEndpoint,RemoteEndpoint,MessageId,P1FromAddress,Recipient,Agent,"
    "Event,Action,SmtpResponse,Reason"
)
AGENTS = """
0.1|08DC6D0000000001|192.0.2.1:25|203.0.113.9:40000|<a1@partner.example>|eve@partner.example|alice@corp.example|Content Filter Agent|OnEndOfData|RejectMessage|550 5.7.1 Message rejected|SclAtOrAboveRejectThreshold
0.2|08DC6D0000000002|192.0.2.1:25|203.0.113.9:40001|||alice@corp.example|Recipient Filter Agent|OnRcptCommand
"""  # noqa: E501 - a row is a line
EWS = "DateTime,RequestId,AuthenticatedUser,ServerHostName,SoapAction,HttpStatus,GenericInfo"
REQUESTS = """
0.1|5399c497|grace@corp.example|EX1|GetFolder|200|SKU=Unknown;App="a, b"
0.2|5399c498|grace@corp.example|EX1|GetItem|200|a|surplus
"""
QUEUE = "Timestamp,SequenceNumber,EventId,QueueIdentity,Status,MessageCount"
QUEUES = r"""
0|1|Snapshot|EX1\Submission|Ready|0
1|2|Snapshot|EX1\3|Retry|17
"""
BARE = "ProcessId,Name"


def write(folder: Path) -> None:
    """Write an agent log, an EWS log, a queue log, and one that has no times."""
    put(
        folder / "AgentLog20240506-1.LOG",
        [*header("15.0.0.0", "Agent Log", START, AGENT), *rows(START, AGENTS)],
    )
    put(
        folder / "Ews_2024050607-1.LOG",
        [EWS, *header("15.02.1544.004", "EWS Logs", START, EWS), *rows(START, REQUESTS)],
    )
    put(
        folder / "QueueLog20240506-1.LOG",
        [*header("15.02.1544.004", "Queue Log", START, QUEUE), *rows(START, QUEUES)],
    )
    put(
        folder / "processes.LOG",
        [
            *header("15.02.1544.004", "Process Log", START, BARE),
            "4711,EdgeTransport",
            '4712,"a, b"',
        ],
    )
