"""`python -m tests.benchmarks.node_loss [REQUESTS]`: three RabbitMQ nodes, a door in front of them, and the loss of one under load.

The nodes are private ones of this machine (the package's RabbitMQ), in one cluster; ingress is the real process with `LUNAS_INGRESS_DURABILITY=broker`, so
that every answer depends on the brokers, then with its journal. A third of the way through, the node that leads the work queue is killed
(SIGKILL); it stays away. Every answer is counted, then every body that was answered 200 is looked for in the queue.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp

from deploy.local.services import programs, rabbitmq
from deploy.local.services.children import Child
from deploy.local.services.home import Home
from deploy.local.services.service import Service
from deploy.local.services.users import service_user
from runtime.amqp.broker import Broker, LinkOptions
from schemas.envelope import unpack
from schemas.topology import own_queues, queue_name, topology
from tests.ports import Ports

WORK_QUEUE = queue_name(own_queues(1)["xendit"])
NODES = 3
RATE = 40  # per second
PATIENCE_SECONDS = 5.0  # a provider's
HEADERS = {"x-callback-token": "dev-xendit-secret", "content-type": "application/json"}


@dataclass(frozen=True)
class Node:
    """One of the cluster."""

    name: str
    service: Service

    @property
    def address(self) -> str:
        return urlsplit(self.service.url).netloc.rpartition("@")[2]

    def ask(self, *words: str) -> str:
        """What its control program answers."""
        done = subprocess.run(
            [*self.service.control, *words], capture_output=True, text=True, timeout=90, check=True
        )
        return done.stdout


@contextlib.contextmanager
def cluster(folder: Path) -> Iterator[list[Node]]:
    """Three nodes that have found each other."""
    ports = Ports()
    local, epmd = programs.rabbitmq_folder(), programs.epmd_program()
    if local is None or epmd is None:
        raise SystemExit("this needs RabbitMQ of the package: apt-get install rabbitmq-server")
    user, homes = service_user("rabbitmq"), [Home(folder / f"n{number}") for number in range(NODES)]
    with contextlib.ExitStack() as stack:
        stack.callback(ports.close)
        for home in homes:
            stack.callback(home.erase)
            stack.enter_context(home)
        secrets = homes[0].secrets()
        names = [f"lunas-{home.digest()}@localhost" for home in homes]
        (epmd_port,) = ports.pick(1)
        nodes: list[Node] = []
        for name, home in zip(names, homes, strict=True):
            data = home.data_folder("rabbitmq", user)
            port, dist_port = ports.pick(2)
            rabbitmq._write_configuration(
                data, user, port, secrets["rabbitmq_password"], secrets["erlang_cookie"]
            )
            with (data / "rabbitmq.conf").open("a", encoding="utf-8") as more:
                more.write("cluster_formation.peer_discovery_backend = classic_config\n")
                more.writelines(
                    f"cluster_formation.classic_config.nodes.{number} = {one}\n"
                    for number, one in enumerate(names, 1)
                )
                more.write("cluster_partition_handling = pause_minority\n")
            environment = rabbitmq._environment(data, home.digest(), dist_port, epmd_port)
            broker = Child(
                name=f"rabbitmq {name}", command=[str(local / "rabbitmq-server")], environment=environment, user=user, folder=data,
                log=home.logs / "rabbitmq.log",
            )  # fmt: skip
            mapper = [] if nodes else [rabbitmq._epmd(epmd, epmd_port, environment, user, data, home)]
            nodes.append(
                Node(
                    name,
                    Service(
                        name=f"RabbitMQ {name}",
                        url=f"amqp://{rabbitmq.USER}:{secrets['rabbitmq_password']}@127.0.0.1:{port}/",
                        children=[*mapper, broker],
                        ready=partial(rabbitmq.amqp_answers, port),
                        start_budget_seconds=180.0,
                        stop_budget_seconds=8.0,
                        control=rabbitmq._rabbitmqctl(local, environment, user, data),
                    ),
                )
            )
        for node in reversed(nodes):
            stack.callback(_end, node.service)
        for node in nodes:
            # One after the other: each finds those that are there already.
            node.service.launch()
            node.service.wait_ready()
        nodes[0].ask("await_online_nodes", str(NODES), "--timeout", "60")
        yield nodes


def _end(service: Service) -> None:
    for child in reversed(service.children):
        child.kill()


@contextlib.contextmanager
def door(url: str, home: Path, durability: str) -> Iterator[str]:
    """Ingress as shipped."""
    ports = Ports()
    port, metrics = ports.pick(2)
    environment = {
        "PATH": os.environ["PATH"], "HOME": str(home), "LUNAS_ENV": "development", "LUNAS_HOME": str(home), "LUNAS_BROKER_URL": url,
        "LUNAS_INGRESS_PORT": str(port), "LUNAS_INGRESS_METRICS_PORT": str(metrics), "LUNAS_INGRESS_DURABILITY": durability,
        "LUNAS_INGRESS_JOURNAL": str(home / "journal"), "LUNAS_BROKER_PARTITIONS": "1", "XENDIT_WEBHOOK_SECRET": HEADERS["x-callback-token"],
    }  # fmt: skip
    log = (home / "ingress.log").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-m", "console.main", "run", "ingress"], env=environment, stdout=log, stderr=log
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
        log.close()
        ports.close()


async def post_all(
    url: str, requests: int, at_a_third: asyncio.Event
) -> tuple[Counter[str], set[str], float]:
    """Answers, keys of what was answered 200, and the longest wait."""
    answers: Counter[str] = Counter()
    accepted: set[str] = set()
    waits = [0.0]

    async def one(session: aiohttp.ClientSession, number: int) -> None:
        key, began = f"py-loss-{number}", time.monotonic()
        body = json.dumps(
            {
                "event": "payment.capture",
                "data": {"payment_id": key, "status": "SUCCEEDED", "request_amount": 50000},
            }
        )
        try:
            async with session.post(f"{url}/webhooks/xendit", data=body, headers=HEADERS) as response:
                answers[str(response.status)] += 1
                if response.status == 200:
                    accepted.add(key)
        except (aiohttp.ClientError, TimeoutError) as error:
            answers[type(error).__name__] += 1
        waits.append(time.monotonic() - began)

    timeout = aiohttp.ClientTimeout(total=PATIENCE_SECONDS)
    started = time.monotonic()
    async with aiohttp.ClientSession(timeout=timeout) as session, asyncio.TaskGroup() as posts:
        for number in range(requests):
            await asyncio.sleep(max(0.0, started + number / RATE - time.monotonic()))
            posts.create_task(one(session, number))
            if number == requests // 3:
                at_a_third.set()
    return answers, accepted, max(waits)


async def stored(url: str, expected: set[str]) -> set[str]:
    """Keys of everything in the work queue."""
    found: set[str] = set()
    async with Broker(url, name="witness", topology=topology(1, ()), options=LinkOptions()) as broker:
        await broker.ready(60.0)
        consumer = broker.consumer(WORK_QUEUE, prefetch=1000)
        await consumer.start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(30):
                while not expected <= found:
                    for delivery in await consumer.take(1000, fill_seconds=0.2):
                        found |= {json.loads(one.body)["data"]["payment_id"] for one in unpack(delivery.body)}
                        await consumer.ack_through(delivery.tag)
    return found


async def ready(url: str) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(60):
        while True:
            with contextlib.suppress(aiohttp.ClientError):
                async with session.get(f"{url}/readyz") as response:
                    if response.status == 200:
                        return
            await asyncio.sleep(0.2)


async def lose_one(nodes: list[Node], url: str, requests: int) -> tuple[Counter[str], set[str], float]:
    """Load, and in the middle of it the end of the node that leads the queue."""
    await ready(url)
    third = asyncio.Event()
    load = asyncio.create_task(post_all(url, requests, third))
    await third.wait()
    leader = await asyncio.to_thread(_leader, nodes)
    leader.service.children[-1].kill()
    print(f"  killed {leader.name}, the leader of {WORK_QUEUE}", flush=True)
    return await load


def _leader(nodes: list[Node]) -> Node:
    listed = nodes[0].ask("-q", "list_queues", "name", "leader", "members", "--formatter", "json")
    queues = {one["name"]: one for one in json.loads(listed)}
    for name, one in sorted(queues.items()):
        print(f"  {name}: {len(one['members'])} members", flush=True)
        if len(one["members"]) != NODES:
            raise SystemExit(f"{name} has {len(one['members'])} members of {NODES}")
    return next(node for node in nodes if node.name == queues[WORK_QUEUE]["leader"])


def main(arguments: list[str]) -> int:
    requests = int(arguments[0]) if arguments else 1200
    lost = 0
    for durability in ("broker", "journal"):
        print(f"durability {durability}, {requests} webhooks at {RATE}/s", flush=True)
        folder = Path(tempfile.mkdtemp(prefix="lunas-loss-"))
        try:
            with cluster(folder) as nodes:
                addresses = ",".join(node.address for node in nodes)
                url = nodes[0].service.url.replace(nodes[0].address, addresses)
                with door(url, folder, durability) as opened:
                    answers, accepted, longest = asyncio.run(lose_one(nodes, opened, requests))
                    missing = accepted - asyncio.run(stored(url, accepted))
            said = ", ".join(f"{count} × {answer}" for answer, count in sorted(answers.items()))
            print(
                f"  answers: {said}; longest {longest:.1f} s; of those answered 200 missing: {len(missing)}",
                flush=True,
            )
            lost += len(missing) + sum(answers.values()) - answers["200"]
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    print("0 answers lost" if not lost else f"{lost} answers lost")
    return 0 if not lost else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
