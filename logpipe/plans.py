"""Load SQL for small batches: planned once for each shape of batch, executed for each file.

Nearly all that a small file costs is the planning of its load SQL. DuckDB plans a statement that
scans a table, a view or a file anew each time. It keeps the plan of a prepared one whose rows come
out of parameters, where each parameter stands once and has one type; for a parameter that is not
given it takes the session's variable of that name. So the relations are put in variables.
"""

from collections.abc import Iterable
from typing import NamedTuple
from weakref import WeakKeyDictionary

from logpipe.store import Connection

SMALL = 1 << 20  # bytes of a batch; in a larger one planning weighs little
# which statements a connection has prepared, and under which names
_PREPARED: WeakKeyDictionary[Connection, dict[tuple[str, ...], str]] = WeakKeyDictionary()


class Plan(NamedTuple):
    """A statement on ``{rows}`` of a load SQL; of one shape it is prepared once a connection."""

    shape: tuple[str, ...]
    sql: str
    relations: tuple[str, ...]
    load: str


def give_rows(con: Connection, name: str, rows: str) -> None:
    """Put the rows of a SELECT where ``execute`` finds them as a relation of this name."""
    con.execute(f"SET VARIABLE lp_{name} = (SELECT coalesce(list(r), []) FROM ({rows}) AS r)")


def execute(con: Connection, plan: Plan, source_id: int, skip: int) -> list[tuple[int]]:
    """Run a plan on the rows given, without the records up to ``skip``; returns what it returns."""
    prepared = _PREPARED.setdefault(con, {})
    if plan.shape not in prepared:
        name, rows = f"lp_load_{len(prepared)}", _select(con, plan.relations, plan.load)
        con.execute(f"PREPARE {name} AS {plan.sql.format(rows=rows)}")
        prepared[plan.shape] = name
    given = f"source_id := CAST({source_id} AS INTEGER), skip := CAST({skip} AS UBIGINT)"
    return con.execute(f"EXECUTE {prepared[plan.shape]}({given})").fetchall()


def _select(con: Connection, relations: Iterable[str], load: str) -> str:
    """Return a SELECT of the rows that a load SQL makes, with the number of their source."""
    given = [f"{name} AS MATERIALIZED ({_unnest(con, name)})" for name in relations]
    return (
        f"WITH {', '.join(given)}, asked AS MATERIALIZED (SELECT "
        "CAST($source_id AS INTEGER) AS source_id, CAST($skip AS UBIGINT) AS skip) "
        f"SELECT asked.source_id, new.* FROM (\n{load}\n) AS new CROSS JOIN asked "
        "WHERE new.record > asked.skip OR asked.skip = 0"
    )


def _unnest(con: Connection, name: str) -> str:
    ((kind,),) = con.execute(f"SELECT typeof(getvariable('lp_{name}'))").fetchall()
    return f"SELECT unnest(CAST($lp_{name} AS {kind}), max_depth := 2)"
