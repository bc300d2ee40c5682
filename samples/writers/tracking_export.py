"""Get-MessageTrackingLog as CSV and as a list, and Exchange System Manager's XML."""

from pathlib import Path

CSV = """\
#TYPE Microsoft.Exchange.Management.TransportLogSearchTasks.MessageTrackingEvent
"PSComputerName","RunspaceId","Timestamp","ClientIp","ClientHostname","ServerIp","ServerHostname",\
"SourceContext","ConnectorId","Source","EventId","InternalMessageId","MessageId","Recipients",\
"RecipientStatus","TotalBytes","RecipientCount","RelatedRecipientAddress","Reference",\
"MessageSubject","Sender","ReturnPath","MessageInfo","MessageLatency","MessageLatencyType"
"ex1","r1","06.05.2024 09:00:01","192.0.2.10","PC1","192.0.2.1","EX1.corp.example",,"EX1\\Default",\
"SMTP","RECEIVE","77","<e1@corp.example>","System.String[]","System.String[]","4100","2",,,\
"Offer; ""last"" one","Alice@corp.example","alice@corp.example","0A: ",,"None"
"ex1","r1","06.05.2024 09:00:02",,"EX1",,"EX1",,,"STOREDRIVER","DELIVER","77","<e1@corp.example>",\
"bob@corp.example","System.String[]","4100","1",,"System.String[]","Offer","alice@corp.example",\
"alice@corp.example",,"00:00:01.1230000","EndToEnd"
"""
LIST = """\


RunspaceId              : 6f1f7c1a-0000-4000-8000-000000000001
Timestamp               : 5/6/2024 9:00:03 AM
ClientIp                :
ServerHostname          : EX1
Source                  : QUEUE
EventId                 : FAIL
MessageId               : <e2@corp.example>
Recipients              : {bob@partner.example, eve@partner.example}
RecipientStatus         : {550 4.4.7 QUEUE.Expired; message expired, 550 4.4.7
                          QUEUE.Expired; message expired}
TotalBytes              : 4100
RecipientCount          : 2
Reference               : {<dsn1@corp.example>}
MessageSubject          : A subject that is longer than the window of the shell is
                          wide
Sender                  : alice@corp.example

RunspaceId              : 6f1f7c1a-0000-4000-8000-000000000001
Timestamp               : 5/16/2024 2:00:04 PM
ServerHostname          : EX1
Source                  : ROUTING
EventId                 : EXPAND
MessageId               : <e3@corp.example>
Recipients              : {a@corp.example, b@corp.example, c@corp.example, d@corp.exampl
                          e...}
TotalBytes              : 100
RecipientCount          : 9
MessageSubject          : To all
Sender                  : staff@corp.example

RunspaceId              : 6f1f7c1a-0000-4000-8000-000000000001
ServerHostname          : EX1
EventId                 : SEND
"""
XML = """\
<TrackHistory xmlns="http://www.microsoft.com/schemas/MessageTracking">
  <Exchange_MessageTrackingEntry>
    <TimeLogged>2002-2-6 16:50:23</TimeLogged>
    <OriginationTime>2002-2-6 16:50:20</OriginationTime>
    <KeyID>\\\\mail01.corp.example\\MAIL01.log\\20020206.log,338</KeyID>
    <LinkedMessageID>c=us;a= ;p=corp;l=MAIL01-020206165023Z-1</LinkedMessageID>
    <MessageID>873E056A4FC076469C84B37F96E8751D8DF1@mail01.corp.example</MessageID>
    <SenderAddress>
      EX:/O=CORP/OU=FIRST ADMINISTRATIVE GROUP/CN=RECIPIENTS/CN=ALICE
    </SenderAddress>
    <ServerName>mail01.corp.example</ServerName>
    <EntryType>1027</EntryType>
    <RecipientCount>2</RecipientCount>
    <Priority>0</Priority>
    <Size>358</Size>
    <Recipients>
      <Recipient><RecipientAddress>bob@partner.example</RecipientAddress></Recipient>
      <Recipient><RecipientAddress>c=us;a= ;p=corp;o=site;s=Eve;</RecipientAddress></Recipient>
    </Recipients>
  </Exchange_MessageTrackingEntry>
  <Exchange_MessageTrackingEntry>
    <TimeLogged>2002-2-6 16:50:24</TimeLogged>
    <EntryType>1031
  </Exchange_MessageTrackingEntry>
  <Exchange_MessageTrackingEntry>
    <TimeLogged>2002-2-6 16:50:25</TimeLogged>
    <MessageID>873E056A4FC076469C84B37F96E8751D8DF1@mail01.corp.example</MessageID>
    <ServerName>mail01.corp.example</ServerName>
    <EntryType>1031</EntryType>
    <Subject>Offer &amp; more</Subject>
  </Exchange_MessageTrackingEntry>
</TrackHistory>
"""


def write(folder: Path) -> None:
    """Write the CSV of a German shell, the list of an American one, and the XML."""
    (folder / "german.csv").write_bytes(CSV.replace("\n", "\r\n").encode("utf-8-sig"))
    (folder / "list.txt").write_bytes(LIST.replace("\n", "\r\n").encode("utf-16"))
    (folder / "tracking-center.xml").write_bytes(XML.encode())
