"""A private RabbitMQ node with an epmd, a cookie, a user and ports of its own, on 127.0.0.1 only."""

from __future__ import annotations

import os
import re
import signal
import socket
from pathlib import Path

from deploy.local.services import first_start
from deploy.local.services.children import CLOCK_VARIABLES, Child, minimal_environment
from deploy.local.services.handing_on import HANDS_ON, WATCH
from deploy.local.services.home import Home
from deploy.local.services.orders import Order
from deploy.local.services.ports import PortLeases, private_candidates
from deploy.local.services.service import Service
from deploy.local.services.unserving import DELETE_UNSERVING, LONGEST_SECONDS
from deploy.local.services.unwritten import put_aside
from deploy.local.services.users import ServiceUser, service_user

USER = "lunas"
LEAST_FREE_BYTES = 64_000_000
# The log of all quorum queues (512 MB), which is copied to a file of each queue when it is full: where publishers are stopped later, what they sent
# before fills the disk by itself, and a broker without any room does not start again.
MOST_FREE_BYTES = 600_000_000
SHARE_KEPT_FREE = 8
# A developer's disk, and one of a test, may be small; what is deployed asks for more (deploy/rabbitmq/rabbitmq.conf).
LOG_BYTES = 10_000_000
# Protocol header of AMQP 0-9-1; a broker that accepts work answers with a method frame (type 1).
AMQP_GREETING = b"AMQP\x00\x00\x09\x01"

# A quorum queue is known to its node through a table that reaches the disk about a second later. A node killed before
# that forgets the queue's log and starts a new one without electing a leader: the queue would hang for ever (seen with
# 3.10.8). SYNC closes that second once our queues are declared; REVIVE elects leaders where one is missing;
# one queue that does not run is not to keep the others from theirs.
# A table that says no makes the whole expression one: rabbitmqctl ends with 0 for every other answer, and the order would count as taken.
SYNC = "[] = [Table || Table <- dets:all(), dets:sync(Table) =/= ok]."
REVIVE = HANDS_ON + (
    "HandsOn(), catch mnesia:sync_log(), "
    "[catch ra:trigger_election({Name, node()}) || Queue <- rabbit_amqqueue:list(),"
    " amqqueue:get_type(Queue) =:= rabbit_quorum_queue, {Name, _} <- [amqqueue:get_pid(Queue)],"
    " ra_leaderboard:lookup_leader(Name) =:= undefined], "
)
# A queue that was made while the disk was full, or as the power went, has a description (`config`) of no bytes, or none: after the next start nothing
# can start it, what is published to it is refused and who wants to read it is told INTERNAL_ERROR, for ever (seen with 3.10.8; a restart does not
# help). What it is called is known, so it is deleted, and made anew by whoever needs it. One that is being made has none yet either: so it is looked at twice.
MAKING_MS = 3_000
PUT_ASIDE = (
    "Unwritten = fun(Queue) -> {Name, _} = amqqueue:get_pid(Queue), whereis(Name) =:= undefined andalso"
    " case catch ra:restart_server(quorum_queues, {Name, node()}) of {error, enoent} -> true;"
    " {error, {_, erl_parse, _}} -> true; _ -> false end end, "
    "Twice = fun([]) -> []; (Queues) -> timer:sleep("
    f"{MAKING_MS}), [Queue || Queue <- Queues, {{ok, Now}} <- [rabbit_amqqueue:lookup(amqqueue:get_name(Queue))],"
    " amqqueue:get_pid(Now) =:= amqqueue:get_pid(Queue), Unwritten(Queue)] end, "
    '[begin rabbit_amqqueue:delete(Queue, false, false, <<"lunas">>), element(4, amqqueue:get_name(Queue)) end'
    " || Queue <- Twice([Queue || Queue <- rabbit_amqqueue:list(), amqqueue:get_type(Queue) =:= rabbit_quorum_queue, Unwritten(Queue)])]."
)
_NAME = re.compile(r'<<"([^"]*)">>')


def rabbitmq_service(
    home: Home, programs: Path, epmd: str, leases: PortLeases, *, journaled: bool = True
) -> Service:
    """The broker of one home, ready to start. `journaled`: what it holds ingress holds too, so a queue that cannot serve any more may be made anew."""
    user = service_user("rabbitmq")
    folder = home.data_folder("rabbitmq", user)
    candidates = private_candidates(home.path)
    port, dist_port, epmd_port = (leases.pick(candidates) for _ in range(3))
    secrets = home.secrets()
    _write_configuration(folder, user, port, secrets["rabbitmq_password"], secrets["erlang_cookie"])
    environment = _environment(folder, home.digest(), dist_port, epmd_port)
    data = folder / "db" / environment["RABBITMQ_NODENAME"]
    broker = Child(
        name="rabbitmq",
        command=[str(programs / "rabbitmq-server")],
        environment=environment,
        user=user,
        folder=folder,
        log=home.logs / "rabbitmq.log",
        # No death signal but SIGKILL is sure to be in time; queues that were confirmed survive it.
        death_signal=signal.SIGKILL,
        mark=f"-home\0{folder}\0",
        before=lambda: _mended(data, user, home.logs / "rabbitmq.log"),
    )
    control = _rabbitmqctl(programs, environment, user, folder)
    aside: list[str] = []

    def order(expression: str, seconds: float | None = None) -> Order:
        told = [*control, "eval", expression]
        return Order(
            "RabbitMQ", told, heard=lambda said: put_aside_in_words(said, aside), answer_seconds=seconds
        )

    return Service(
        name="RabbitMQ",
        url=f"amqp://{USER}:{secrets['rabbitmq_password']}@127.0.0.1:{port}/",
        children=[_epmd(epmd, epmd_port, environment, user, folder, home), broker],
        ready=lambda: amqp_answers(port),
        before_use=lambda: first_start.end(data),
        start_budget_seconds=120.0,
        stop_budget_seconds=8.0,
        start_orders=[
            order(REVIVE + PUT_ASIDE),
            order(WATCH),
            *([order(DELETE_UNSERVING, LONGEST_SECONDS)] if journaled else []),
        ],
        settle_orders=[Order("RabbitMQ", [*control, "eval", SYNC])],
        control=control,
        full=lambda: has_less_than(folder, free_limit(folder)),
        doubtful=aside,
        forgets_when_full=journaled,
    )


def put_aside_in_words(said: str, aside: list[str]) -> str:
    """What the orders at a start answered, for a person; empty where they deleted nothing. `aside` gets the names."""
    names = _NAME.findall(said)
    if not names:
        return ""
    aside += names
    return (
        f"RabbitMQ cannot serve {', '.join(names)} any more: deleted, to be made anew. What was accepted meanwhile is in the journal; "
        "`lunas ingress republish --since 7d --missing` sends it again, and what is stored already stays as it is"
    )


def _mended(data: Path, user: ServiceUser, log: Path) -> None:
    """What a power cut in the middle of a first start left is out of the broker's way."""
    unfinished = first_start.begin(data)
    user.own(data.parent, 0o700)
    words = [f"{table} was never written; it is put aside, and made anew" for table in put_aside(data)]
    if unfinished is not None:
        words.append(f"the first start was cut off before anybody could use it; {unfinished} is what it left, and it is made anew")  # fmt: skip
    if words:
        with log.open("a", encoding="utf-8") as said:
            said.writelines(f"lunas: {line}\n" for line in words)


def _rabbitmqctl(programs: Path, environment: dict[str, str], user: ServiceUser, folder: Path) -> list[str]:
    """Command prefix of rabbitmqctl for this broker (tests make virtual hosts with it)."""
    pairs = {name: f"{name}={value}" for name, value in environment.items()}
    # Only after the switch of user: libfaketime makes files of the user who starts it, and others may not open them.
    clock = [pairs.pop(name) for name in CLOCK_VARIABLES if name in pairs]
    as_user = ["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups"] if user.name else []
    return [
        "env",
        "-i",
        "-C",
        str(folder),
        *pairs.values(),
        *as_user,
        "env",
        *clock,
        str(programs / "rabbitmqctl"),
    ]


def _epmd(
    program: str, port: int, environment: dict[str, str], user: ServiceUser, folder: Path, home: Home
) -> Child:
    """Erlang's port mapper in the foreground; a node would start one as a daemon that nobody stops."""
    return Child(
        name="epmd",
        command=[program, "-port", str(port), "-address", "127.0.0.1"],
        environment=environment,
        user=user,
        folder=folder,
        log=home.logs / "epmd.log",
    )


def _environment(folder: Path, digest: str, dist_port: int, epmd_port: int) -> dict[str, str]:
    return minimal_environment(
        HOME=str(folder),
        RABBITMQ_NODENAME=f"lunas-{digest}@localhost",
        RABBITMQ_MNESIA_BASE=str(folder / "db"),
        RABBITMQ_LOG_BASE=str(folder / "log"),
        RABBITMQ_ENABLED_PLUGINS_FILE=str(folder / "enabled_plugins"),
        RABBITMQ_CONFIG_FILE=str(folder / "rabbitmq.conf"),
        RABBITMQ_ADVANCED_CONFIG_FILE=str(folder / "advanced.config"),
        # The package's own file would bring the system node's name.
        RABBITMQ_CONF_ENV_FILE="/dev/null",
        # Makes the start script become the broker: a shell in between would survive and leave its child behind.
        RUNNING_UNDER_SYSTEMD="true",
        RABBITMQ_DIST_PORT=str(dist_port),
        RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS="-kernel inet_dist_use_interface {127,0,0,1}",
        # A node, or a helper it starts while it boots, would start an epmd of its own when ours is already gone.
        ERL_ZFLAGS="-start_epmd false",
        ERL_EPMD_PORT=str(epmd_port),
        ERL_EPMD_ADDRESS="127.0.0.1",
    )


def _write_configuration(folder: Path, user: ServiceUser, port: int, password: str, cookie: str) -> None:
    """With a default user of our own, the well-known `guest` is never made."""
    files = {
        "rabbitmq.conf": (
            f"listeners.tcp.1 = 127.0.0.1:{port}\n"
            f"default_user = {USER}\n"
            f"default_pass = {password}\n"
            f"disk_free_limit.absolute = {free_limit(folder)}\n"
            # It lies on the disk of the data, and a queue that dies writes everything it knows: 464 MB within minutes were seen, and no room to start.
            f"log.file.rotation.size = {LOG_BYTES}\n"
            "log.file.rotation.count = 2\n"
        ),
        # When the log of all quorum queues is full (512 MB), what is still needed of it is copied to a file of each queue, and the broker
        # stands still meanwhile, for up to half a second. Needed is what came after a queue's last snapshot. A snapshot of a queue that
        # is nearly empty, as ours are, costs nothing, so one is taken after every 512 entries; with the default of 8192 it may be all.
        "advanced.config": "[{rabbit, [{quorum_snapshot_interval, 512}]}].\n",
        "enabled_plugins": "[].\n",
        ".erlang.cookie": cookie,
    }
    for name, text in files.items():
        path = folder / name
        path.unlink(missing_ok=True)
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
        user.own(path, 0o400 if name == ".erlang.cookie" else 0o600)


def free_limit(folder: Path) -> int:
    """Bytes that stay free on the disk of that folder: an eighth of it, within bounds."""
    there = os.statvfs(folder)
    return min(MOST_FREE_BYTES, max(LEAST_FREE_BYTES, there.f_blocks * there.f_frsize // SHARE_KEPT_FREE))


def has_less_than(folder: Path, least: int) -> bool:
    """Whether whoever writes in that folder has fewer bytes left. A folder that nobody can ask is not full."""
    try:
        there = os.statvfs(folder)
    except OSError:
        return False
    return there.f_bavail * there.f_frsize < least


def amqp_answers(port: int) -> bool:
    """Whether a broker there accepts work."""
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
            connection.sendall(AMQP_GREETING)
            return connection.recv(1) == b"\x01"
    except OSError:
        return False
