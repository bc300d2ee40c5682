"""Versions of the mail files of an invented gateway: Export-Csv, and wmic in three shapes."""

from pathlib import Path

from samples.writers._lines import put

INETSRV = "C:\\WINDOWS\\system32\\inetsrv"
FILES = (  # name, fourth number, branch, size, written
    ("aqueue.dll", 3959, "srv03_sp2_rtm.070216-1710", 501_760, "20070217060002.000000+060"),
    ("smtpsvc.dll", 4094, "srv03_sp2_qfe.070606-1501", 468_992, "20070606183200.250000+120"),
)


def write(folder: Path) -> None:
    """Write the two collections that formats.md names, and wmic's other shapes."""
    names = (
        "FileName FileMajorPart FileMinorPart FileBuildPart FilePrivatePart FileVersion Language"
    )
    rows = [
        ",".join(
            f'"{value}"'
            for value in (
                f"{INETSRV}\\{name}", 6, 0, 3790, private, f"6.0.3790.{private} ({branch})",
                "English (United States)",
            )
        )
        for name, private, branch, _, _ in FILES
    ]  # fmt: skip
    header = ",".join(f'"{name}"' for name in names.split())
    kind = "#TYPE System.Diagnostics.FileVersionInfo"
    put(folder / "fv.csv", "\n".join([kind, header, *rows, ""]))
    wmic = [
        f"GW1,{size},{written},{INETSRV.lower()}\\{name},6.0.3790.{private}"
        for name, private, _, size, written in FILES
    ]
    text = "\n".join(["", "Node,FileSize,LastModified,Name,Version", *wmic, ""])
    put(folder / "wmic.csv", text, encoding="utf-16", end="\r\r\n")
    table = [f"{'FileSize':<10}{'Name':<43}Version"]
    table += [
        f"{size:<10}{INETSRV.lower() + chr(92) + name:<43}6.0.3790.{private}"
        for name, private, _, size, _ in FILES
    ]
    put(folder / "wmic.txt", "\n".join([*table, ""]), encoding="utf-16", end="\r\r\n")
    blocks = "".join(
        f"\n\nFileSize={size}\nName={INETSRV.lower()}\\{name}\nVersion=6.0.3790.{private}\n"
        for name, private, _, size, _ in FILES
    )
    put(folder / "wmic-list.txt", blocks + "\n\n", encoding="utf-16", end="\r\r\n")
