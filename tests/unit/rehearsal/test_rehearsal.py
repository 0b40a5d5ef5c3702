"""The rehearsal's own parts that need no container: what it says where there is none, what it starts, and what it writes down."""

from __future__ import annotations

import io
import json
import subprocess
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy.make_secrets import make_secrets
from runtime.settings.urls import broker_nodes, database_hosts
from tests.rehearsal import __main__ as rehearsal
from tests.rehearsal import scene, twice
from tests.rehearsal.copies import ROOT, replace_version
from tests.rehearsal.engine import Engine
from tests.rehearsal.project import DOORS, PROCESSES, Project
from tests.rehearsal.steps import StepFailed, Steps
from tests.witness.webhooks import plan, signed_anew

PORTS = dict(zip(DOORS, range(20_000, 20_000 + len(DOORS)), strict=True))


def test_without_an_engine_it_says_that_it_was_not_run(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/nobody.sock")
    assert rehearsal.main(["--can"]) == rehearsal.main([]) == rehearsal.NOT_RUN
    first, second = capsys.readouterr().out.splitlines()
    assert first == second
    assert first.startswith("The rehearsal was not run: no container engine answers at unix://")


def test_webhooks_carry_the_deployments_secrets_and_forged_ones_do_not() -> None:
    before = plan(7, 400)
    after = signed_anew(before, "token-of-the-deployment", "secret-of-the-deployment")
    assert [one.body for one in after] == [one.body for one in before]
    for old, new in zip(before, after, strict=True):
        assert (new.headers != old.headers) == new.genuine
        if new.genuine and new.path.endswith("xendit"):
            assert new.headers["x-callback-token"] == "token-of-the-deployment"
    assert {one.path for one in after} == {"/webhooks/xendit", "/webhooks/scalev"}


def test_a_new_version_takes_the_place_of_files_and_leaves_the_deployments_own(tmp_path: Path) -> None:
    new, old = tmp_path / "new", tmp_path / "old"
    for folder, text in ((new, "new"), (old, "old")):
        (folder / "deploy/secrets").mkdir(parents=True)
        for name in ("deploy/compose.yaml", "deploy/secrets/api_key", ".env"):
            (folder / name).write_text(text)
    (new / "added").write_text("new")
    replace_version(new, old)
    read = {
        name: (old / name).read_text()
        for name in ("deploy/compose.yaml", "added", "deploy/secrets/api_key", ".env")
    }
    assert read == {
        "deploy/compose.yaml": "new",
        "added": "new",
        "deploy/secrets/api_key": "old",
        ".env": "old",
    }


async def test_what_a_step_saw_is_written_down_and_the_next_one_is_tried(
    capsys: pytest.CaptureFixture[str],
) -> None:
    steps = Steps()
    async with steps.step("first"):
        raise StepFailed("lost 3")
    async with steps.step("second") as note:
        note.add("all there")
    with pytest.raises(KeyError):
        async with steps.step("third"):
            raise KeyError("a mistake of the rehearsal itself")
    steps.skip("fourth", "no such commit")
    assert steps.broken == [
        "first: StepFailed: lost 3",
        "third: KeyError: 'a mistake of the rehearsal itself'",
    ]
    assert (steps.done, steps.not_run) == (1, ["fourth: no such commit"])
    shown = capsys.readouterr().out.splitlines()
    assert [line[0] for line in shown] == ["✗", "✓", "✗", "-"]
    assert shown[1].endswith("all there")


@pytest.mark.parametrize(
    ("profile", "databases", "brokers"),
    [("one", 1, 1), ("cluster", 1, 3), ("standby", 2, 1), ("restore", 1, 1)],
)
def test_a_profile_starts_what_its_secrets_lead_to(
    profile: str, databases: int, brokers: int, tmp_path: Path
) -> None:
    """With the names, images and doors of the rehearsal, and nothing of the checkout but its files."""
    chosen = rehearsal.PROFILES[profile]
    clone = tmp_path / "clone"
    clone.mkdir()
    for name in ("deploy", "schemas", "runtime", "catalog.toml", ".env.example"):
        (clone / name).symlink_to(ROOT / name)
    project = Project(
        "lunas-rehearsal-x", tmp_path, Engine(("compose",), ("build",)), PORTS, chosen.overlays, chosen.make
    )
    project.wished = {"postgres": "postgres:15.14", "rabbitmq": "rabbitmq:3.13.7"}
    project.take("lunas-rehearsal:x-new")
    override = json.loads((tmp_path / "rehearsal.json").read_text())["services"]
    running = project.services()
    assert set(PROCESSES) <= set(running)
    assert [name for name in running if name.startswith("postgres")] == ["postgres", "postgres-2"][:databases]
    assert len(project.brokers()) == brokers
    assert all(override[name]["image"] == "lunas-rehearsal:x-new" for name in PROCESSES)
    assert {override[name]["image"] for name in project.brokers()} == {"rabbitmq:3.13.7"}
    # Programs that copy a database are of its version.
    of_postgres = {"postgres", "backup"} | ({"postgres-2", "synchronous"} if databases == 2 else set())
    assert {name for name, given in override.items() if given.get("image") == "postgres:15.14"} == of_postgres

    words = dict(zip(chosen.make[::2], chosen.make[1::2], strict=True))
    secrets = tmp_path / "secrets"
    make_secrets(
        secrets,
        database=words.get("--database", "postgres:5432/lunas"),
        broker=words.get("--broker", "rabbitmq:5672"),
    )
    assert len(database_hosts((secrets / "database_url_processor").read_text())) == databases
    assert len(broker_nodes((secrets / "broker_url_ingress").read_text())) == brokers


def test_a_setting_of_the_deployment_is_written_once(tmp_path: Path) -> None:
    project = Project("x", tmp_path, Engine(("compose",), ("build",)), PORTS)
    project.folder.mkdir()
    (project.folder / ".env").write_text(
        "# said\nLUNAS_INGRESS_DURABILITY=journal\nLUNAS_BROKER_PARTITIONS=1\n"
    )
    for durability in ("broker", "journal", "broker"):
        project.set("LUNAS_INGRESS_DURABILITY", durability)
    assert (project.folder / ".env").read_text().splitlines() == [
        "# said",
        "LUNAS_BROKER_PARTITIONS=1",
        "LUNAS_INGRESS_DURABILITY=broker",
    ]


def test_what_was_heard_in_place_of_200_is_told_with_how_long_it_lasted() -> None:
    assert (scene.lasting([]), scene.told([])) == (0.0, "every answer 200")
    heard = [(100.0, "503"), (107.5, "503"), (103.0, "ClientConnectorError")]
    assert scene.lasting(heard) == 7.5
    assert scene.told(heard) == "2 × 503, 1 × ClientConnectorError within 7.5 s"


def packed(files: Mapping[str, tuple[bytes, int]], moment: int) -> io.BytesIO:
    """A tar file of files with their rights, all changed at a moment, and of what an engine adds."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, (content, mode) in {**files, "etc/hostname": (str(moment).encode(), 0o644)}.items():
            member = tarfile.TarInfo(name)
            member.size, member.mode, member.mtime = len(content), mode, moment
            archive.addfile(member, io.BytesIO(content))
    stream.seek(0)
    return stream


def test_images_are_compared_by_what_they_hold_and_not_by_when() -> None:
    files = {"opt/lunas/a.py": (b"a" * 70_000, 0o644), "opt/lunas/b": (b"b", 0o755)}
    first = dict(twice.listed(packed(files, 1)))
    assert set(first) == set(files)
    assert twice.differences(first, dict(twice.listed(packed(files, 2)))) == []
    other = {
        "opt/lunas/a.py": (b"a" * 69_999 + b"A", 0o644),
        "opt/lunas/b": (b"b", 0o775),
        "new": (b"", 0o644),
    }
    assert twice.differences(first, dict(twice.listed(packed(other, 1)))) == [
        "new is only in the second",
        "opt/lunas/a.py differs",
        "opt/lunas/b differs",
    ]


def test_reads_go_to_the_standby_by_a_second_address(tmp_path: Path) -> None:
    project = Project("x", tmp_path, Engine(("compose",), ("build",)), PORTS)
    project.folder.mkdir()
    (project.folder / "deploy").symlink_to(ROOT / "deploy")
    for reads in (False, True):
        project.reads = reads
        project.take("lunas-rehearsal:x-new")
        override = json.loads((tmp_path / "rehearsal.json").read_text())
        api = override["services"]["api"]
        assert ("database_url_reads" in override["secrets"]) is reads
        assert ("LUNAS_DATABASE_READ_URL_FILE" in api["environment"]) is reads
        assert api["environment"]["XENDIT_BASE_URL"]


@pytest.mark.parametrize(
    ("wished", "said"),
    [
        (None, ["Not run here: make rehearse (needs a container engine; REHEARSE names profiles)."]),
        ("image one", ["rehearse PROFILE=image", "rehearse PROFILE=one"]),
    ],
)
def test_ci_rehearses_what_it_is_told_to_and_names_what_it_did_not(
    wished: str | None, said: list[str], tmp_path: Path
) -> None:
    lines = [line for line in (ROOT / ".ci/run").read_text().splitlines() if "${REHEARSE" in line]
    (tmp_path / "make").write_text('#!/bin/sh\necho "$@"\n')
    (tmp_path / "make").chmod(0o755)
    done = subprocess.run(
        ["bash", "-euc", "\n".join(lines)],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"} | ({"REHEARSE": wished} if wished else {}),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    assert done.stdout.splitlines() == said
