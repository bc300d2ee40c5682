"""``logpipe rules``: list, show, start, check and test rules."""

from pathlib import Path
from typing import Annotated

import typer

from logpipe.cli.options import RuleFolder
from logpipe.errors import LogpipeError

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None)


@app.command("list")
def rules_list(rules: RuleFolder = None) -> None:
    """List the rules: id, severity, title.

    Example: logpipe rules list
    """
    from logpipe.report.text import clean
    from logpipe.rules import load_rules

    for rule in load_rules(rules):
        typer.echo(clean(f"{rule.id:20} {rule.severity:9} {rule.title}"))


@app.command("show")
def rules_show(
    rule_id: Annotated[str, typer.Argument(help="Id of a rule, see 'rules list'.")],
    rules: RuleFolder = None,
) -> None:
    """Show a rule: what it means, its parameters, its SQL.

    Example: logpipe rules show idle-until-restart
    """
    from logpipe.report.text import clean
    from logpipe.rules import load_rules

    found = [rule for rule in load_rules(rules) if rule.id == rule_id]
    if not found:
        raise LogpipeError(f"{rule_id}: no such rule; see 'logpipe rules list'")
    (rule,) = found
    for name, value in (
        ("title", rule.title), ("severity", rule.severity), ("needs", "; ".join(rule.needs)),
        ("why", rule.why), ("to do", rule.todo), ("references", "; ".join(rule.references)),
        ("parameters", ", ".join(f"{key} = {value}" for key, value in rule.params.items())),
    ):  # fmt: skip
        typer.echo(clean(f"{name}: {value}"))
    typer.echo("\n" + "\n".join(map(clean, rule.sql.splitlines())))


@app.command("numbers")
def rules_numbers(
    rule_id: Annotated[str, typer.Argument(help="Id of a shipped rule, see 'rules list'.")],
) -> None:
    """Print the query that recomputes every number of a rule's incidents: docs/numbers.md.

    Example: logpipe rules numbers crash-loop | logpipe query - --db case.duckdb
    """
    from logpipe.sqlfiles import sql_files

    found = [path for path in sql_files("numbers") if path.stem == rule_id]
    if not found:
        raise LogpipeError(f"{rule_id}: no shipped rule of this name; see 'logpipe rules list'")
    typer.echo(found[0].read_text("utf-8").rstrip())


@app.command("new")
def rules_new(
    rule_id: Annotated[str, typer.Argument(help="Its id: lower case, words joined by -.")],
    rules: Annotated[
        Path, typer.Option("--rules", help="Folder that the rule and its cases are written to.")
    ] = Path("rules"),
) -> None:
    """Write a rule and its cases to start from; they pass their test as they are.

    Example: logpipe rules new slow-mail --rules my-rules
    """
    from logpipe.cases import write_skeleton

    for path in write_skeleton(rule_id, rules):
        typer.echo(path)


@app.command("lint")
def rules_lint(rules: RuleFolder = None) -> None:
    """Say what of the rules would not run on other engines; exits with 3 if there is any.

    Without --rules also of what the shipped rules stand on: knowledge, views, derived tables and
    diagnosis.

    Example: logpipe rules lint --rules my-rules
    """
    from logpipe.portable import FOUNDATIONS, flaws
    from logpipe.report.text import clean
    from logpipe.rules import load_rules
    from logpipe.sqlfiles import sql_files

    checked = [(rule.id, "its SELECT", rule.sql) for rule in load_rules(rules)]
    if rules is None:
        files = [file for folder in FOUNDATIONS for file in sql_files(folder)]
        checked += [(file.name, "the file", file.read_text("utf-8")) for file in files]
    found = [(name, what, flaw) for name, what, sql in checked for flaw in flaws(sql)]
    for name, what, flaw in found:
        typer.echo(clean(f"{name}, line {flaw.line} of {what}: not {flaw.words}"))
    if found:
        raise typer.Exit(3)


@app.command("test")
def rules_test(
    cases: Annotated[
        Path | None, typer.Option("--cases", help="Folder of <rule id>.toml files with cases.")
    ] = None,
    rules: RuleFolder = None,
) -> None:
    """Run every case of every rule; exits with 3 if one fails.

    Example: logpipe rules test --rules my-rules --cases my-rules
    """
    from logpipe.cases import run_all_cases

    folder = cases or rules or Path("tests/rules")
    results = run_all_cases(folder, rules)
    failed = [result for result in results if result.problem]
    for result in failed:
        typer.echo(f"FAILED {result.rule}: {result.name}\n{result.problem}\n")
    typer.echo(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    if failed:
        raise typer.Exit(3)
