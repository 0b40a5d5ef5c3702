"""Debian packages that are missing: installed as root without a question, after one at a terminal.

The packages' own system services are not started by the installation: private instances are used instead.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.installation.commands import SetupFailure, last_lines, network_is_away, run
from deploy.local.services import programs

POLICY = Path("/usr/sbin/policy-rc.d")
# invoke-rc.d asks this program before it starts a service; 101 means "not allowed".
POLICY_MARK = "# temporary, made by the set-up of lunas"
POLICY_TEXT = f"#!/bin/sh\n{POLICY_MARK}\nexit 101\n"
APT_OPTIONS = (
    "-o", "DPkg::Lock::Timeout=120", "-o", "APT::Sandbox::User=root",
    "-o", "Acquire::Retries=1", "-o", "Acquire::http::Timeout=20", "-o", "Acquire::https::Timeout=20",
)  # fmt: skip
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
"""Any of them will do for the tests of pages; Debian's is installed where there is none."""
FAKETIME = "usr/lib/*/faketime/libfaketimeMT.so.1"
APT_ENVIRONMENT = {"DEBIAN_FRONTEND": "noninteractive", "LC_ALL": "C.UTF-8"}


def ensure_services() -> None:
    """PostgreSQL and RabbitMQ can be started: given addresses, local programs, Docker, or an installation now."""
    needed = {"postgresql": "LUNAS_DATABASE_URL", "rabbitmq-server": "LUNAS_BROKER_URL"}
    absent = [name for name in programs.missing_packages() if not os.environ.get(needed[name])]
    if absent and programs.docker_program() is None:
        install(absent, " and ".join(absent))


def ensure_faketime(root: Path = Path("/")) -> None:
    """What moves the clock of programs, for the tests that must pass on any day."""
    if not any(root.glob(FAKETIME)):
        install(["faketime"], "faketime")


def ensure_load_generator() -> None:
    """What the benchmarks drive the doors with."""
    if shutil.which("wrk") is None:
        install(["wrk"], "the load generator wrk")


def ensure_promtool() -> None:
    """What tries the alerts: a part of Debian's Prometheus, whose own service is not started."""
    if shutil.which("promtool") is None:
        install(["prometheus"], "promtool")


def ensure_browser() -> None:
    """What the tests of our pages look at them with."""
    if not any(map(shutil.which, BROWSERS)):
        install(["chromium"], "the browser Chromium")


def install(names: list[str], what: str) -> None:
    """Installs Debian packages. Raises SetupFailure naming the command when that is not possible here."""
    shown = f"apt-get install --no-install-recommends {' '.join(names)}"
    apt = shutil.which("apt-get")
    prefix = _root_prefix()
    if apt is None or prefix is None:
        raise SetupFailure(f"{what} is missing: run `{shown}` as root" + _alternatives(names) + ".")
    if _at_a_terminal() and not _agreed(
        f"lunas needs {what}. Run `{' '.join([*prefix, shown])}` now? [Y/n] "
    ):
        raise SetupFailure(f"{what} is missing: run `{shown}` as root" + _alternatives(names) + ".")
    print(f"lunas: installing {' '.join(names)} …", file=sys.stderr, flush=True)
    command = [*prefix, apt, *APT_OPTIONS, "install", "-y", "--no-install-recommends", *names]
    with _services_stay_off(prefix):
        done = _apt(command)
        # Nobody there: the lists cannot be fetched anew either.
        if done.returncode != 0 and not network_is_away(
            done.stdout
        ):  # no package lists yet, or old ones, or an installation that was cut short
            _apt([*prefix, apt, *APT_OPTIONS, "update"])
            run(
                [*prefix, "dpkg", "--configure", "-a"], environment=APT_ENVIRONMENT, stop_signal=signal.SIGINT
            )
            done = _apt(command)
    if done.returncode != 0 and network_is_away(done.stdout):
        raise SetupFailure(
            f"{what} cannot be fetched: apt-get reached no mirror. Connect this machine to the network, or run `{shown}` as root where "
            f"it is{_alternatives(names)}."
        )
    if done.returncode != 0:
        raise SetupFailure(f"`{shown}` failed; its last words:\n{last_lines(done.stdout)}")


def _apt(command: list[str]) -> subprocess.CompletedProcess[str]:
    # SIGINT ends apt-get's downloads at once, but lets a running dpkg finish what it has begun.
    return run(command, environment=APT_ENVIRONMENT, stop_signal=signal.SIGINT)


def _root_prefix() -> list[str] | None:
    """What to put before a command to run it as root; None when there is no way."""
    if os.geteuid() == 0:
        return []
    sudo = shutil.which("sudo")
    if sudo is None:
        return None
    if _at_a_terminal():
        return [sudo]
    quiet = subprocess.run([sudo, "-n", "true"], stdin=subprocess.DEVNULL, capture_output=True)
    return [sudo, "-n"] if quiet.returncode == 0 else None


def _at_a_terminal() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty() and not os.environ.get("CI")


def _agreed(question: str) -> bool:
    print(question, end="", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip().lower() in ("", "y", "yes")


def _alternatives(names: list[str]) -> str:
    if not set(names) & {"postgresql", "rabbitmq-server"}:
        return ""
    return ", start a Docker engine, or set LUNAS_DATABASE_URL and LUNAS_BROKER_URL to servers of yours"


@contextmanager
def _services_stay_off(prefix: list[str]) -> Iterator[None]:
    """Keeps the installation from starting services; a policy that is already there stays as it is."""
    if prefix or not _policy_is_ours_to_make():
        # Through sudo we cannot write the file; invoke-rc.d also starts nothing in runlevel 1.
        os.environ["RUNLEVEL"] = "1"
        yield
        return
    POLICY.write_text(POLICY_TEXT, encoding="utf-8")
    POLICY.chmod(0o755)
    try:
        yield
    finally:
        POLICY.unlink(missing_ok=True)


def _policy_is_ours_to_make() -> bool:
    """None there, or one of ours that a killed set-up left."""
    return not POLICY.exists() or POLICY_MARK in POLICY.read_text(encoding="utf-8", errors="replace")
