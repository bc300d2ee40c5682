"""A store for tests that load: one file a module, its log tables empty at each test."""

from collections.abc import Iterator

import pytest

from logpipe.store import Connection, open_store
from tests.ingested import TABLES


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_store(tmp_path_factory.mktemp("ingest") / "x.duckdb") as con:
        yield con


@pytest.fixture
def con(store: Connection) -> Connection:
    for table in TABLES:
        store.execute(f"DELETE FROM {table}")
    return store
