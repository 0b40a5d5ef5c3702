"""Stopping: one wish, orderly and in time."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from runtime.lifecycle import run_until_stopped, sleep_until, within

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import asyncio, sys
from runtime.lifecycle import run_process
from schemas.errors import ConfigurationError

async def main(stop):
    print("up", flush=True)
    {body}

sys.exit(run_process(main))
"""
ORDERLY = "await stop.wait(); print('drained', flush=True)"
STUBBORN = "await asyncio.sleep(60)"


def start(body: str, **environment: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM.format(body=body)], cwd=ROOT, env=os.environ | environment,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    assert process.stdout.readline() == "up\n"
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_process_drain_and_exit_with_zero(number: signal.Signals) -> None:
    process = start(ORDERLY)
    process.send_signal(number)
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.endswith("drained\n")


def test_the_second_signal_exits_at_once() -> None:
    process = start(STUBBORN)
    process.send_signal(signal.SIGTERM)
    assert process.stdout is not None
    assert "process.stop" in process.stdout.readline()
    assert process.poll() is None
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert process.returncode == 128 + signal.SIGTERM


def test_a_configuration_mistake_is_one_sentence_and_exit_code_two() -> None:
    process = start("raise ConfigurationError('LUNAS_X is wrong: correct it.')")
    _, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (2, "LUNAS_X is wrong: correct it.\n")


@pytest.mark.parametrize("body", [ORDERLY, STUBBORN])
def test_a_process_does_not_outlive_its_supervisor(body: str) -> None:
    # Our process id stands for a supervisor that is alive; any other one for a supervisor that is gone.
    living = start(ORDERLY, LUNAS_SUPERVISOR_PID=str(os.getpid()))
    orphan = start(body, LUNAS_SUPERVISOR_PID="1")
    orphan.communicate(timeout=60)
    assert living.poll() is None
    living.terminate()
    living.communicate(timeout=60)


async def test_all_services_end_when_stop_is_set() -> None:
    stop, ended = asyncio.Event(), []

    async def service(name: str) -> None:
        await stop.wait()
        ended.append(name)

    async with asyncio.timeout(60):
        asyncio.get_running_loop().call_later(0.01, stop.set)
        await run_until_stopped(stop, [service("a"), service("b")], budget_seconds=60)
    assert sorted(ended) == ["a", "b"]


async def test_stop_requested_before_the_start_is_not_lost() -> None:
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(60):
        await run_until_stopped(stop, [_until(stop)], budget_seconds=60)


async def test_a_service_that_ignores_stop_is_cut_off_after_the_budget() -> None:
    stop = asyncio.Event()
    stop.set()
    async with asyncio.timeout(60):
        await run_until_stopped(stop, [asyncio.sleep(60)], budget_seconds=0.05)


async def test_one_failing_service_ends_the_others_and_is_raised() -> None:
    async def fail() -> None:
        raise RuntimeError("broken")

    async with asyncio.timeout(60):
        with pytest.raises(ExceptionGroup) as caught:
            await run_until_stopped(asyncio.Event(), [fail(), asyncio.sleep(60)], budget_seconds=60)
    assert caught.group_contains(RuntimeError, match="broken")


async def test_a_drain_step_has_a_budget() -> None:
    assert await within(1, asyncio.sleep(0), name="quick")
    assert not await within(0.01, asyncio.sleep(60), name="slow")


async def test_a_sleep_ends_with_stop() -> None:
    stop = asyncio.Event()
    assert not await sleep_until(stop, 0.01)
    stop.set()
    assert await sleep_until(stop, 60)


async def _until(stop: asyncio.Event) -> None:
    await stop.wait()
