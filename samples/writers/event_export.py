"""Event logs exported as XML by wevtutil and Event Viewer, as CSV, and as text."""
# ruff: noqa: E501 - lines as they stand in the files

from pathlib import Path

NAMESPACE = "http://schemas.microsoft.com/win/2004/08/events/event"


def event(number: int, payload: str, more: str = "", event_id: int = 7036) -> str:
    """One event of the Service Control Manager as wevtutil writes it: no line end inside."""
    return (
        f"<Event xmlns='{NAMESPACE}'><System><Provider Name='Service Control Manager' "
        "Guid='{555908d1-a6d7-4695-8e1e-26931d2012f4}' EventSourceName='Service Control Manager'/>"
        f"<EventID Qualifiers='16384'>{event_id}</EventID><Version>0</Version><Level>4</Level>"
        "<Task>0</Task><Opcode>0</Opcode><Keywords>0x8080000000000000</Keywords>"
        f"<TimeCreated SystemTime='2012-05-01T10:11:{number:02}.1234567Z'/>"
        f"<EventRecordID>{4000 + number}</EventRecordID><Correlation/>"
        "<Execution ProcessID='480' ThreadID='5012'/><Channel>System</Channel>"
        f"<Computer>EX1.corp.example</Computer><Security/></System>{payload}{more}</Event>"
    )


def strings(*values: str, binary: str = "") -> str:
    """Named strings and binary data."""
    data = "".join(f"<Data Name='param{n}'>{value}</Data>" for n, value in enumerate(values, 1))
    return f"<EventData>{data}{f'<Binary>{binary}</Binary>' if binary else ''}</EventData>"


STOPPED = "53004D00540050005300560043002F0031000000"
RENDERED = (
    "<RenderingInfo Culture='en-US'><Message>The SMTP service entered the stopped state.</Message>"
    "<Level>Information</Level></RenderingInfo>"
)
CLEARED = (
    "<UserData><LogFileCleared xmlns='http://manifests.microsoft.com/win/2004/08/windows/eventlog'>"
    "<SubjectUserName>alice</SubjectUserName></LogFileCleared></UserData>"
)
VIEWER = """\
Level,Date and Time,Source,Event ID,Task Category
Error,9/3/2007 7:00:15 AM,Service Control Manager,7031,None,"The SMTP service terminated unexpectedly.

It has done this 1 time(s). See ""help"", please."
Information,9/3/2007 7:00:16 AM,Service Control Manager,7036,None,The SMTP service entered the running state.
Warning,9/13/2007 6:00:17 PM,SMTPSVC,4000,None,"Message delivery to the host failed.
Information,9/13/2007 6:00:18 PM,EventLog,6013,None,The system uptime is 86400 seconds.
"""
WIN_EVENT = """\
"Message","Id","Version","Qualifiers","Level","Task","Opcode","Keywords","RecordId","ProviderName",\
"LogName","ProcessId","MachineName","UserId","TimeCreated","LevelDisplayName","Properties"
"Der Dienst wurde beendet.","7036","0","16384","4","0","0","-9187343239835811840","4001",\
"Service Control Manager","System","480","EX1.corp.example",,"01.05.2012 12:11:01","Informationen",\
"System.Collections.Generic.List`1[System.Diagnostics.Eventing.Reader.EventProperty]"
"""
TEXT = """\
Event[0]:
  Log Name: System
  Source: Service Control Manager
  Date: 2012-05-01T12:11:01.000
  Event ID: 7036
  Task: N/A
  Level: Information
  Opcode: N/A
  Keyword: Classic
  User: N/A
  User Name: N/A
  Computer: EX1.corp.example
  Description:
The SMTP service entered the stopped state.

Event[1]:
  Log Name: System
  Source: EventLog
  Date: 2012-05-01T12:12:01.000
  Level: Information
"""


def write(folder: Path) -> None:
    """Write the exports; each XML has an event that is damaged, and one without end."""
    good = [
        event(1, strings("SMTP", "stopped", binary=STOPPED)),
        event(
            2,
            "<EventData><Data>a</Data><Data></Data><Data>c &lt;1&gt;</Data></EventData>",
            RENDERED,
            1,
        ),
        event(3, CLEARED, RENDERED, 104),
        event(4, strings("a control \x07 and &#x1; character", ""), "", 7000),
    ]
    broken = event(5, strings("never <closed")), event(6, strings("cut"))[:-40]
    lines = "\r\n".join([*good, *broken, event(7, strings("good"))])
    (folder / "wevtutil.xml").write_bytes(lines.encode("utf-16"))
    viewer = (
        '<?xml version="1.0" encoding="utf-8" standalone="yes"?>\r\n<Events>'
        f"{event(8, strings('x'))}{good[0]}<Evnt>{event(9, strings('y'))[7:]}</Events>"
    )
    (folder / "viewer.xml").write_bytes(viewer.encode())
    (folder / "viewer.csv").write_bytes(VIEWER.replace("\n", "\r\n").encode("utf-8-sig"))
    (folder / "get-winevent.csv").write_bytes(WIN_EVENT.replace("\n", "\r\n").encode("cp1252"))
    (folder / "wevtutil.txt").write_bytes(TEXT.replace("\n", "\r\n").encode())
