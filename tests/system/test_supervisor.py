"""`lunas dev`, what `make run` starts: addresses, restarts, stops, and commands that find it."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from deploy.local.services.instance import Instance, find_instance
from runtime.settings import Settings
from tests.ports import held_ports
from tests.system.pipeline import PATIENT

ROOT = Path(__file__).resolve().parents[2]
READY_SECONDS = 180.0
DOORS = ("ingress", "api", "console", "fakes")

Start = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def environment(tmp_path: Path, database_url: str, broker_url: str) -> dict[str, str]:
    """A home of its own, given services, any free ports."""
    names = [name for name in Settings.model_fields if name.endswith("_port")]
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "LUNAS_ENV": "development",
        "LUNAS_DOTENV": os.devnull,
        "LUNAS_HOME": str(tmp_path / "home"),
        "LUNAS_DATABASE_URL": database_url,
        "LUNAS_BROKER_URL": broker_url,
        **PATIENT,
        **{f"LUNAS_{name.upper()}": "0" for name in names},
    }


@pytest.fixture
def start(environment: dict[str, str], tmp_path: Path) -> Iterator[Start]:
    started: list[subprocess.Popen[str]] = []

    def run(**more: str) -> subprocess.Popen[str]:
        with (tmp_path / "output").open("w") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "console.main", "dev"],
                cwd=ROOT, env=environment | more, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                text=True, start_new_session=True,
            )  # fmt: skip
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


def wait_for_instance(process: subprocess.Popen[str], environment: dict[str, str]) -> Instance:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        found = find_instance(environment)
        if found is not None:
            return found
        time.sleep(0.1)
    output = Path(environment["HOME"], "output").read_text(encoding="utf-8")
    raise AssertionError(f"no instance (exit {process.returncode}):\n{output}")


def children(pid: int) -> dict[str, int]:
    """Our processes below a supervisor: name -> process id."""
    found = {}
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            words = (entry / "cmdline").read_bytes().decode().split("\0")
        except (OSError, IndexError):
            continue
        if parent == pid and "run" in words:
            found[words[words.index("run") + 1]] = int(entry.name)
    return found


def ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/readyz", timeout=180) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def until(condition: Callable[[], bool], seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def gone(pids: list[int]) -> bool:
    return not any(
        Path(f"/proc/{pid}/cmdline").exists() and Path(f"/proc/{pid}/cmdline").read_bytes() for pid in pids
    )


def test_at_a_terminal_the_addresses_come_first_and_no_routine(
    environment: dict[str, str], tmp_path: Path
) -> None:
    master, slave = os.openpty()
    try:
        process = subprocess.Popen(
            [sys.executable, "-m", "console.main", "dev"],
            cwd=ROOT, env=environment | {"TERM": "xterm"}, stdin=slave, stdout=slave, stderr=slave, start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        (tmp_path / "output").touch()
        try:
            instance = wait_for_instance(process, environment)
            said = b""
            while b"More: " not in said:
                said += os.read(master, 65_536)
        finally:
            process.terminate()
            with contextlib.suppress(OSError):
                while os.read(master, 65_536):
                    pass
            process.wait(timeout=180)
    finally:
        os.close(master)
    lines = said.decode().replace("\r", "").splitlines()
    assert lines[0].startswith("lunas: starting")
    assert lines[1].startswith("lunas is running")
    shown = [line.split()[-1] if "password" not in line else line for line in lines[3:6]]
    assert [
        instance.addresses[name] in line
        for name, line in zip(("ingress", "api", "console"), shown, strict=True)
    ] == [True] * 3
    assert '{"action"' not in said.decode()


def test_it_shows_its_addresses_restarts_what_dies_and_stops_in_order(
    start: Start, environment: dict[str, str], tmp_path: Path
) -> None:
    process = start()
    instance = wait_for_instance(process, environment)
    assert set(instance.addresses) == set(DOORS)
    assert all(ready(url) for url in instance.addresses.values())
    output = (tmp_path / "output").read_text(encoding="utf-8")
    # Nobody is at a terminal: every line is a document.
    told = [json.loads(line) for line in output.splitlines()]
    [there] = [one for one in told if one["action"] == "instance.ready"]
    assert there["addresses"].items() <= instance.addresses.items()
    assert there["first_payment"][0].startswith("curl ")

    before = children(process.pid)
    assert {"ingress", "processor", "projections", "api", "notify", "console"} <= set(before)
    os.kill(before["ingress"], signal.SIGKILL)
    assert until(lambda: children(process.pid).get("ingress") not in (None, before["ingress"]), 180)
    assert until(lambda: ready(instance.addresses["ingress"]), 180)

    found = subprocess.run(
        [sys.executable, "-m", "console.main", "status", "--json"], cwd=ROOT, capture_output=True, text=True,
        env={"PATH": environment["PATH"], "HOME": environment["HOME"], "LUNAS_HOME": environment["LUNAS_HOME"]},
    )  # fmt: skip
    assert json.loads(found.stdout)["processes"]["ingress"] == "ready"

    pids = list(children(process.pid).values())
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=180) == 0
    assert gone(pids)
    assert find_instance(environment) is None


def ask(method: str, url: str, document: object = None, **headers: str) -> Any:
    body = None if document is None else json.dumps(document).encode()
    request = urllib.request.Request(
        url, body, {"Content-Type": "application/json", **headers}, method=method
    )
    with urllib.request.urlopen(request, timeout=180) as answer:
        return json.loads(answer.read())


def shown(url: str, field: str, **headers: str) -> Any:
    """A field of an answer; None while the read models have not got there."""
    try:
        return ask("GET", url, **headers)[field]
    except urllib.error.HTTPError as error:
        if error.code != 404:
            raise
        return None


def test_money_paid_at_a_fake_reaches_the_customer_and_its_clock_is_moved_by_command(
    start: Start, environment: dict[str, str]
) -> None:
    process = start()
    instance = wait_for_instance(process, environment)
    fakes, api = instance.addresses["fakes"], f"{instance.addresses['api']}/v1/customers/budi"
    ours = {"Authorization": "Bearer dev-api-key"}
    theirs = {
        "Authorization": "Basic " + base64.b64encode(b"dev-xendit-key:").decode(),
        "api-version": "2024-11-11",
    }
    ask("PUT", api, {"email": "budi@example.com"}, **ours)
    wish = {
        "type": "PAY",
        "country": "ID",
        "currency": "IDR",
        "request_amount": 50_000,
        "channel_code": "QRIS",
    }
    meaning = {"payment_type": "credit_topup", "customer_id": "budi"}
    for reference in ("topup-1", "topup-2"):
        ask(
            "POST", f"{fakes}/xendit/v3/payment_requests", wish | {"reference_id": reference, "metadata": meaning}, **theirs
        )  # fmt: skip
    ask("POST", f"{fakes}/fake/payments/xendit/topup-1/pay", {})
    assert until(lambda: shown(f"{api}/balance", "credit_idr", **ours) == 50_000, 180)

    made = ask(
        "POST",
        f"{instance.addresses['api']}/v1/topups",
        {"customer_id": "budi", "amount": 25_000, "payment_method": "va", "va_channel": "BCA"},
        **ours,
    )
    ask("POST", f"{fakes}/fake/payments/xendit/{made['xendit_id']}/pay", {})
    assert until(lambda: shown(f"{api}/balance", "credit_idr", **ours) == 75_000, 180)
    with urllib.request.urlopen(made["payment_page_url"], timeout=180) as receipt:
        assert "Bukti pembayaran" in receipt.read().decode()

    shop = {"Authorization": "Bearer dev-scalev-key"}
    (store,) = ask("GET", f"{fakes}/scalev/v3/stores/simplified", **shop)["data"]
    products = ask("GET", f"{fakes}/scalev/v3/stores/{store['unique_id']}/products", **shop)["data"]
    lines = [{"quantity": 1, "variant_unique_id": products[0]["variants"][0]["unique_id"]}]
    buyer = {"customer_name": "Budi", "customer_email": "budi@example.com", "ordervariants": lines}
    order = ask("POST", f"{fakes}/scalev/v3/orders", {"store_unique_id": store["unique_id"], **buyer}, **shop)
    ask("POST", f"{fakes}/fake/payments/scalev/{order['order_id']}/pay", {})
    assert until(lambda: len(shown(f"{api}/enrollments", "items", **ours) or []) == 1, 180)
    ask("POST", f"{fakes}/fake/sales/mayar", {"product": "Paket Silver", "email": "budi@example.com"})
    assert until(lambda: shown(f"{api}/balance", "chat_tokens", **ours) == 5, 180)

    moved = subprocess.run(
        [sys.executable, "-m", "console.main", "fake", "clock", "advance", "49h", "--json"], cwd=ROOT,
        capture_output=True, text=True,
        env={"PATH": environment["PATH"], "HOME": environment["HOME"], "LUNAS_HOME": environment["LUNAS_HOME"]},
    )  # fmt: skip
    assert json.loads(moved.stdout)["now"], moved.stderr

    def told() -> list[tuple[str, str]]:
        sent = ask("GET", f"{fakes}/fake/webhooks?provider=xendit")
        return [(one["event"], one["state"]) for one in sent]

    assert until(lambda: len(told()) == 3 and {state for _, state in told()} == {"delivered"}, 180), told()
    assert [event for event, _ in told()] == ["payment.capture", "payment.capture", "payment_request.expiry"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=180) == 0


def test_when_the_supervisor_is_killed_its_processes_end_and_it_starts_again(
    start: Start, environment: dict[str, str]
) -> None:
    with held_ports(1) as [any_free]:
        port = str(any_free)
    process = start(LUNAS_INGRESS_PORT=port)
    wait_for_instance(process, environment)
    pids = list(children(process.pid).values())
    process.kill()
    process.wait()
    # At once, while the old processes still hold the port that was asked for.
    again = start(LUNAS_INGRESS_PORT=port)
    assert until(lambda: gone(pids), 180)
    assert wait_for_instance(again, environment).addresses["ingress"].endswith(f":{port}")
    again.send_signal(signal.SIGINT)
    assert again.wait(timeout=180) == 0


def test_an_explicit_port_that_is_taken_is_one_sentence_and_exit_code_two(
    start: Start, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = start(LUNAS_API_PORT=str(taken.getsockname()[1]))
        assert process.wait(timeout=180) == 2
    output = (tmp_path / "output").read_text(encoding="utf-8")
    assert re.search(r"^LUNAS_API_PORT is \d+, but that port is already in use", output, re.MULTILINE)
    assert "Traceback" not in output


def test_a_wrong_catalogue_and_a_taken_port_are_said_before_any_service_is_started(
    start: Start, tmp_path: Path, environment: dict[str, str]
) -> None:
    catalogue = tmp_path / "shop.toml"
    catalogue.write_text('[[products]]\nid = "x"\nkind = "cours"\n', encoding="utf-8")
    private = {"LUNAS_DATABASE_URL": "", "LUNAS_BROKER_URL": ""}
    assert start(LUNAS_CATALOG=str(catalogue), **private).wait(timeout=180) == 2
    assert "products.0.kind" in (tmp_path / "output").read_text(encoding="utf-8")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert start(LUNAS_API_PORT=str(taken.getsockname()[1]), **private).wait(timeout=180) == 2
    assert "LUNAS_API_PORT is" in (tmp_path / "output").read_text(encoding="utf-8")
    assert not (Path(environment["LUNAS_HOME"]) / "postgres").exists()
    assert not (Path(environment["LUNAS_HOME"]) / "rabbitmq").exists()


def test_a_signal_while_it_starts_leaves_nothing(start: Start, environment: dict[str, str]) -> None:
    process = start()
    assert until(lambda: bool(children(process.pid)), 180)
    pids = list(children(process.pid).values())
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=180) == 0
    assert gone(pids)
    assert find_instance(environment) is None
