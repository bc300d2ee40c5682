"""HttpProxy logs of Exchange 2013 and later: one row per request through the client access service.

CSV under ``#Fields``; some builds write the field list as a plain CSV header above ``#Software``
too. One folder per protocol (Autodiscover, Eas, Ecp, Ews, Mapi, Oab, Owa, PowerShell, RpcHttp). No
reference is published; the layout was seen on real files of 15.01.2375.007, with 74 fields.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from logpipe.formats._text.exchange_csv import open_log, preamble
from logpipe.model import Format, Reading

COLUMNS = {
    "ts": ["datetime"],
    "session": ["requestid"],
    "protocol": ["protocol"],
    "target": ["urlstem"],
    "parameters": ["urlquery"],
    "user": ["authenticateduser"],
    "client": ["clientipaddress"],
    "host": ["serverhostname"],
    "server": ["targetserver"],
    "method": ["method"],
    "status": ["httpstatus"],
    "code": ["errorcode"],
    "errors": ["genericerrors"],
    "in": ["requestbytes"],
    "out": ["responsebytes"],
    "duration": ["totalrequesttime"],
}


def sniff(head: bytes) -> bool:
    """Return whether the log type says so, or, without one, the fields are a proxy's."""
    top = preamble(head)
    if top.log_type:
        return top.log_type == "httpproxy logs"
    return top.has("datetime", "requestid", "protocol", "urlstem", "backendstatus", "proxyaction")


@contextmanager
def read(path: Path, scratch: Path) -> Iterator[Reading]:
    """Give the file as lines, with one segment per field list."""
    log = open_log(path, scratch, COLUMNS, ["DateTime", "RequestId"])
    yield log.reading("http_proxy", log.segments)


FORMAT = Format(
    "http_proxy",
    "HttpProxy log, Exchange 2013 to Subscription Edition",
    table="client_event",
    generation="Exchange 2013 or later",
    sniff=sniff,
    read=read,
)
