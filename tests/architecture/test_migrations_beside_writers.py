"""A migration runs while the previous release takes money: it holds no lock for long, and takes away nothing that release reads (docs/upgrading.md).

squawk (https://squawkhq.com) knows which locks a statement takes; what stands in the body of a function or a DO block is looked at here.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from eventstore.migrations import Migration, files, parse

SQUAWK = Path(sys.executable).parent / "squawk"
BEFORE = "0250"
"""Older files were applied everywhere before there was this rule, and are frozen."""
OLDEST_POSTGRES = "15"

NOT_OURS = (
    # The runner sets both for every file.
    "require-lock-timeout",
    "require-statement-timeout",
    # A matter of taste: where a number cannot grow so far, the smaller type is meant.
    "prefer-bigint-over-int",
    "prefer-bigint-over-smallint",
    "prefer-text-field",
    "prefer-identity",
    # In a transaction nothing is half done; for the rest _repeatable is stricter: IF NOT EXISTS would leave an invalid index.
    "prefer-robust-stmts",
    # A check that becomes wider is dropped and made anew; that it admits less is for the reviewer to see.
    "ban-drop-constraint",
)
KNOWN: Mapping[str, Mapping[str, str]] = {
    "0280_replay_sources.sql": {
        "require-concurrent-index-creation": "written before there was transaction:false: deliveries are not stored while the index is built, and wait in the queue",
        "constraint-missing-not-valid": "a table of operators' plans, of some thousand rows",
        "ban-drop-default": "the previous release makes no replay plan beside it; nobody but operators writes there",
    },
    "0310_personal_data.sql": {
        "require-concurrent-index-creation": "written before there was transaction:false: who writes to the table waits while the index is built",
    },
    "0413_webhook_secrets.sql": {
        "takes away: TRUNCATE": "the trigger that refuses it, on a table that the previous release does not know",
    },
    "0422_parts_of_the_log.sql": {
        "takes away: TRUNCATE": "a guard against it. The log is locked and renamed as well, for an instant: a table of that name takes its place in the same transaction",
    },
}
"""Findings that stay, by file and rule, each with its reason."""

TAKEN_AWAY = re.compile(
    r"\b(DROP\s+(COLUMN|TABLE|VIEW|MATERIALIZED|FUNCTION|SCHEMA|TYPE|ROLE)"
    r"|RENAME\s+(COLUMN|TO|CONSTRAINT)|ALTER\s+COLUMN\s+\S+\s+(SET\s+DATA\s+)?TYPE|SET\s+NOT\s+NULL|TRUNCATE|LOCK\s+TABLE|CLUSTER|VACUUM\s+FULL)\b",
    re.IGNORECASE,
)
CONTRACTS = re.compile(r"^-- contract: \S.{20,}$", re.MULTILINE)
"""The second half of a change: says since which release nothing reads what goes."""
APART = re.compile(
    r"(CREATE\s+(UNIQUE\s+)?INDEX\s+CONCURRENTLY\s+(?P<made>\w+)|DROP\s+INDEX\s+CONCURRENTLY\s+IF\s+EXISTS\s+(lunas\.)?(?P<dropped>\w+))\b",
    re.IGNORECASE,
)


def squawked(migration: Migration) -> set[str]:
    """Names of the rules that it breaks."""
    assert SQUAWK.exists(), "make setup installs squawk"
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(migration.up)
        file.flush()
        within = [] if migration.apart else ["--assume-in-transaction"]
        done = subprocess.run(
            [str(SQUAWK), "--pg-version", OLDEST_POSTGRES, *within, "--reporter", "json", "--exclude", ",".join(NOT_OURS), file.name],
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
    return {each["rule_name"] for each in json.loads(done.stdout)}


def flaws(migration: Migration) -> Iterator[str]:
    yield from squawked(migration)
    plain = re.sub(r"--[^\n]*", "", migration.up)
    contracts = CONTRACTS.search(migration.up) is not None
    if not contracts and (found := TAKEN_AWAY.search(plain)):
        yield f"takes away: {' '.join(found[0].split())}"
    if migration.apart:
        yield from _repeatable(migration)


def _repeatable(migration: Migration) -> Iterator[str]:
    """Cut off anywhere and run again, it ends the same: an index that was half built is invalid, and has to go first."""
    dropped: set[str] = set()
    for statement in migration.statements():
        found = APART.match(statement)
        if found is None:
            yield f"not to be repeated: {statement[:40]}"
        elif found["dropped"]:
            dropped.add(found["dropped"].lower())
        elif found["made"].lower() not in dropped:
            yield f"half built, it stays invalid: {found['made']}"


LINTED = [migration for migration in files() if migration.name >= BEFORE]


def test_a_migration_lets_the_previous_release_work_on() -> None:
    found = {migration.name: set(flaws(migration)) for migration in LINTED}
    assert {name: flaws for name, flaws in found.items() if flaws} == {
        name: set(known) for name, known in KNOWN.items()
    }


def up(statements: str, apart: str = "") -> Migration:
    return parse("0999_planted.sql", f"-- migrate:up{apart}\n{statements}\n-- migrate:down\nSELECT 1;\n")


PLANTED = {
    "CREATE INDEX x_idx ON lunas.events (type);": "require-concurrent-index-creation",
    "DROP INDEX lunas.x_idx;": "require-concurrent-index-deletion",
    "ALTER TABLE lunas.events ADD COLUMN x bigint NOT NULL;": "adding-required-field",
    "ALTER TABLE lunas.events ADD COLUMN x timestamptz DEFAULT clock_timestamp();": "adding-field-with-default",
    "ALTER TABLE lunas.events ADD CONSTRAINT c CHECK (version > 0);": "constraint-missing-not-valid",
    "ALTER TABLE lunas.events ADD FOREIGN KEY (stream) REFERENCES lunas.streams (stream);": "adding-foreign-key-constraint",
    "ALTER TABLE lunas.events ALTER COLUMN type SET NOT NULL;": "adding-not-nullable-field",
    "ALTER TABLE lunas.events ALTER COLUMN version TYPE bigint;": "changing-column-type",
    "ALTER TABLE lunas.events ALTER COLUMN version DROP DEFAULT;": "ban-drop-default",
    "ALTER TABLE lunas.events DROP COLUMN type;": "ban-drop-column",
    "ALTER TABLE lunas.events RENAME COLUMN type TO kind;": "renaming-column",
    "ALTER TABLE lunas.events RENAME TO log;": "renaming-table",
    "DROP TABLE lunas.events;": "ban-drop-table",
    "DROP VIEW lunas.payments;": "ban-drop-view",
    "DROP FUNCTION lunas.append_at_once;": "ban-drop-function",
    "DO $$ BEGIN EXECUTE 'ALTER TABLE lunas.events DROP COLUMN type'; END $$;": "takes away: DROP COLUMN",
    "DO $$ BEGIN EXECUTE format('ALTER TABLE lunas.payments_v%s RENAME TO x', 1); END $$;": "takes away: RENAME TO",
    "TRUNCATE lunas.events;": "takes away: TRUNCATE",
    "LOCK TABLE lunas.events;": "takes away: LOCK TABLE",
}


@pytest.mark.parametrize(("statement", "flaw"), PLANTED.items())
def test_each_planted_mistake_is_found(statement: str, flaw: str) -> None:
    assert flaw in set(flaws(up(statement)))


@pytest.mark.parametrize(
    ("statements", "flaw"),
    [
        ("CREATE INDEX CONCURRENTLY x_idx ON lunas.events (type);", "half built, it stays invalid: x_idx"),
        (
            "DROP INDEX CONCURRENTLY IF EXISTS lunas.x_idx;\nUPDATE lunas.events SET type = 'x';",
            "not to be repeated: UPDATE lunas.events SET type = 'x'",
        ),
    ],
)
def test_what_is_run_apart_can_be_repeated(statements: str, flaw: str) -> None:
    assert flaw in set(flaws(up(statements, " transaction:false")))


@pytest.mark.parametrize(
    "migration",
    [
        up("CREATE TABLE lunas.new (x bigint NOT NULL, CONSTRAINT new_pkey PRIMARY KEY (x));\nCREATE INDEX new_idx ON lunas.new (x);"),
        up("ALTER TABLE lunas.events ADD COLUMN x bigint;"),
        up("ALTER TABLE lunas.events ADD COLUMN x bigint NOT NULL DEFAULT 0;"),
        up("ALTER TABLE lunas.events ADD CONSTRAINT c CHECK (version > 0) NOT VALID;"),
        up("DROP INDEX CONCURRENTLY IF EXISTS lunas.x_idx;\nCREATE INDEX CONCURRENTLY x_idx ON lunas.events (type);", " transaction:false"),
        up("-- contract: since 0.2.0 nothing reads it, and 0.1.0 is not deployed over any more\n-- squawk-ignore ban-drop-column\n"
           "ALTER TABLE lunas.events DROP COLUMN x;"),
    ],
)  # fmt: skip
def test_what_lets_everybody_work_on_passes(migration: Migration) -> None:
    assert set(flaws(migration)) == set()
