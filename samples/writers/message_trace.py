"""Message traces of Exchange Online: summary and extended report, admin center, PowerShell, REST."""
# ruff: noqa: E501 - lines as they stand in the files

import json
from pathlib import Path

SUMMARY = """\
origin_timestamp_utc,sender_address,recipient_status,message_subject,total_bytes,message_id,\
network_message_id,original_client_ip,directionality,connector_id,delivery_priority
2024-05-06T07:00:01.1230000Z,Alice@corp.example,"bob@partner.example##Receive, Send;\
eve@other.example##Receive, Fail","Offer, ""final""
second line",20480,<t1@corp.example>,1341ac7b-13fb-42ab-4d44-08cf7f558901,192.0.2.10,2,To partners,Normal
2024-05-06T07:00:02.0000000Z,<>,"alice@corp.example##Receive, Deliver",Undeliverable: Offer,9000,\
<t2@corp.example>,1341ac7b-13fb-42ab-4d44-08cf7f558902,,1,,Normal
2024-05-06T07:00:03.0000000Z,carol@partner.example,"staff@corp.example##Receive, Expand",Lost "quote,100,\
<t3@partner.example>,1341ac7b-13fb-42ab-4d44-08cf7f558903,203.0.113.9,1,,Normal
2024-05-06T07:00:04.0000000Z,carol@partner.example,"alice@corp.example##Receive, Deliver",Hello,100,\
<t4@partner.example>,1341ac7b-13fb-42ab-4d44-08cf7f558904,203.0.113.9,1,,Normal
2024-05-06T07:00:05.0000000Z,carol@partner.example
"""
EXTENDED_NAMES = (
    "date_time_utc,client_ip,client_hostname,server_ip,server_hostname,source_context,connector_id,"
    "source,event_id,internal_message_id,message_id,network_message_id,recipient_address,"
    "recipient_status,total_bytes,recipient_count,related_recipient_address,reference,"
    "message_subject,sender_address,return_path,message_info,directionality,tenant_id,"
    "original_client_ip,original_server_ip,custom_data"
)
EXTENDED = """\
2024-05-06T08:00:00.100Z,203.0.113.9,mx.partner.example,192.0.2.1,NODE01.cloud.example,08DC;1,In,SMTP,\
RECEIVE,901,<x1@partner.example>,net-1,alice@corp.example;bob@corp.example,;,5000,2,,,Hi,\
carol@partner.example,carol@partner.example,0I:,Incoming,tenant-1,203.0.113.9,192.0.2.1,S:Priority=Normal
2024-05-06T08:00:01.200Z,,NODE01,,NODE02,,,STOREDRIVER,DELIVER,902,<x1@partner.example>,net-1,\
alice@corp.example,250 2.0.0 OK,5000,1,,,Hi,carol@partner.example,carol@partner.example,\
2024-05-06T08:00:00.100Z,Incoming,tenant-1,203.0.113.9,192.0.2.1,
2024-05-06T08:00:02.300Z,,NODE01,,NODE02,,,QUEUE,FAIL,902,<x1@partner.example>,net-1,bob@corp.example,\
550 4.4.7 QUEUE.Expired; message expired,5000,1,,<dsn@corp.example>,Hi,carol@partner.example,\
carol@partner.example,,Incoming,tenant-1,203.0.113.9,192.0.2.1,
"""
CENTER = """\
Date (UTC),Sender,Recipient,Subject,Status
5/6/2024 7:00:01 AM,alice@corp.example,bob@partner.example,Offer,Delivered
5/16/2024 7:00:02 PM,alice@corp.example,eve@other.example,Offer,Failed
5/16/2024 7:00:03 PM,alice@corp.example,staff@corp.example,Offer,Filtered as spam
"""


def trace(number: int, status: str, received: object) -> dict[str, object]:
    """One recipient as Get-MessageTraceV2 gives it."""
    return {
        "Organization": "corp.example",
        "MessageId": f"<j{number}@corp.example>",
        "Received": received,
        "SenderAddress": "alice@corp.example",
        "RecipientAddress": f"r{number}@partner.example",
        "Subject": f'Braces }},{{"{number}',
        "Status": status,
        "ToIP": None,
        "FromIP": "192.0.2.10",
        "Size": 15846 + number,
        "MessageTraceId": f"d7b67cd8-a69c-46e5-8816-08d740fa23{number:02}",
        "Index": number,
    }


def write(folder: Path) -> None:
    """Write the reports; the summary report has a broken quote and a row cut short."""
    (folder / "summary.csv").write_bytes(SUMMARY.replace("\n", "\r\n").encode("utf-16"))
    extended = f"{EXTENDED_NAMES}\n{EXTENDED}".replace("\n", "\r\n")
    (folder / "extended.csv").write_bytes(extended.encode("utf-8-sig"))
    (folder / "admin-center.csv").write_bytes(CENTER.encode())
    date = {"value": "/Date(1714978802000)/", "DateTime": "Monday, May 6, 2024 7:00:02 AM"}
    array = [
        trace(1, "Delivered", "2024-05-06T07:00:01.4237718"),
        trace(2, "Pending", date),
        trace(3, "GettingStatus", "/Date(1714978803000)/"),
    ]
    (folder / "powershell.json").write_bytes(json.dumps(array, indent=2).encode("utf-16"))
    rest = {"odata.metadata": "https://reports.cloud.example/$metadata", "value": array[:2]}
    (folder / "rest.json").write_text(json.dumps(rest), "utf-8", newline="\n")
    lines = [json.dumps(trace(number, "Delivered", "2024-05-06T07:01:01")) for number in (4, 5, 6)]
    lines[1] = lines[1][:80]
    (folder / "lines.json").write_text("\n".join(lines) + "\n", "utf-8", newline="\n")
