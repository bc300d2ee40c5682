"""Metabase of an invented gateway: the XML, and what adsutil prints."""

from pathlib import Path

from samples.writers._lines import put

XML = """\
<?xml version ="1.0"?>
<configuration xmlns="urn:microsoft-catalog:XML_Metabase_V64_0">
<MBProperty>
<IIsSmtpService\tLocation ="/LM/SmtpSvc"
\t\tConnectionTimeout="600"
\t\tSmtpLocalDelayExpireMinutes="720"
\t\tSmtpRemoteNDRExpireMinutes="2880"
\t\tSmtpRemoteProgressiveRetry="15,30,60,240"
\t>
\t<Custom
\t\tName="UnknownName_61537"
\t\tID="61537"
\t\tValue="0"
\t\tType="DWORD"
\t\tUserType="IIS_MD_UT_SERVER"
\t\tAttributes="NO_ATTRIBUTES"
\t/>
</IIsSmtpService>
<IIsSmtpServer\tLocation ="/LM/SmtpSvc/1"
\t\tServerAutoStart="TRUE"
\t\tServerBindings=":25:
\t\t\t192.0.2.1:2525:"
\t\tServerComment="Gateway &lt;out&gt;"
\t>
</IIsSmtpServer>
<IIsSmtpDomain\tLocation ="/LM/SmtpSvc/1/Domain"
\t>
</IIsSmtpDomain>
</MBProperty>
</configuration>
"""
ADSUTIL = """\
Microsoft (R) Windows Script Host Version 5.6
Copyright (C) Microsoft Corporation 1996-2001. All rights reserved.

KeyType                         : (STRING) "IIsSmtpServer"
ServerState                     : (INTEGER) 2
ServerAutoStart                 : (BOOLEAN) True
ServerBindings                  : (LIST) (2 Items)
  ":25:"
  "192.0.2.1:2525:"

SmtpRemoteProgressiveRetry      : (STRING) "15,30,60,240"
[/SMTPSVC/1/Domain]
[/SMTPSVC/1/Info]
"""


def write(folder: Path) -> None:
    """Write both forms."""
    put(folder / "MetaBase.xml", XML)
    put(folder / "adsutil.txt", ADSUTIL)
