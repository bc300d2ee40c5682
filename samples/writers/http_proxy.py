"""HttpProxy logs: the plain CSV header above the preamble, and a field list that changes."""

from datetime import UTC, datetime
from pathlib import Path

from samples.writers._exchange import header, put, rows

FIELDS = (
    "DateTime,RequestId,Protocol,UrlHost,UrlStem,ProtocolAction,AuthenticationType,"
    "AuthenticatedUser,UserAgent,ClientIpAddress,ServerHostName,HttpStatus,BackEndStatus,ErrorCode,"
    "Method,ProxyAction,TargetServer,RequestBytes,ResponseBytes,TotalRequestTime,UrlQuery,"
    "GenericInfo,GenericErrors"
)
OLDER = (
    "DateTime,RequestId,Protocol,UrlStem,AuthenticatedUser,ClientIpAddress,ServerHostName,"
    "HttpStatus,BackEndStatus,Method,ProxyAction,TotalRequestTime"
)
START = datetime(2024, 5, 6, 7, 0, tzinfo=UTC)
REQUESTS = r"""
0.1|5e58f5e5-0001|Eas|mail.corp.example|/Microsoft-Server-ActiveSync/default.eas|Sync|Basic|CORP\frank|Apple-iPhone15C2/2107|203.0.113.70|EX1|200|200||POST|Proxy|ex1.corp.example|336|5278|19068|?Cmd=Sync&DeviceId=A1|BeginRequest=07:00;EndRequest=07:00;|
0.2|5e58f5e5-0002|Ews|mail.corp.example|/ews/exchange.asmx||NTLM|CORP\grace|OC "beta", 16|203.0.113.71|EX1|503|503|ServerNotFound|POST|Proxy|ex2.corp.example|900|0|30000.5||BeginRequest=07:00|WebException=timed out
0.3|5e58f5e5-0003|RpcHttp|mail.corp.example|/rpc||NTLM|||203.0.113.72|EX1|401|||GET|||||0|||
"""  # noqa: E501 - a row is a line
LATER = r"""
9.1|5e58f5e5-0004|Owa|/owa|CORP\grace|203.0.113.71|EX1|200|200|GET|Proxy|12
"""


def write(folder: Path) -> None:
    """Write one log of two field lists."""
    put(
        folder / "HttpProxy_2024050607-1.LOG",
        [
            FIELDS,
            *header("15.02.1544.004", "HttpProxy Logs", START, FIELDS),
            *rows(START, REQUESTS),
            f"#Fields: {OLDER}",
            *rows(START, LATER),
        ],
    )
