"""An archive in, every member a source of its own, and a source for the archive itself."""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from logpipe import __version__
from logpipe.archives import (
    DEPTH,
    Budget,
    DocumentError,
    Member,
    Wrapping,
    bound_of,
    budget_of,
    look,
    open_container,
    unwrap,
    write_out,
)
from logpipe.errors import UnreadableError
from logpipe.ingest import duplicate_of, enter, ingest_file, source_number
from logpipe.ledger import ledger
from logpipe.model import Source
from logpipe.offers import Offer
from logpipe.overlap import find_twin
from logpipe.sqlfiles import sql_text
from logpipe.store import Connection, ask, scratch_folder, transaction
from logpipe.words import count_words

TOO_DEEP = f"an archive within {DEPTH} archives: not opened, unpack it and give the folder"
NAMED, FAULTS = 3, 5  # what a note names: members of one fault, faults


@dataclass(slots=True)
class _Unpacking:
    """An archive that is being read: where, for which run, and what came of it so far."""

    con: Connection
    run_id: int
    path: str
    depth: int
    budget: Budget
    sources: list[Source] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    members: int = 0
    faults: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))


def ingest_offer(
    con: Connection, offer: Offer, run_id: int, budget: Budget | None = None, depth: int = 0
) -> list[Source]:
    """Load one file, or every member of an archive and then the archive's own source.

    Whatever is wrong becomes the source's status and note. ``budget`` is what the file that was
    offered may still unpack to, ``depth`` how many archives this one lies in.
    """
    wrapping = _look(offer)
    if not wrapping.container:
        return [ingest_file(con, offer, run_id)]
    if depth >= DEPTH:
        return [ingest_file(con, replace(offer, fault=TOO_DEEP), run_id)]
    budget = budget or budget_of(offer.bytes)
    try:
        return _ingest_archive(_Unpacking(con, run_id, offer.shown, depth, budget), offer, wrapping)
    except OSError as error:
        fault = f"cannot be read: {error.strerror or error}"
        return [ingest_file(con, replace(offer, fault=fault), run_id)]


def _look(offer: Offer) -> Wrapping:
    """Return how a file is packed; one that cannot be opened is for ``ingest_file`` to name."""
    try:
        return Wrapping() if offer.fault else look(offer.path)
    except OSError:
        return Wrapping()


def _ingest_archive(work: _Unpacking, offer: Offer, wrapping: Wrapping) -> list[Source]:
    """Load the members of an archive that is not known already."""
    before = offer.path.stat()
    with offer.path.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    source = Source(
        0, work.path, work.run_id, sha256, before.st_size, wrapping.container, note=offer.lost
    )
    if twin := find_twin(work.con, sha256, work.path):
        if twin.path != work.path:
            return [_enter(work.con, duplicate_of(source, twin))]
        if not _worth_another_look(work.con, twin):
            return [replace(twin, status="known")]
    try:
        _unpack(work, offer.path, wrapping)
    except DocumentError as error:
        source = replace(source, status="unknown", format=None, note=str(error))
    except UnreadableError as error:
        source = replace(source, status="failed", note=str(error))
    except OSError as error:  # the disk is full, or the file's own cannot be read
        why = f"cannot be read: {error.strerror or error}"
        source = replace(source, status="failed", note=why)
    else:
        after = offer.path.stat()
        if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
            work.notes.append("lost: it changed while it was read, give it again when it is whole")
        source = _told(work, source)
    return [*work.sources, _enter(work.con, source)]


def _worth_another_look(con: Connection, known: Source) -> bool:
    """Return whether a newer logpipe may read members that an older one could not."""
    named = {"source_id": known.source_id, "prefix": f"{known.path}!", "version": __version__}
    return bool(ask(con, sql_text("load", "unread_members"), named))


def _enter(con: Connection, source: Source) -> Source:
    """Write an archive's source down, in the place of what an earlier look said of it."""
    with transaction(con):
        again = ask(
            con,
            "DELETE FROM source WHERE path = $path AND sha256 = $sha256 RETURNING source_id",
            {"path": source.path, "sha256": source.sha256},
        )
        number = int(again[0]["source_id"]) if again else source_number(con, source.path)
        source = enter(con, replace(source, source_id=number))
    ledger(con).note(source)
    return source


def _unpack(work: _Unpacking, path: Path, wrapping: Wrapping) -> None:
    """Load members one by one: each is in the scratch folder only while it is read."""
    with scratch_folder(work.con) as folder:
        scratch, lost = Path(folder), None
        if wrapping.streams:
            path, lost = unwrap(path, scratch, wrapping)
            work.budget.take(path.stat().st_size)
        kind, bound = str(wrapping.container), bound_of(path.stat().st_size)
        with open_container(path, kind, work.budget.left) as container:
            work.notes += filter(None, [lost, *container.notes])
            for number, member in enumerate(container.members):
                if not (work.budget.members and work.budget.left):
                    rest = len(container.members) - number
                    work.notes.append(
                        f"lost: {count_words(rest, 'member')} too much: refused as a bomb"
                    )
                    break
                _ingest_member(work, member, scratch / "member", bound)


def _ingest_member(work: _Unpacking, member: Member, target: Path, bound: int) -> None:
    work.members += 1
    work.budget.members -= 1
    fault, lost = member.fault, None
    if not fault:
        try:
            lost = write_out(member.blocks(), target, bound, work.budget)
        except UnreadableError as error:
            fault = str(error)
    if trouble := fault or lost:
        work.faults[trouble].append(member.name)
    size = 0 if fault else target.stat().st_size
    offer = Offer(target, size, fault, f"{work.path}!{member.name}", lost)
    work.sources += ingest_offer(work.con, offer, work.run_id, work.budget, work.depth + 1)
    target.unlink(missing_ok=True)


def _told(work: _Unpacking, source: Source) -> Source:
    """Say how many members there were, and which of them could not be handed on, and why."""
    lost = [*filter(None, [source.note]), *work.notes, *_fault_words(work)]
    count = count_words(work.members, "member")
    return replace(source, status="partial" if lost else "loaded", note="; ".join([count, *lost]))


def _fault_words(work: _Unpacking) -> Iterator[str]:
    for fault, names in list(work.faults.items())[:FAULTS]:
        more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
        yield f"{', '.join(names[:NAMED])}{more}: {fault}"
    if others := sum(map(len, list(work.faults.values())[FAULTS:])):
        yield f"{count_words(others, 'member')} more, see each of them"
