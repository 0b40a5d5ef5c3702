"""How backups are set up, read as text: what runs where, as whom, and who may read what."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from deploy.make_secrets import (
    BACKUP_LOGIN,
    BACKUP_SERVICE,
    add_backup_secrets,
    backup_secrets,
    main,
    make_secrets,
)
from runtime.settings import Settings
from tests.contract.deploy.test_compose import OURS, ROOT, SERVICES

FOLDER = ROOT / "deploy/postgres"
INSIDE = "/var/lib/postgresql/backups"


def options(name: str) -> dict[str, str]:
    words = SERVICES[name]["command"]
    return dict(word.split("=", 1) for word in words if "=" in word)


def mounted(name: str) -> dict[str, str]:
    """Where the container sees what."""
    return {volume.split(":")[1]: volume for volume in SERVICES[name].get("volumes", [])}


def test_every_finished_file_goes_to_a_volume_that_is_not_the_databases() -> None:
    chosen = options("postgres")
    assert chosen["archive_mode"] == "on"
    assert (
        0
        < int(chosen["archive_timeout"].removesuffix("s"))
        <= Settings.model_fields["backup_behind_seconds"].default
    )
    program, source, name, folder = chosen["archive_command"].removeprefix("sh ").split()
    assert (source, name, folder) == ('"%p"', '"%f"', INSIDE)
    assert mounted("postgres")[program] == f"./postgres/{Path(program).name}:{program}:ro"
    assert mounted("postgres")["/var/lib/postgresql"].startswith("backups:")
    assert mounted("postgres")["/var/lib/postgresql/data"].startswith("postgres:")


def test_with_a_second_database_the_archive_is_the_same() -> None:
    """`command` of the second file takes the place of the first one's."""
    text = (ROOT / "deploy/compose.standby.yaml").read_text()
    for word in ("archive_mode", "archive_timeout", "archive_command", "hba_file"):
        assert f"{word}={options('postgres')[word]}" in text


def test_of_several_databases_the_one_that_takes_writes_is_copied() -> None:
    service = backup_secrets("postgres:5432,postgres-2/lunas?target_session_attrs=read-write")[
        "backup_service"
    ]
    lines = set(service.splitlines())
    assert {"host=postgres,postgres-2", "port=5432,5432", "target_session_attrs=read-write"} <= lines


def test_the_container_that_copies_writes_where_the_server_archives_and_knows_one_login() -> None:
    service = SERVICES["backup"]
    assert service["command"][-1] == INSIDE
    assert service["image"] == SERVICES["postgres"]["image"]
    assert service["user"] == SERVICES["postgres"]["user"]
    assert mounted("backup")["/var/lib/postgresql"] == mounted("postgres")["/var/lib/postgresql"]
    assert service["secrets"] == ["backup_service"]
    assert service["environment"]["PGSERVICE"] == BACKUP_SERVICE
    script = service["command"][1]
    assert {Path(path).name for path in mounted("backup")} >= {Path(script).name, "take-base-backup.sh"}


@pytest.mark.parametrize("name", ["console", "operator"])
def test_who_looks_at_the_archive_may_read_it_and_nothing_else_of_ours_sees_it(name: str) -> None:
    assert SERVICES[name]["group_add"] == [SERVICES["postgres"]["user"].split(":")[1]]
    (place,) = [place for place, volume in mounted(name).items() if volume.startswith("backups:")]
    assert mounted(name)[place].endswith(":ro")
    archive = INSIDE.replace("/var/lib/postgresql", place)
    assert SERVICES[name]["environment"]["LUNAS_BACKUP_DIR"] == archive
    others = set(OURS) - {"console", "operator"}
    assert not any("backups:" in str(SERVICES[other].get("volumes")) for other in others)


def test_operators_can_send_the_journal_again() -> None:
    """`lunas ingress republish` reads it where ingress writes it."""
    (place,) = [place for place, volume in mounted("ingress").items() if volume.startswith("journal:")]
    assert mounted("operator")[place] == f"journal:{place}:ro"


@pytest.mark.parametrize("name", ["backup", "console", "operator"])
def test_what_is_done_and_what_is_looked_at_go_by_the_same_numbers(name: str) -> None:
    given = SERVICES[name]["environment"]
    for setting in ("backup_every_hours", "backup_keep"):
        default = Settings.model_fields[setting].default
        variable = f"LUNAS_{setting.upper()}"
        assert given[variable] == f"${{{variable}:-{default}}}"


def test_the_login_of_backups_may_copy_and_not_connect() -> None:
    lines = [
        line.split()
        for line in (FOLDER / "pg_hba.conf").read_text().splitlines()
        if line[:1] not in ("#", "")
    ]
    its = [line for line in lines if BACKUP_LOGIN in line or (line[2] == "all" and line[0] == "host")]
    assert [(line[1], line[4]) for line in its][:2] == [("replication", "scram-sha-256"), ("all", "reject")]
    assert lines.index(its[1]) < lines.index(its[-1])
    # `all` databases does not mean replication.
    assert all(line[4] in ("scram-sha-256", "reject") for line in lines if line[0] == "host")


def test_secrets_of_a_deployment_that_has_none_for_backups_are_added_once(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    with pytest.raises(FileNotFoundError):
        add_backup_secrets(folder)
    make_secrets(folder)
    before = {path.name: path.read_text() for path in folder.iterdir()}
    with pytest.raises(FileExistsError):
        add_backup_secrets(folder)
    for name in ("backup_login.sql", "backup_service"):
        (folder / name).unlink()
    assert main(["--backup", "--into", str(folder)]) == 0
    after = {path.name: path.read_text() for path in folder.iterdir()}
    assert {name for name in before if before[name] != after[name]} == {"backup_login.sql", "backup_service"}
    password = dict(line.split("=") for line in after["backup_service"].splitlines() if "=" in line)[
        "password"
    ]
    assert password not in after["backup_login.sql"]
    assert "NOSUPERUSER" in after["backup_login.sql"]


@pytest.mark.parametrize("script", sorted(FOLDER.glob("*.sh")), ids=lambda path: path.name)
def test_every_script_can_be_read_by_its_shell(script: Path) -> None:
    shell = script.read_text().splitlines()[0].rpartition("/")[2]
    assert subprocess.run([shell, "-n", str(script)], check=False).returncode == 0
