"""What can go wrong that a user can put right.

* LogpipeError (exit code 2: a path, an option, a query)
  - StoreError (exit code 2: the DuckDB file)
  - RuleError (exit code 3: a rule's header or SQL)
  - ConfigError (exit code 3: the file of ``logpipe nightly``)
  - DeliveryError (exit code 2: a report did not reach who gets it)
  - QueryError (exit code 2: the SQL of ``logpipe query``)
* UnreadableError: a file that cannot be read as the format that claimed it; becomes a
  ``source`` with status ``failed``, never an exit
"""


class LogpipeError(Exception):
    """Base of every error that ends a command; the CLI prints it as one line."""

    exit_code = 2


class StoreError(LogpipeError):
    """The DuckDB file cannot be opened, is locked, or is not a logpipe store."""


class QueryError(LogpipeError):
    """A user's SQL does not run."""


class RuleError(LogpipeError):
    """A rule's header or SQL is not what the runner expects."""

    exit_code = 3


class ConfigError(LogpipeError):
    """The configuration of nightly runs is not what it should be."""

    exit_code = 3


class DeliveryError(LogpipeError):
    """A report did not reach who gets it; no secret stands in its words."""


class UnreadableError(Exception):
    """A file was claimed by a format and then could not be read at all; says why.

    ``format`` is the name of that format, where one had claimed it.
    """

    format: str | None = None
