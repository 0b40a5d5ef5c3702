"""Debian's Chromium, started once for a test worker: headless, with a profile of its own, able to reach this machine only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local.installation.packages import BROWSERS

START_SECONDS = 180
STOP_SECONDS = 60.0

FLAGS = (
    "--headless=new",
    # Tests run as root in containers, where Chromium's own sandbox cannot be built. It opens our pages only.
    "--no-sandbox",
    "--remote-debugging-port=0",
    # What is no page of ours is not to be reached: a page that loads from elsewhere fails here as it does under its policy.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1 , EXCLUDE localhost",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-dev-shm-usage",
    "--disable-extensions",
    "--disable-gpu",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--mute-audio",
    "--no-first-run",
    "--password-store=basic",
)


@contextmanager
def started(profile: Path) -> Iterator[str]:
    """The address of its debugging protocol; it and its children are gone afterwards."""
    program = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    assert program is not None, (
        "no Chromium: `make test` installs it (python3 -m deploy.local.installation browser)"
    )
    said = profile.with_suffix(".log")
    with said.open("wb") as output:
        process = subprocess.Popen(
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            # A library that moves clocks is for our processes: pages are told their time by `Tab.at`.
            env={name: value for name, value in os.environ.items() if name != "LD_PRELOAD"},
            start_new_session=True,
        )
    try:
        yield _address(process, profile / "DevToolsActivePort", said)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _address(process: subprocess.Popen[bytes], told: Path, said: Path) -> str:
    """Chromium writes the port it took, and the path, into its profile."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        lines = told.read_text().split() if told.exists() else []
        if len(lines) == 2:
            return f"ws://127.0.0.1:{lines[0]}{lines[1]}"
        time.sleep(0.02)
    raise AssertionError(
        f"Chromium did not start ({process.returncode}):\n{said.read_text(errors='replace')[-2000:]}"
    )
