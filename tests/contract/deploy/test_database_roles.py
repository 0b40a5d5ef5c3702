"""`deploy/postgres/roles.sql` names exactly the roles of the migrations, and one login for each."""

from __future__ import annotations

import base64
import hmac
import re
from pathlib import Path

from deploy.make_secrets import LOGINS, login_statements, scram_verifier

ROOT = Path(__file__).parents[3]
SQL = re.sub(r"--.*", "", (ROOT / "deploy/postgres/roles.sql").read_text())
MIGRATIONS = "".join(path.read_text() for path in sorted((ROOT / "eventstore/sql/migrations").glob("*.sql")))


def created_roles(sql: str) -> set[str]:
    """Of a list that a loop makes, and those that are made by name."""
    (array,) = re.findall(r"ARRAY\[([^\]]*'lunas_reader'[^\]]*)\]", sql)
    return set(re.findall(r"'(\w+)'", array)) | set(re.findall(r"CREATE ROLE (lunas_\w+)", sql))


def test_roles_are_those_of_the_migrations() -> None:
    roles = created_roles(SQL)
    assert roles == created_roles(MIGRATIONS)
    assert roles == {
        "lunas_processor",
        "lunas_projector",
        "lunas_api",
        "lunas_notifier",
        "lunas_operator",
        "lunas_reader",
    }


def test_a_login_for_every_kind_of_process() -> None:
    (array,) = re.findall(r"ARRAY\[('lunas_login_owner'[^\]]*)\]", SQL)
    assert set(re.findall(r"'(\w+)'", array)) == {f"lunas_login_{name}" for name in LOGINS}


def test_a_login_becomes_one_role_only() -> None:
    granted = re.findall(r"GRANT ([\w, ]+?)\s+TO (lunas_login_\w+);", SQL)
    by_login = {login: {role.strip() for role in roles.split(",")} for roles, login in granted}
    assert by_login.pop("lunas_login_owner") == created_roles(SQL)
    assert by_login.keys() == {f"lunas_login_{name}" for name in LOGINS if name != "owner"}
    assert all(len(roles) == 1 for roles in by_login.values())
    assert len({next(iter(roles)) for roles in by_login.values()}) == len(by_login)


def test_every_login_has_limits_of_its_own() -> None:
    for name in LOGINS:
        assert re.search(rf"ALTER ROLE lunas_login_{name}\s+SET statement_timeout", SQL)
        assert re.search(rf"ALTER ROLE lunas_login_{name}\s+SET search_path = lunas;", SQL)


def test_nothing_is_granted_on_tables_here() -> None:
    assert not re.search(r"GRANT[^;]* ON (TABLE|ALL|SCHEMA|lunas\.)", SQL)
    assert "SUPERUSER" not in SQL.replace("NOSUPERUSER", "")


def test_no_password_in_clear_text() -> None:
    assert "PASSWORD" not in SQL
    assert "geheim" not in login_statements({"lunas_login_api": "geheim"})


def test_scram_verifier_signs_as_the_standard_says() -> None:
    # The exchange printed in RFC 7677, section 3: user "user", password "pencil".
    nonce = b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
    exchange = (
        b"n=user,r=rOprNGfwEbeRWgbNEkqO," + nonce + b",s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws," + nonce
    )
    verifier = scram_verifier("pencil", base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ=="), 4096)
    assert verifier.startswith("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$")
    server_key = base64.b64decode(verifier.rpartition(":")[2])
    signature = base64.b64encode(hmac.digest(server_key, exchange, "sha256"))
    assert signature == b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="
