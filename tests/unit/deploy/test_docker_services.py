"""Without local programs the same services run as containers (against a stand-in for the docker command)."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.local.services import programs
from deploy.local.services.failures import MissingProgram
from deploy.local.services.home import Home
from deploy.local.services.ports import is_free
from deploy.local.services.private import private_services

ROOT = Path(__file__).resolve().parents[3]
STAND_INS = Path(__file__).parent / "stand_ins"
OWNER = """
import sys, time
from pathlib import Path
from deploy.local.services import programs
from deploy.local.services.private import private_services
programs.postgres_folder = programs.rabbitmq_folder = lambda: None
with private_services(Path(sys.argv[1])) as urls:
    print(urls.database_url, urls.broker_url, flush=True)
    time.sleep(300)
"""


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "engine" / "calls"
    path.parent.mkdir()
    monkeypatch.setenv("DOCKER_LOG", str(path))
    monkeypatch.setenv("PATH", f"{STAND_INS}:{os.environ['PATH']}")
    monkeypatch.setattr(programs, "postgres_folder", lambda: None)
    monkeypatch.setattr(programs, "rabbitmq_folder", lambda: None)
    return path


def port_of(url: str) -> int:
    return int(url.rsplit(":", 1)[1].split("/")[0])


def test_containers_are_pinned_private_durable_and_removed(calls: Path, tmp_path: Path) -> None:
    with private_services(tmp_path / "home") as urls:
        ports = port_of(urls.database_url), port_of(urls.broker_url)
        assert not any(is_free(port) for port in ports)
        assert urls.rabbitmqctl[:2] == [str(STAND_INS / "docker"), "exec"]
        secrets = [url.split("@")[0].rsplit(":", 1)[1] for url in (urls.database_url, urls.broker_url)]
    said = calls.read_text()
    runs = [line for line in said.splitlines() if line.startswith("run ")]
    assert len(runs) == 2
    for line, port in zip(sorted(runs, key=lambda line: "rabbitmq" in line), ports, strict=True):
        assert f"-p 127.0.0.1:{port}:" in line
        assert " -v lunas-" in line  # a named volume: the next start continues
        assert ":latest" not in line
    assert not any(secret in said for secret in secrets)
    assert all(is_free(port) for port in ports)


def volumes(calls: Path) -> set[str]:
    return {path.stem for path in calls.parent.glob("*.volume")}


def test_a_home_keeps_its_volumes_until_it_is_erased(calls: Path, tmp_path: Path) -> None:
    """The passwords are in the home: a volume that outlived it would refuse the next start."""
    home = tmp_path / "home"
    for _ in range(2):
        with private_services(home):
            pass
        assert len(volumes(calls)) == 2
    Home(home).erase()
    assert volumes(calls) == set()
    assert not home.exists()


def test_a_temporary_home_leaves_no_volume(calls: Path, tmp_path: Path) -> None:
    with private_services(tmp_path / "home", erase=True):
        assert len(volumes(calls)) == 2
    assert volumes(calls) == set()


def test_erasing_a_home_without_containers_asks_no_engine(calls: Path, tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    Home(tmp_path / "home").erase()
    assert not calls.exists()


def test_a_killed_owner_takes_its_containers_with_it(calls: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-c", OWNER, str(tmp_path / "home")]
    owner = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert owner.stdout is not None
    ports = [port_of(url) for url in owner.stdout.readline().split()]
    assert not any(is_free(port) for port in ports)
    owner.kill()
    owner.communicate()
    deadline = time.monotonic() + 60
    while not all(is_free(port) for port in ports) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert all(is_free(port) for port in ports)


def test_without_programs_and_engine_the_command_that_installs_them_is_named(
    calls: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_ENGINE", "")
    with pytest.raises(
        MissingProgram, match=r"apt-get install --no-install-recommends postgresql rabbitmq-server"
    ):
        private_services(tmp_path / "home").__enter__()
