"""Strangers' text as Markdown and Mermaid: what it says is read, what it tries does nothing."""

import re

from logpipe.report.text import clean, clip, fold

LONGEST, LONGEST_COMMAND = 600, 2000  # characters of one text
ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
ACTIVE = re.compile(r"[\\`*_\[\]{}|~^!]|[&<>]")  # what begins something inside a line
# what would be a list, a heading, a quote, a rule, a table or a command at the start of a line
LEADING = re.compile(r"(?:\d{1,9}(?=[.)])|(?=[#+=:/-]))")
# addresses that become links, names that are told, numbers that point to other tickets
BUSY = re.compile(
    r"@|#|\$|://|www\.|(?i:mailto|xmpp|tel|data|javascript):|:[\w+-]+:|[!%~&]\d|\b(?i:gh)-\d"
)
TIME = re.compile(r"(?:\d{4}-\d\d-\d\dT)?\d\d:\d\d:\d\d(?:\.\d+)?Z?")  # :37: in it is no picture
# a word between signs that belong to the sentence
WORD = re.compile(r"(\(*)(.*?)([,;.:)]*)", re.DOTALL)
TICKS = re.compile(r"`+")
DRAWN = re.compile(r"[^\w .,()/+-]|_{2,}")  # what has no meaning in a Mermaid diagram is kept


def marked(text: object, limit: int = LONGEST) -> str:
    """Return prose for inside a Markdown line: words that a site would act on stand as code."""
    words = clip(clean(fold(text)), limit).split(" ")
    said = " ".join(map(_word, words))
    return (
        LEADING.sub(lambda found: f"{found[0]}\\", said, count=1) if LEADING.match(said) else said
    )


def _word(text: str) -> str:
    """Return one word: as code where a site would act on it, but for the signs around it."""
    found = WORD.fullmatch(text)
    before, word, after = found.groups() if found else ("", text, "")
    if TIME.fullmatch(word) or not BUSY.search(text):
        return ACTIVE.sub(_still, text)
    return f"{before}{coded(word)}{after}"


def _still(found: re.Match[str]) -> str:
    return ENTITIES.get(found[0], f"\\{found[0]}")


def coded(text: object, limit: int = LONGEST) -> str:
    """Return text as a code span, for a table's cell too, fenced by more ticks than it holds."""
    words = clip(clean(fold(text)), limit).replace("|", "\\|")
    if not words:
        return ""
    fence = "`" * (1 + max((len(run) for run in TICKS.findall(words)), default=0))
    pad = " " if words[0] == "`" or words[-1] == "`" else ""
    return f"{fence}{pad}{words}{pad}{fence}"


def fenced(command: str, indent: str = "") -> list[str]:
    """Return a command as a block of its own, which can be copied as it stands; none: no line."""
    if not command:
        return []
    line = clip(clean(fold(command)), LONGEST_COMMAND)
    fence = "`" * max(3, 1 + max((len(run) for run in TICKS.findall(line)), default=0))
    return ["", *(f"{indent}{part}" for part in (fence, line, fence)), ""]


def drawn(text: object, limit: int = 60) -> str:
    """Return text as the label of a Mermaid diagram: letters, digits and a few harmless signs."""
    words = DRAWN.sub(" ", clean(fold(text)).replace("@", " at "))
    return clip(" ".join(words.split()), limit)
