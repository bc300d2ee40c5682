"""IMAP4 and POP3 logs in the layouts of Exchange 2010 and of 2013 and later."""

from datetime import UTC, datetime
from pathlib import Path

from samples.writers._exchange import header, put, rows

LATER = (
    "dateTime,sessionId,seqNumber,sIp,cIp,user,duration,rqsize,rpsize,command,parameters,context,"
    "puid"
)
BACK_END = "dateTime,sessionId,seqNumber,sIp,cIp,user,duration,command,parameters,context"
OLDER = (
    "date-time,connector-id,session-id,sequence-number,local-endpoint,remote-endpoint,event,data,"
    "context"
)
START = datetime(2026, 10, 1, 8, 20, tzinfo=UTC)
IMAP4 = """
0.001|0000000000000001|0|192.0.2.1:993|192.0.2.70:50001||3|0|53|OpenSession|||
0.101|0000000000000001|1|192.0.2.1:993|192.0.2.70:50001||1|13|158|capability||R=OK|
0.201|0000000000000001|2|192.0.2.1:993|192.0.2.70:50001||1|17|21|login| *****|R="a2 NO LOGIN failed."|
0.301|0000000000000001|3|192.0.2.1:993|192.0.2.70:50001||0|0|0|CloseSession|||
60.001|0000000000000002|0|192.0.2.1:993|[2001:db8::70]:50002||4|0|53|OpenSession|||
60.2|0000000000000002|1|192.0.2.1:993|[2001:db8::70]:50002|frank|205|48|24|login|frank *****|R=OK;Msg="Proxy:EX1:1993:SSL;ProxySuccess"|
120|0000000000000002|2|192.0.2.1:993|[2001:db8::70]:50002|frank|42|30|45|fetch|1:10 (FLAGS ENVELOPE)|R="a4 NO The specified message set is invalid.";Rows=0|0003000012345678
"""  # noqa: E501 - a row is a line
POP3 = """
600.001|0|192.0.2.1:1995|192.0.2.1:26747||9|OpenSession||
600.101|1|192.0.2.1:1995|192.0.2.1:26747|grace|60|auth|PLAIN|R=OK
600.201|2|192.0.2.1:1995|192.0.2.1:26747|grace|12|retr|7|R="-ERR Gone.";ErrMsg=NotFound
600.301|3|192.0.2.1:1995|192.0.2.1:26747|grace|0|CloseSession||
"""
TALK = """
0.001|08CD000000000001|0|192.0.2.1:143|192.0.2.70:50001|+||
0.002|08CD000000000001|1|192.0.2.1:143|192.0.2.70:50001|>|* OK Exchange IMAP4 is ready.|
0.003|08CD000000000001|2|192.0.2.1:143|192.0.2.70:50001|<|a1 LOGIN "frank, the elder" *****|
0.004|08CD000000000001|3|192.0.2.1:143|192.0.2.70:50001|>|a1 NO LOGIN failed.|
0.005|08CD000000000001|4|192.0.2.1:143|192.0.2.70:50001|-||
60.001|08CD000000000002|0|192.0.2.1:110|192.0.2.71:50002|<|USER frank|
60.002|08CD000000000002|1|192.0.2.1:110|192.0.2.71:50002|>|+OK|
"""


def write(folder: Path) -> None:
    """Write a front end's IMAP4, a back end's POP3, an older log, and one without header."""
    put(
        folder / "IMAP420261001-1.LOG",
        [*header("15.02.1544.004", "IMAP4 Log", START, LATER), *rows(START, IMAP4)],
    )
    back_end = rows(START, POP3, before="0000000000000011|")
    put(folder / "POP3BE20261001-1.LOG", [f"#Fields: {BACK_END}", *back_end])
    older = START.replace(year=2010)
    put(folder / "IMAP420101001-1.LOG", [f"#Fields: {OLDER}", *rows(older, TALK, before="|")])
    put(folder / "headerless.log", rows(START.replace(year=2027), IMAP4))
