"""Versions, registry and system information as administrators collect them."""

from dataclasses import dataclass

from samples.generator.bundle import Bundle

INETSRV = "C:\\WINDOWS\\system32\\inetsrv"
EXCHANGE = "C:\\Program Files\\Exchsrvr\\bin"
KEY = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet"


@dataclass(frozen=True, slots=True)
class Library:
    """A program file and its version."""

    path: str
    version: str


def aqueue(build: int) -> Library:
    """Return the queue manager of Server 2003 in a build."""
    return Library(f"{INETSRV}\\aqueue.dll", f"6.0.3790.{build}")


def exchange_library(name: str, version: str) -> Library:
    """Return a library of Exchange 2003 in a version."""
    return Library(f"{EXCHANGE}\\{name}", version)


def write_versions(bundle: Bundle, path: str, host: str, libraries: list[Library]) -> None:
    """Write what wmic prints of them as CSV: UTF-16 and doubled carriage returns."""
    rows = [
        f"{host},512000,20070217060002.000000+060,{one.path.lower()},{one.version}"
        for one in libraries
    ]
    lines = ["", "Node,FileSize,LastModified,Name,Version", *rows]
    text = "".join(f"{line}\r\r\n" for line in lines)
    bundle.write(path, b"\xff\xfe" + text.encode("utf-16-le"), len(rows))


def write_registry(bundle: Bundle, path: str, host: str, threshold: int | None) -> None:
    """Write an export of the SMTP service's keys, with or without the value of KB 910932."""
    blocks = [
        f'[{KEY}\\Services\\SMTPSVC]\n"Start"=dword:00000002\n',
        f'[{KEY}\\Services\\SMTPSVC\\Queuing]\n"DelayedOpens"=dword:00000001\n',
        f'[{KEY}\\Control\\ComputerName\\ComputerName]\n"ComputerName"="{host}"\n',
    ]
    if threshold is not None:
        blocks[1] += f'"ZombieDomainEntryThreshold"=dword:{threshold:08x}\n'
    text = "Windows Registry Editor Version 5.00\n\n" + "\n".join(blocks) + "\n"
    values = text.count("=")
    data = b"\xff\xfe" + text.replace("\n", "\r\n").encode("utf-16-le")
    bundle.write(path, data, values)


def write_zone(bundle: Bundle, path: str, host: str) -> None:
    """Write an export of NT 4 with the zone of Central Europe, which no event log there tells."""
    text = (
        f'REGEDIT4\n\n[{KEY}\\Control\\TimeZoneInformation]\n"Bias"=dword:ffffffc4\n'
        '"StandardName"="W. Europe Standard Time"\n\n'
        f'[{KEY}\\Control\\ComputerName\\ComputerName]\n"ComputerName"="{host}"\n'
    )
    bundle.write(path, text.replace("\n", "\r\n").encode(), text.count("="))


def write_systeminfo(bundle: Bundle, path: str, host: str, pack: int) -> None:
    """Write systeminfo of a Server 2003 with a service pack."""
    fields = (
        ("Host Name", host),
        ("OS Name", "Microsoft(R) Windows(R) Server 2003, Standard Edition"),
        ("OS Version", f"5.2.3790 Service Pack {pack} Build 3790"),
        ("OS Manufacturer", "Microsoft Corporation"),
        ("OS Configuration", "Member Server"),
        ("System Type", "X86-based PC"),
        ("Time Zone", "(GMT+01:00) Amsterdam, Berlin, Bern, Rome"),
        ("Total Physical Memory", "1,023 MB"),
        ("Domain", "corp.example"),
    )
    lines = ["", *(f"{label + ':':<27}{value}" for label, value in fields), ""]
    bundle.write(path, "\r\n".join(lines).encode(), len(fields))


def write_services(bundle: Bundle, path: str, running: dict[str, str]) -> None:
    """Write what net start lists."""
    title = "These Windows services are started:"
    body = "".join(f"   {shown}\n" for shown in running.values())
    text = f"{title}\n\n{body}\nThe command completed successfully.\n\n"
    bundle.write(path, text.replace("\n", "\r\n").encode(), len(running))


def write_metabase(bundle: Bundle, path: str, retries: str) -> None:
    """Write the part of MetaBase.xml about the SMTP service; retry intervals are in minutes."""
    properties = {
        "ConnectionTimeout": "600",
        "SmtpLocalDelayExpireMinutes": "720",
        "SmtpLocalNDRExpireMinutes": "2880",
        "SmtpRemoteDelayExpireMinutes": "720",
        "SmtpRemoteNDRExpireMinutes": "2880",
        "SmtpRemoteProgressiveRetry": retries,
    }
    body = "".join(f'\t\t{name}="{value}"\r\n' for name, value in properties.items())
    text = (
        '<?xml version ="1.0"?>\r\n'
        '<configuration xmlns="urn:microsoft-catalog:XML_Metabase_V64_0">\r\n<MBProperty>\r\n'
        f'<IIsSmtpService\tLocation ="/LM/SmtpSvc"\r\n{body}\t>\r\n</IIsSmtpService>\r\n'
        "</MBProperty>\r\n</configuration>\r\n"
    )
    bundle.write(path, text.encode(), 1)  # a record is a key
