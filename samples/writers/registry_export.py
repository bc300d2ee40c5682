"""Registry of an invented gateway: .reg of both versions, and reg query of two systems."""

from pathlib import Path

from samples.writers._lines import put

ROOT = "HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet"
ZONE = f"{ROOT}\\Control\\TimeZoneInformation"
SMTP = f"{ROOT}\\Services\\SMTPSVC"
LIMIT = "ZombieDomainEntryThreshold"


def write(folder: Path) -> None:
    """Write the four forms."""
    put(folder / "smtpsvc.reg", _version5(), encoding="utf-16")
    text = (
        "REGEDIT4\n\n[HKEY_LOCAL_MACHINE\\SYSTEM\\ControlSet001\\Services\\SMTPSVC]\n"
        '"ImagePath"=hex(2):25,53,79,73,74,65,6d,52,6f,6f,74,25,5c,69,6e,65,74,\\\n'
        '  69,6e,66,6f,2e,65,78,65,00\n"DisplayName"="Dienst für Simple Mail Transfer"\n\n'
    )
    put(folder / "nt4.reg", text, encoding="cp1252")
    query = (
        f"\n! REG.EXE VERSION 3.0\n\n{ZONE}\n    Bias\tREG_DWORD\t0xffffffc4\n"
        "    StandardName\tREG_SZ\tW. Europe Standard Time\n"
        "    ActiveTimeBias\tREG_DWORD\t0xffffff88\n\n"
    )
    put(folder / "query-2003.txt", query)
    query = (
        f"\n{ROOT}\\Services\\SMTPSVC\n    (Default)    REG_SZ    (value not set)\n"
        "    DependOnService    REG_MULTI_SZ    IISADMIN\\0EventLog\n"
        "    ServiceSidType    REG_QWORD    0x1\n    Security    REG_BINARY    01001480\n\n"
        f"{SMTP}\\Queuing\n    {LIMIT}    REG_DWORD    0x3e8\n\n"
    )
    put(folder / "query-2008.txt", query)


def _version5() -> str:
    depend = "IISADMIN\0EventLog\0\0".encode("utf-16-le").hex(",")
    cut = depend.index(",", 60) + 1
    return (
        "Windows Registry Editor Version 5.00\n\n"
        f'[{ROOT}\\Services\\SMTPSVC]\n@="the service"\n"DisplayName"="Simple Mail \\"SMTP\\""\n'
        f'"DependOnService"=hex(7):{depend[:cut]}\\\n  {depend[cut:]}\n"Empty"=hex:\n'
        '"Started"=hex(b):e8,03,00,00,00,00,00,00\n\n'
        f'[{ROOT}\\Services\\SMTPSVC\\Queuing]\n"ZombieDomainEntryThreshold"=dword:000003e8\n\n'
        f'[{ZONE}]\n"Bias"=dword:ffffffc4\n"StandardName"="W. Europe Standard Time"\n'
        '"DaylightBias"=dword:ffffffc4\n"ActiveTimeBias"=dword:ffffff88\n'
        '"TimeZoneKeyName"="W. Europe Standard Time"\n\n'
        f'[{ROOT}\\Control\\ComputerName\\ComputerName]\n"ComputerName"="GW1"\n\n'
        f"; what a hotfix asks for\n[-{ROOT}\\Services\\Old]\n\n"
        f'[{ROOT}\\Services\\New]\n"Gone"=-\n\n'
    )
