"""Missing packages: installed as root without a question, with services kept off, or named (stand-in for apt-get)."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from deploy.local.installation import environment, packages
from deploy.local.installation.commands import SetupFailure

ROOT = Path(__file__).resolve().parents[3]
STAND_INS = Path(__file__).parent / "stand_ins"


@pytest.fixture
def policy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "policy-rc.d"
    monkeypatch.setattr(packages, "POLICY", path)
    monkeypatch.setenv("APT_POLICY", str(path))
    monkeypatch.setenv("RUNLEVEL", "5")  # so that what the code sets is undone
    return path


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, policy: Path) -> Path:
    path = tmp_path / "calls"
    monkeypatch.setenv("APT_LOG", str(path))
    monkeypatch.setenv("PATH", f"{STAND_INS}:{os.environ['PATH']}")
    monkeypatch.setattr(packages, "_root_prefix", list)
    return path


def test_as_root_in_a_script_nothing_is_asked_and_services_stay_off(calls: Path, policy: Path) -> None:
    packages.install(["postgresql", "rabbitmq-server"], "the services")
    install, seen = calls.read_text().splitlines()
    assert install.endswith("install -y --no-install-recommends postgresql rabbitmq-server")
    assert seen == "policy: exit 101"
    assert not policy.exists()


def test_old_package_lists_are_updated_once(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APT_NEEDS_UPDATE", "1")
    packages.install(["postgresql"], "PostgreSQL")
    assert [line.split()[-1] for line in calls.read_text().splitlines() if "policy" not in line] == [
        "postgresql",
        "update",
        "postgresql",
    ]


def test_a_policy_of_the_machine_is_kept(calls: Path, policy: Path) -> None:
    policy.write_text("#!/bin/sh\nexit 0\n", encoding="utf-8")
    packages.install(["postgresql"], "PostgreSQL")
    assert policy.read_text(encoding="utf-8") == "#!/bin/sh\nexit 0\n"
    assert os.environ["RUNLEVEL"] == "1"


def test_a_policy_that_a_killed_set_up_left_is_taken_away(calls: Path, policy: Path) -> None:
    policy.write_text(packages.POLICY_TEXT, encoding="utf-8")
    packages.install(["postgresql"], "PostgreSQL")
    assert not policy.exists()


def test_a_failed_installation_shows_the_command(
    calls: Path, policy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APT_EXIT", "100")
    with pytest.raises(SetupFailure, match="`apt-get install --no-install-recommends postgresql` failed"):
        packages.install(["postgresql"], "PostgreSQL")
    assert not policy.exists()


def test_without_root_the_command_is_named(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "_root_prefix", lambda: None)
    with pytest.raises(
        SetupFailure,
        match=r"run `apt-get install --no-install-recommends rabbitmq-server` as root, start a Docker",
    ):
        packages.install(["rabbitmq-server"], "RabbitMQ")
    assert not calls.exists()


@pytest.mark.parametrize(("answer", "installed"), [("y\n", True), ("\n", True), ("n\n", False)])
def test_a_person_at_a_terminal_is_asked_once(
    calls: Path, monkeypatch: pytest.MonkeyPatch, answer: str, installed: bool
) -> None:
    asked: list[str] = []

    def agree(question: str) -> bool:
        asked.append(question)
        return answer.strip() in ("", "y")

    monkeypatch.setattr(packages, "_at_a_terminal", lambda: True)
    monkeypatch.setattr(packages, "_agreed", agree)
    if installed:
        packages.install(["postgresql"], "PostgreSQL")
    else:
        with pytest.raises(SetupFailure, match="PostgreSQL is missing"):
            packages.install(["postgresql"], "PostgreSQL")
    assert len(asked) == 1
    assert calls.exists() == installed


def test_given_addresses_need_no_programs(calls: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages.programs, "missing_packages", lambda: ["postgresql", "rabbitmq-server"])
    monkeypatch.setattr(packages.programs, "docker_program", lambda: None)
    monkeypatch.setenv("LUNAS_DATABASE_URL", "postgresql://x/y")
    monkeypatch.delenv("LUNAS_BROKER_URL", raising=False)
    packages.ensure_services()
    assert calls.read_text().splitlines()[0].endswith(" rabbitmq-server")
    assert "postgresql" not in calls.read_text().splitlines()[0]


def test_what_moves_clocks_is_installed_where_it_is_missing(calls: Path, tmp_path: Path) -> None:
    packages.ensure_faketime(tmp_path)
    assert calls.read_text().splitlines()[0].endswith(" install -y --no-install-recommends faketime")
    calls.unlink()
    library = tmp_path / "usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
    library.parent.mkdir(parents=True)
    library.touch()
    packages.ensure_faketime(tmp_path)
    assert not calls.exists()


def test_what_tries_alerts_is_installed_where_it_is_missing(
    calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    which = packages.shutil.which
    monkeypatch.setattr(packages.shutil, "which", lambda name: None if name == "promtool" else which(name))
    packages.ensure_promtool()
    assert calls.read_text().splitlines()[0].endswith(" install -y --no-install-recommends prometheus")
    calls.unlink()
    monkeypatch.setattr(packages.shutil, "which", lambda name: f"/usr/bin/{name}")
    packages.ensure_promtool()
    assert not calls.exists()


def test_an_interrupted_command_takes_its_children_with_it(tmp_path: Path) -> None:
    """As Ctrl-C does while pip or venv works: the step's own children end too."""
    program = (
        "import signal, sys\n"
        "from deploy.local.installation.commands import run\n"
        "from deploy.local.installation.steps import _interrupt\n"
        "signal.signal(signal.SIGTERM, _interrupt)\n"
        f"run(['sh', '-c', 'sleep 300 & echo $! > {tmp_path}/child; wait'])\n"
    )
    process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.DEVNULL)
    child = tmp_path / "child"
    while not child.exists() or not child.read_text().strip():
        time.sleep(0.02)
    process.terminate()
    process.wait(timeout=60)
    pid = int(child.read_text())
    deadline = time.monotonic() + 30
    while Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.mark.parametrize(
    "words",
    [
        "Err:1 http://mirror bookworm InRelease\n  Temporary failure resolving 'mirror'",
        "Could not connect to mirror:80 (192.0.2.1), connection timed out",
        "W: Failed to fetch http://mirror/dists  Cannot connect to proxy",
    ],
)
def test_without_a_network_one_sentence_says_so_and_nothing_is_tried_again(
    calls: Path, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setenv("APT_EXIT", "100")
    monkeypatch.setenv("APT_SAYS", words)
    with pytest.raises(SetupFailure, match="apt-get reached no mirror") as failure:
        packages.install(["wrk"], "the load generator wrk")
    assert "\n" not in str(failure.value)
    assert sum("policy" not in line for line in calls.read_text().splitlines()) == 1


def test_a_mirror_that_answers_with_something_else_is_asked_for_new_lists(
    calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("APT_EXIT", "100")
    monkeypatch.setenv("APT_SAYS", "E: Failed to fetch http://mirror/wrk.deb  404  Not Found")
    with pytest.raises(SetupFailure, match="404  Not Found"):
        packages.install(["wrk"], "the load generator wrk")
    assert " update" in calls.read_text()


def test_pip_without_an_index_says_so_in_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        port = closed.getsockname()[1]
    pip = [sys.executable, "-m", "pip", "--isolated", *environment.PATIENCE, "install"]
    away = [
        "--index-url",
        f"http://127.0.0.1:{port}/simple",
        "--target",
        str(tmp_path),
        "a-package-of-nobody",
    ]
    with pytest.raises(SetupFailure, match="pip reached no package index") as failure:
        environment.install([*pip, *away])
    assert "\n" not in str(failure.value)


def test_what_pip_says_of_a_package_that_is_wrong_is_shown(tmp_path: Path) -> None:
    lock = tmp_path / "lock.txt"
    lock.write_text("this is no requirement at all\n", encoding="utf-8")
    with pytest.raises(SetupFailure, match="its last words:"):
        environment.install([sys.executable, "-m", "pip", "install", "-r", str(lock)])


def test_what_drives_the_benchmarks_is_installed_where_it_is_missing(
    calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    which = packages.shutil.which
    monkeypatch.setattr(packages.shutil, "which", lambda name: None if name == "wrk" else which(name))
    packages.ensure_load_generator()
    assert calls.read_text().splitlines()[0].endswith(" install -y --no-install-recommends wrk")


def test_what_looks_at_pages_is_installed_where_there_is_none(
    calls: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    which = packages.shutil.which
    there = ["google-chrome"]
    monkeypatch.setattr(
        packages.shutil,
        "which",
        lambda name: (name if name in there else None) if name in packages.BROWSERS else which(name),
    )
    packages.ensure_browser()
    assert not calls.exists()
    there.clear()
    packages.ensure_browser()
    assert calls.read_text().splitlines()[0].endswith(" install -y --no-install-recommends chromium")


@pytest.mark.parametrize("names", [["wrk"], ["chromium"], ["faketime"], ["python3-venv"]])
def test_only_services_can_be_had_in_another_way(names: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "_root_prefix", lambda: None)
    with pytest.raises(SetupFailure, match=rf"install --no-install-recommends {names[0]}` as root\.$"):
        packages.install(names, "it")
