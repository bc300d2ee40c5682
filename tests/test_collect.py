"""Scripts that collect: what they write is what logpipe reads, and they change nothing."""

import json
import re
import shutil
import subprocess
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from logpipe.cli import app
from logpipe.cli.beginning import Product
from logpipe.collect import commands, file_name, products, script

SAMPLES = Path(__file__).parents[1] / "samples"
INPUTS = SAMPLES / "inputs"
BATCH = [name for name, told in products().items() if told["shell"] == "batch"]
POWERSHELL = [name for name, told in products().items() if told["shell"] == "powershell"]
# what a script writes, by name, and a file of the kind that the command behind it makes
WRITTEN = {
    "collected.txt": INPUTS / "collect_note/batch.txt",
    "adsutil*.txt": INPUTS / "metabase/adsutil.txt",
    "aqueue.csv": INPUTS / "file_version/wmic.csv",
    "exmime.csv": INPUTS / "file_version/wmic.csv",
    "imap4fe.csv": INPUTS / "file_version/wmic.csv",
    "versions.csv": INPUTS / "file_version/fv.csv",
    "qfe.csv": INPUTS / "hotfix_list/qfe.csv",
    "hotfixes.csv": INPUTS / "hotfix_list/get-hotfix.csv",
    "queue-[cw].txt": INPUTS / "folder_listing/dir-tc-en.txt",
    "badmail-c.txt": INPUTS / "folder_listing/dir-de.txt",
    "queue.csv": INPUTS / "folder_listing/queue.csv",
    "badmail.csv": INPUTS / "folder_listing/queue.csv",
    "queues.csv": INPUTS / "queue_export/queues.csv",
    "messages.csv": INPUTS / "queue_export/messages.txt",
    "systeminfo.csv": INPUTS / "systeminfo/systeminfo.csv",
    "tasklist.csv": INPUTS / "tasklist/tasklist-svc.csv",
    "services.txt": INPUTS / "service_list/sc.txt",
    "smtpsvc.reg": INPUTS / "registry_export/smtpsvc.reg",
    "*.reg": INPUTS / "registry_export/nt4.reg",
    "w32tm.txt": INPUTS / "w32tm/dataonly.txt",
    "basename).csv": INPUTS / "pdh_csv/typeperf.csv",
    "now.csv": INPUTS / "pdh_csv/typeperf.csv",
    "system.evtx": SAMPLES / "healthy/EX16/System.evtx",
    "application.evtx": SAMPLES / "healthy/EX16/System.evtx",
    "???event.evt": SAMPLES / "gateway2003/SysEvent.Evt",
}
# what a script copies as it is, which the readers' own tests are about; and what it removes again
COPIED = {".log", ".bdr", ".blg", ".tsv"}
OWN = {"wanted.txt", "perf.csv", "security.evtx"}
FORBIDDEN = """
    stop-service|restart-|start-service|iisreset|reg add|reg delete|reg import|regedit /s|ftp
    net stop|net start s|net use|netsh|sc stop|set-itemproperty|set-transport|set-mailbox|http:
    https:|invoke-webrequest|shutdown|taskkill|stop-process|resume-|retry-queue|remove-message
    suspend-|clear-eventlog|wevtutil cl|invoke-expression
"""
REMOVED = re.compile(
    r"""(?:"%out%\S*"|"%vbs%"|[\w%-]+\.(?:csv|txt|reg)"""
    r"""|'(?:step\.cmd|\w+\.(?:txt|csv))'|\$file)[;)]*"""
)


def text_of(product: str) -> str:
    return script(product, 14).decode("ascii").replace("\r\n", "\n")


def code_of(product: str) -> str:
    """A script without its comments."""
    lines = text_of(product).splitlines()
    return "\n".join(line for line in lines if not re.match(r"\s*(?:rem |#)", line))


def written_by(product: str) -> set[str]:
    """The names of files that a script mentions, where they are no programme of the host."""
    names = re.findall(
        r"[\w%$()-]+\.(?:csv|txt|reg|evtx?|tsv|blg)\b(?!\*)", code_of(product), re.IGNORECASE
    )
    return {name.lower().replace("%%n", "1") for name in names} - OWN


def test_every_product_can_be_asked_for() -> None:
    assert [one.value for one in Product] == list(products())
    assert all(set(told) == {"title", "shell", "windows", "exchange", "relay"}
               for told in products().values())  # fmt: skip


@pytest.mark.parametrize("product", products())
def test_a_script_is_plain_text_with_the_line_ends_of_windows(product: str) -> None:
    text = script(product, 30)
    assert text.isascii()
    assert b"\t" not in text
    assert text.count(b"\n") == text.count(b"\r\n") == text.count(b"\r")
    assert b"30" in text.splitlines()[1 if text.startswith(b"@") else 0]
    assert "{{" not in text.decode()
    assert "{%" not in text.decode()


@pytest.mark.parametrize("product", products())
def test_a_script_changes_nothing_and_sends_nothing(product: str) -> None:
    code = code_of(product).lower()
    assert [word for word in re.split(r"\||\n *", FORBIDDEN.strip()) if word in code] == []
    for line in code.splitlines():
        for removed in re.findall(r"\b(?:del|rd|remove-item) +(\S+)", line):
            assert REMOVED.fullmatch(removed), line


@pytest.mark.parametrize(
    "product",
    ["relay2000", "relay2003", "relay2016", "exchange5", "exchange2003", "exchange2007",
     "exchange2016"],
)  # fmt: skip
def test_what_a_script_writes_is_known_to_a_reader(product: str, tmp_path: Path) -> None:
    written = written_by(product)
    assert len(written) > 6, written
    bundle = tmp_path / "logpipe-GW1"
    bundle.mkdir()
    for name in written:
        sample = next((path for pattern, path in WRITTEN.items() if fnmatch(name, pattern)), None)
        assert sample or Path(name).suffix in COPIED, f"{name}: no sample of its kind"
        if sample:
            shutil.copy(sample, bundle / name.replace("*", "x"))
    result = CliRunner().invoke(app, ["identify", str(bundle), "-f", "json"])
    assert result.exit_code == 0, result.output
    found = {Path(one["path"]).name: one["format"] for one in json.loads(result.output)}
    assert found
    assert all(found.values()), found


@pytest.mark.parametrize("product", BATCH)
def test_every_jump_of_a_batch_file_has_its_label(product: str) -> None:
    code = code_of(product)
    labels = set(re.findall(r"^:(\w+)", code, re.MULTILINE))
    jumps = set(re.findall(r"(?:goto |call :)(\w+)", code))
    assert jumps <= labels
    assert labels <= jumps
    assert code.rstrip().endswith(":end")


@pytest.mark.parametrize("product", BATCH)
def test_the_helper_that_a_batch_file_cuts_out_of_itself_is_vbscript_and_nothing_else(
    product: str,
) -> None:
    helper = [line for line in text_of(product).splitlines() if "'~" in line]
    assert all(line.endswith(" '~") for line in helper)
    assert helper[0].startswith("verb = ")
    whole = "\n".join(line.removesuffix(" '~") for line in helper)
    for opened, closed in (("For Each ", "Next"), ("Sub ", "End Sub")):
        starts = re.findall(rf"^ *{opened}", whole, re.MULTILINE)
        ends = re.findall(rf"^ *{closed}$", whole, re.MULTILINE)
        assert len(starts) + (opened == "For Each ") == len(ends)
    own = set(re.findall(r"(?:For Each|Set|Sub) (\w+)|^ *(\w+) = ", whole, re.MULTILINE))
    assert not {name.lower() for pair in own for name in pair} & {"log", "len", "now", "mid"}
    used = set(re.findall(r'"%VBS%" (\w+)', text_of(product)))
    assert used <= set(re.findall(r'verb = "(\w+)"', whole))


@pytest.mark.parametrize("product", products())
def test_a_script_parses(product: str) -> None:
    tree_sitter = pytest.importorskip("tree_sitter")
    name = "batch" if product in BATCH else "powershell"
    grammar = pytest.importorskip(f"tree_sitter_{name}")
    parser = tree_sitter.Parser(tree_sitter.Language(grammar.language()))
    lines = script(product, 14).splitlines(keepends=True)
    tree = parser.parse(b"".join(line for line in lines if not line.endswith(b"'~\r\n")))
    odd = [node for node in walk(tree.root_node) if node.is_error or node.is_missing]
    assert [(node.start_point.row + 1, node.text.decode()[:80]) for node in odd] == []


def walk(node: Any) -> list[Any]:
    return [node, *(one for child in node.children for one in walk(child))]


@pytest.mark.parametrize("product", POWERSHELL)
def test_powershell_itself_finds_no_fault_in_a_script(product: str, tmp_path: Path) -> None:
    pwsh = shutil.which("pwsh")
    if pwsh is None:
        pytest.skip("pwsh is not here")
    path = tmp_path / "script.ps1"
    path.write_bytes(script(product, 14))
    ask = (
        "$e = $null; $null = [Management.Automation.Language.Parser]::ParseFile("
        f"'{path}', [ref]$null, [ref]$e); $e.Message"
    )
    done = subprocess.run(  # noqa: S603
        [pwsh, "-NoProfile", "-Command", ask],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.strip() == ""


@pytest.mark.parametrize("product", POWERSHELL)
def test_a_powershell_script_runs_where_powershell_is_old(product: str) -> None:
    code = code_of(product)
    for later in ("try {", "catch", "-File ", "Compress-Archive", "[pscustomobject]", " -in ",
                  "Get-CimInstance", "::new(", "Get-WinEvent", "[ordered]"):  # fmt: skip
        assert later not in code


def test_commands_that_a_report_asks_for_are_those_of_the_scripts() -> None:
    known, text = commands(), text_of("relay2003")
    for name in ("systeminfo", "services", "smtpsvc-registry", "time-zone", "system-log"):
        assert known[name] in text


def test_the_folder_of_exchange_2007_is_asked_of_the_registry() -> None:
    assert r"HKLM:\SOFTWARE\Microsoft\$key\Setup" in text_of("exchange2007")


def test_a_script_is_written_with_its_line_ends_and_not_over_another_file(tmp_path: Path) -> None:
    told = ["collect", "--for", "relay2003", "--days", "7", "--out", str(tmp_path)]
    assert CliRunner().invoke(app, told).exit_code == 0
    path = tmp_path / file_name("relay2003")
    assert path.read_bytes() == script("relay2003", 7)
    assert "--force overwrites it" in str(CliRunner().invoke(app, told).exception)
    assert CliRunner().invoke(app, [*told, "--force"]).exit_code == 0
    printed = CliRunner().invoke(app, told[:5])
    assert printed.stdout_bytes == script("relay2003", 7)


def test_a_number_of_days_that_is_none_is_told() -> None:
    result = CliRunner().invoke(app, ["collect", "--for", "relay2003", "--days", "0"])
    assert "choose 1 to" in str(result.exception)
