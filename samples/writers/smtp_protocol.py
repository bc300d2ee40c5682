"""SMTP protocol logs: SmtpReceive of Exchange 2016 and 2010, SmtpSend, and one without header."""

from datetime import UTC, datetime
from pathlib import Path

from samples.writers._exchange import header, put, rows

FIELDS = (
    "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,"
    "context"
)
START = datetime(2024, 5, 6, 7, 0, tzinfo=UTC)
FRONT_END = r"EX1\Default Frontend EX1|"
TLS = (
    "TLS protocol SP_PROT_TLS1_2_SERVER negotiation succeeded using bulk encryption algorithm"
    " CALG_AES_256 with strength 256 bits"
)
QUEUED = "[InternalId=4711, Hostname=EX1.corp.example] 12345 bytes in 0.109, 109,173 KB/sec"
# two sessions that interleave; 7 is written twice, 6 of the second (the password) is missing
RECEIVE = f"""
0.1|08DC6D0000000001|0|192.0.2.1:25|203.0.113.9:40000|+||
0.1|08DC6D0000000001|1|192.0.2.1:25|203.0.113.9:40000|>|220 EX1.corp.example Microsoft ESMTP MAIL Service ready at Mon, 6 May 2024 09:00:00 +0200|
0.2|08DC6D0000000002|0|[2001:db8::1]:25|[2001:db8::70]:50100|+||
0.2|08DC6D0000000001|2|192.0.2.1:25|203.0.113.9:40000|<|EHLO mx.partner.example|
0.2|08DC6D0000000001|3|192.0.2.1:25|203.0.113.9:40000|>|250  EX1.corp.example Hello [203.0.113.9] SIZE 37748736 PIPELINING STARTTLS CHUNKING|
0.3|08DC6D0000000001|4|192.0.2.1:25|203.0.113.9:40000|<|STARTTLS|
0.3|08DC6D0000000001|5|192.0.2.1:25|203.0.113.9:40000|>|220 2.0.0 SMTP server ready|
0.4|08DC6D0000000001|6|192.0.2.1:25|203.0.113.9:40000|*| CN=EX1 CN=EX1 12DE EX1;EX1.corp.example|Sending certificate Subject Issuer name
0.5|08DC6D0000000001|7|192.0.2.1:25|203.0.113.9:40000|*||{TLS}
0.5|08DC6D0000000001|7|192.0.2.1:25|203.0.113.9:40000|*||{TLS}
0.6|08DC6D0000000001|8|192.0.2.1:25|203.0.113.9:40000|<|EHLO mx.partner.example|
0.6|08DC6D0000000001|9|192.0.2.1:25|203.0.113.9:40000|>|250  EX1.corp.example Hello [203.0.113.9] SIZE 37748736 PIPELINING CHUNKING|
0.7|08DC6D0000000001|10|192.0.2.1:25|203.0.113.9:40000|<|MAIL FROM:<Eve@partner.example> SIZE=12345|
0.7|08DC6D0000000001|11|192.0.2.1:25|203.0.113.9:40000|*|08DC6D0000000001;2024-05-06T07:00:00.100Z;1|receiving message
0.7|08DC6D0000000001|12|192.0.2.1:25|203.0.113.9:40000|<|RCPT TO:<alice@corp.example>|
0.7|08DC6D0000000001|13|192.0.2.1:25|203.0.113.9:40000|<|RCPT TO:<nobody@corp.example>|
0.7|08DC6D0000000001|14|192.0.2.1:25|203.0.113.9:40000|>|250 2.1.0 Sender OK|
0.8|08DC6D0000000001|15|192.0.2.1:25|203.0.113.9:40000|>|250 2.1.5 Recipient OK|
0.8|08DC6D0000000001|16|192.0.2.1:25|203.0.113.9:40000|>|550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup|
0.9|08DC6D0000000001|17|192.0.2.1:25|203.0.113.9:40000|<|BDAT 12345 LAST|
1.1|08DC6D0000000001|18|192.0.2.1:25|203.0.113.9:40000|>|250 2.6.0 <offer-1@partner.example> {QUEUED} Queued mail for delivery|
1.2|08DC6D0000000001|19|192.0.2.1:25|203.0.113.9:40000|<|QUIT|
1.2|08DC6D0000000001|20|192.0.2.1:25|203.0.113.9:40000|>|221 2.0.0 Service closing transmission channel|
1.2|08DC6D0000000001|21|192.0.2.1:25|203.0.113.9:40000|-||Local
2|08DC6D0000000002|1|[2001:db8::1]:25|[2001:db8::70]:50100|>|220 EX1.corp.example Microsoft ESMTP MAIL Service ready at Mon, 6 May 2024 09:00:00 +0200|
2.1|08DC6D0000000002|2|[2001:db8::1]:25|[2001:db8::70]:50100|<|EHLO [2001:db8::70]|
2.1|08DC6D0000000002|3|[2001:db8::1]:25|[2001:db8::70]:50100|>|250  EX1.corp.example Hello [2001:db8::70] AUTH NTLM LOGIN|
2.2|08DC6D0000000002|4|[2001:db8::1]:25|[2001:db8::70]:50100|<|AUTH LOGIN|
2.2|08DC6D0000000002|5|[2001:db8::1]:25|[2001:db8::70]:50100|>|334 <authentication response>|
2.4|08DC6D0000000002|7|[2001:db8::1]:25|[2001:db8::70]:50100|*||Inbound AUTH LOGIN failed because of LogonDenied
2.4|08DC6D0000000002|8|[2001:db8::1]:25|[2001:db8::70]:50100|>|535 5.7.3 Authentication unsuccessful|
2.5|08DC6D0000000002|9|[2001:db8::1]:25|[2001:db8::70]:50100|-||Remote(SocketError)
"""  # noqa: E501 - a row is a line
# 2010: one row per line of an EHLO reply
OLDER = r"""
0.1|08CD000000000001|0|192.0.2.2:25|192.0.2.70:50001|+||
0.1|08CD000000000001|1|192.0.2.2:25|192.0.2.70:50001|*|SMTPSubmit SMTPAcceptAnySender|Set Session Permissions
0.2|08CD000000000001|2|192.0.2.2:25|192.0.2.70:50001|>|220 HUB1.corp.example Microsoft ESMTP MAIL Service ready|
0.2|08CD000000000001|3|192.0.2.2:25|192.0.2.70:50001|<|HELO app1|
0.2|08CD000000000001|4|192.0.2.2:25|192.0.2.70:50001|>|250-HUB1.corp.example Hello [192.0.2.70]|
0.2|08CD000000000001|5|192.0.2.2:25|192.0.2.70:50001|>|250-SIZE 10485760|
0.2|08CD000000000001|6|192.0.2.2:25|192.0.2.70:50001|>|250 XRDST|
0.3|08CD000000000001|7|192.0.2.2:25|192.0.2.70:50001|<|mail from: app@corp.example|
0.3|08CD000000000001|8|192.0.2.2:25|192.0.2.70:50001|>|452 4.3.1 Insufficient system resources|
"""  # noqa: E501 - a row is a line
# rows of a session that stand in another order than they were written
SEND = r"""
10|08DC6D0000000100|0||203.0.113.25:25|*||attempting to connect
10.2|08DC6D0000000100|2|192.0.2.1:41000|203.0.113.25:25|<|220 mx.partner.example ESMTP|
10.1|08DC6D0000000100|1|192.0.2.1:41000|203.0.113.25:25|+||
10.2|08DC6D0000000100|3|192.0.2.1:41000|203.0.113.25:25|>|EHLO EX1.corp.example|
10.2|08DC6D0000000100|4|192.0.2.1:41000|203.0.113.25:25|<|250  mx.partner.example PIPELINING SIZE 10240000|
10.3|08DC6D0000000100|5|192.0.2.1:41000|203.0.113.25:25|*|77|sending message with RecordId 77 and InternetMessageId <offer-2@corp.example>
10.3|08DC6D0000000100|6|192.0.2.1:41000|203.0.113.25:25|>|MAIL FROM:<alice@corp.example> SIZE=2048|
10.3|08DC6D0000000100|7|192.0.2.1:41000|203.0.113.25:25|>|RCPT TO:<bob@partner.example>|
10.3|08DC6D0000000100|8|192.0.2.1:41000|203.0.113.25:25|>|RCPT TO:<full@partner.example>|
10.4|08DC6D0000000100|9|192.0.2.1:41000|203.0.113.25:25|<|250 2.1.0 Ok|
10.4|08DC6D0000000100|10|192.0.2.1:41000|203.0.113.25:25|<|250 2.1.5 Ok|
10.4|08DC6D0000000100|11|192.0.2.1:41000|203.0.113.25:25|<|452 4.2.2 The mailbox is full, try later|
10.5|08DC6D0000000100|12|192.0.2.1:41000|203.0.113.25:25|>|DATA|
10.5|08DC6D0000000100|13|192.0.2.1:41000|203.0.113.25:25|<|354 End data with <CR><LF>.<CR><LF>|
10.6|08DC6D0000000100|14|192.0.2.1:41000|203.0.113.25:25|<|250 2.0.0 Ok: queued as 4ABC|
10.7|08DC6D0000000100|15|192.0.2.1:41000|203.0.113.25:25|>|QUIT|
10.7|08DC6D0000000100|16|192.0.2.1:41000|203.0.113.25:25|<|221 2.0.0 Bye|
10.7|08DC6D0000000100|17|192.0.2.1:41000|203.0.113.25:25|-||Local
11|08DC6D0000000101|0|192.0.2.1:41001|192.0.2.3:2525|<|220 EX2.corp.example Microsoft ESMTP MAIL Service ready|
11|08DC6D0000000101|1|192.0.2.1:41001|192.0.2.3:2525|>|MAIL FROM:<> SIZE=900|
11|08DC6D0000000101|2|192.0.2.1:41001|192.0.2.3:2525|<|250 2.1.0 Sender OK|
11|08DC6D0000000101|3|192.0.2.1:41001|192.0.2.3:2525|>|RCPT TO:<carol@corp.example>|
11|08DC6D0000000101|4|192.0.2.1:41001|192.0.2.3:2525|<|250 2.1.5 Recipient OK|
11|08DC6D0000000101|5|192.0.2.1:41001|192.0.2.3:2525|>|BDAT 900 LAST|
11.2|08DC6D0000000101|6|192.0.2.1:41001|192.0.2.3:2525|<|250 2.6.0 <dsn-1@corp.example> [InternalId=9, Hostname=EX2.corp.example] Queued mail for delivery|
"""  # noqa: E501 - a row is a line


def write(folder: Path) -> None:
    """Write a 2016 receive log, one of 2010, a send log, and rows cut off from their header."""
    receive, send = rows(START, RECEIVE, before=FRONT_END), rows(START, SEND, before="To Internet|")
    put(
        folder / "EX1" / "RECV2024050607-1.LOG",
        [*header("15.0.0.0", "SMTP Receive Protocol Log", START, FIELDS), *receive],
    )
    put(
        folder / "EX1" / "SEND2024050607-1.LOG",
        [*header("15.0.0.0", "SMTP Send Protocol Log", START, FIELDS), *send],
    )
    older, later = START.replace(year=2010), SEND.replace("08DC6D", "08DD8C")
    put(
        folder / "HUB1" / "RECV20100506-1.LOG",
        [
            *header("14.0.0.0", "SMTP Receive Protocol Log", older, FIELDS),
            *rows(older, OLDER, before=r"HUB1\Default HUB1|"),
        ],
    )
    put(
        folder / "EX1" / "headerless.log",
        rows(START.replace(year=2025), later, before="To Internet|"),
    )
