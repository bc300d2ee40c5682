"""Get-Queue and Get-Message: CSV, list and table."""
# ruff: noqa: E501 - lines as they stand in the files

from pathlib import Path

QUEUES = """\
#TYPE Microsoft.Exchange.Data.QueueViewer.ExtensibleQueueInfo
"RunspaceId","DeliveryType","NextHopDomain","NextHopConnector","Status","MessageCount","LastError",\
"RetryCount","LastRetryTime","NextRetryTime","FirstRetryTime","DeferredMessageCount","Identity"
"r1","DnsConnectorDelivery","Partner.example","c7","Retry","112","451 4.4.0 Primary target IP address \
responded with: ""421 4.4.1
Connection timed out."" Retried.","7","9/12/2007 8:00:00 AM","9/12/2007 8:10:00 AM","9/12/2007 7:00:00 AM","0",\
"HUB1\\17"
"r1","Undefined","Submission","c0","Ready","0",,"0",,,,"0","HUB1\\Submission"
"r1","MapiDelivery","db1","c1","Ready","many",,"0","yesterday",,,"0","HUB1\\3"
"""
MESSAGES = """\
RunspaceId        : r1
Subject           : Offer
InternetMessageId : <q1@corp.example>
FromAddress       : Alice@corp.example
Status            : Retry
Size              : 3.5 KB (3,584 bytes)
MessageSourceName : SMTP:Default HUB1
SourceIP          : 192.0.2.10
SCL               : -1
DateReceived      : 9/12/2007 6:59:58 AM
ExpirationTime    : 9/14/2007 6:59:58 AM
LastError         : 400 4.4.7 Message delayed
RetryCount        : 7
Queue             : HUB1\\17
Recipients        : {bob@partner.example}
Identity          : HUB1\\17\\3298534883329

RunspaceId        : r1
Subject           :
InternetMessageId : <q2@corp.example>
FromAddress       : <>
Status            : Ready
Size              : 1 KB (1,024 bytes)
DateReceived      : 9/13/2007 6:59:58 AM
Queue             : HUB1\\17
Recipients        : {a@partner.example, b@partner.example}
Identity          : HUB1\\17\\3298534883330

"""
TABLE = """\

Identity            DeliveryType       Status MessageCount NextHopDomain
--------            ------------       ------ ------------ -------------
HUB2\\4              DnsConnectorDel... Retry            3 other.example
HUB2\\Submission     Undefined          Ready     12345678 Submission
ERROR


"""


def write(folder: Path) -> None:
    """Write one file of each shape; values of the wrong kind and a stray line are among them."""
    (folder / "queues.csv").write_bytes(QUEUES.replace("\n", "\r\n").encode())
    (folder / "messages.txt").write_bytes(MESSAGES.replace("\n", "\r\n").encode("utf-16"))
    (folder / "table.txt").write_bytes(TABLE.replace("\n", "\r\n").encode())
