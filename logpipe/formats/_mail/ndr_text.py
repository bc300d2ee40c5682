"""Reports without machine-readable fields: the prose of Exchange 5.x to Online, SMTPSVC, others.

Sources: KB 158399 and KB 284204 (Outlook's rendering), real reports of Exchange 5.5, 2007 and
Online, qmail, Postfix and sendmail. A recipient counts where the lines below it hold evidence in a
form no language changes (``#5.1.1``, ``MSEXCH:``, ``550 5.1.1``), or where an English sentence says
that a list of recipients follows.
"""

import re

from logpipe.formats._mail.dsn import Group

MOST_LINES = 4000
LONGEST = 1000  # characters of a line
MOST_REASON = 12  # lines below a recipient
ADDRESS = r"[^\s<>()\[\],;:\"']{1,64}@[^\s<>()\[\],;:\"']{1,255}"
# bob@partner.example on Thu, 29 Apr 2010 00:00:00 -0000     Joe User on 10/28/96 18:40:53 PM
WHO_ON = re.compile(
    r"^\s{0,40}(?P<who>\S.{0,320}?) (?:on|am|le|el|il|op) "
    r"(?P<when>(?:[^\W\d]{2,4}\.?, )?\d{1,2}[ /.-].{1,14}\d{2,4},? \d{1,2}:\d\d.{0,40})$"
)
# bob@partner.example      bob@partner.example<mailto:bob@partner.example>      <bob@x.example>
WHO = re.compile(rf"^\s{{0,40}}[<']?(?P<who>{ADDRESS})[>']?(?: ?<mailto:[^<>]*>)?:?$")
# <bob@x.example>: host mx.x.example said: 550 ...      <bob@x.example>... User unknown
WHO_SAID = re.compile(
    rf"^<(?P<who>{ADDRESS})>(?: \(expanded from.{{0,300}}\))?(?::|\.\.\.| )(?P<said>.*)"
)
EVIDENCE = (
    re.compile(r"MSEXCH:(?P<component>\w{1,30}):(?:[^:]{0,64}:){1,3}(?P<server>[\w.-]{1,255})"),
    re.compile(r"<(?P<server>[\w.-]{0,255}) ?#\s?\d\.\d{1,3}\.\d{1,3}"),
    re.compile(r"#\s?(?:\d{3} )?[245]\.\d{1,3}\.\d{1,3}"),
    re.compile(r"(?:^|['\" ])[245]\d\d[ -][245]\.\d{1,3}\.\d{1,3}"),
)
HEX = re.compile(r"\(([0-9A-F]{8})\)")  # (000C05A6) at the end of an MSEXCH line
HASHED_CODE = re.compile(r"#\s?(?:\d{3} )?(\d\.\d{1,3}\.\d{1,3})")
CODE = re.compile(r"(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?!\.?\d)")
LISTS = re.compile(  # a list of recipients follows, each counts
    r"did not reach the following recipient|recipient\(s\) (?:could|can)(?:not| not) be reached"
    r"|Delivery to the following recipients|qmail-send program|This is the mail system at host"
    r"|-- ?The following addresses had",
    re.IGNORECASE,
)
ENDS = re.compile(  # what follows is the message that came back
    r"^(?:Original message headers:|Original Message Follows|--- Below this line"
    r"|(?:Received|Message-ID|Return-Path):|\s*-+ ?(?:Transcript of session|Original message))",
    re.IGNORECASE,
)
SERVER = re.compile(
    r"(?:Generating server|Generierender Server|This is the mail system at host"
    r"|This is the qmail-send program at|Serveur de g.n.ration|Servidor de generaci.n"
    r"|Server di generazione)\s?:? ([\w.-]{1,255})",
    re.IGNORECASE,
)
DELAY = re.compile(
    r"has been delayed|THIS IS A WARNING|do not need to resend|no need to resend"
    r"|still being retried|will be retried",
    re.IGNORECASE,
)
# To:      bob@partner.example     Subject: Offer     Sent:    Thu, 29 Apr 2010 00:00:00 -0000
TOLD = re.compile(r"^[ \t]{0,8}(To|Subject|Sent):[ \t]+(\S.*)$", re.MULTILINE)


def find_recipients(text: str) -> list[Group]:
    """Return a group of fields for each recipient that a report's prose names."""
    lines = [line[:LONGEST].rstrip() for line in text.split("\n")[:MOST_LINES]]
    delayed = bool(DELAY.search(text[:4000]))
    found: list[tuple[Group, list[str], bool]] = []
    listed, gap = False, True
    for line in lines:
        if ENDS.match(line):
            break
        if LISTS.search(line):
            listed, gap = True, True
        elif match := WHO_ON.match(line) or WHO.match(line) or WHO_SAID.match(line):
            parts = match.groupdict()
            said = [parts["said"].strip()] if parts.get("said") else []
            group = {"final-recipient": parts["who"].strip("'\"")}
            if parts.get("when"):
                group["reported on"] = parts["when"]
            found.append((group, said, listed))
            gap = False
        elif line.strip() and found and not gap and len(found[-1][1]) < MOST_REASON:
            found[-1][1].append(line.strip())
        elif found and found[-1][1]:
            gap = True
    server = SERVER.search(text)
    return [
        _told(group, reason, "delayed" if delayed else "failed", server)
        for group, reason, counts in found
        if counts or any(form.search(line) for line in reason for form in EVIDENCE)
    ]


def _told(group: Group, reason: list[str], action: str, server: re.Match[str] | None) -> Group:
    """Complete a recipient's group with what the lines below it say."""
    text = " ".join(reason)
    group["action"] = action
    if text:
        group["diagnostic-code"] = text.removesuffix("##").strip(" #")
    if code := HASHED_CODE.search(text) or CODE.search(text):
        group["status"] = code.group(1)
    for form in EVIDENCE[:2]:
        if (match := form.search(text)) and match.group("server"):
            group["reporting-mta"] = match.group("server")
    if "reporting-mta" not in group and server:
        group["reporting-mta"] = server.group(1).rstrip(".")
    if "MSEXCH:" in text and (code := HEX.search(text)):
        group["mapi code"] = code.group(1)
    return group


def told_original(text: str) -> dict[str, list[str]]:
    """Return what a report's prose tells of the message that came back, as headers."""
    told: dict[str, list[str]] = {}
    before = LISTS.search(text)
    for name, value in TOLD.findall(text[: before.start() if before else 4000]):
        told.setdefault("date" if name == "Sent" else name.lower(), []).append(value.strip())
    return told
