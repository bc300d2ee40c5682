"""Hotfixes of an invented gateway: wmic qfe in three shapes, and Get-HotFix."""

from pathlib import Path

from samples.writers._lines import put

FIXES = (  # id, description, installed on
    ("KB925902", "Security Update for Windows Server 2003 (KB925902)", "4/11/2007"),
    ("KB934709", "Hotfix for Windows Server 2003, all editions (KB934709)", "8/23/2007"),
    ("KB944653", "Update", "01c83ef42cf9f000"),
    ("Q147222", "", ""),
)


def write(folder: Path) -> None:
    """Write each shape."""
    names = (
        "Node,Caption,CSName,Description,FixComments,HotFixID,InstallDate,InstalledBy,"
        "InstalledOn,Name,ServicePackInEffect,Status"
    )
    rows = [f"GW1,,GW1,{text},,{fix},,admin,{on},,SP3," for fix, text, on in FIXES]
    text = "\n".join(["", names, *rows, ""])
    put(folder / "qfe.csv", text, encoding="utf-16", end="\r\r\n")
    table = ["Caption  CSName  Description  HotFixID  InstalledBy  InstalledOn  "]
    table += [f"{'':<8} GW1     Update       {fix:<9} admin        {on}" for fix, _, on in FIXES]
    put(folder / "qfe.txt", "\n".join([*table, ""]), encoding="utf-16", end="\r\r\n")
    blocks = "".join(
        f"\n\nCaption=\nCSName=GW1\nDescription={text}\nHotFixID={fix}\nInstalledOn={on}\n"
        for fix, text, on in FIXES
    )
    put(folder / "qfe-list.txt", blocks + "\n\n", encoding="utf-16", end="\r\r\n")
    get = ['"PSComputerName","InstalledOn","Description","HotFixID","InstalledBy"']
    get += [
        f'"GW1","{on} 12:00:00 AM","{text}","{fix}","CORP\\admin"' for fix, text, on in FIXES[:2]
    ]
    put(folder / "get-hotfix.csv", "\n".join([*get, ""]))
