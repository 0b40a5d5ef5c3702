"""The broker's configuration file of the deployment boots a real broker, and brings in users and queues at every start."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import aio_pika
import pytest

from deploy.local.services import programs, rabbitmq
from deploy.local.services.private import private_services
from deploy.local.services.service import Service
from deploy.local.services.users import ServiceUser
from deploy.make_secrets import make_secrets
from deploy.rabbitmq.make_definitions import PERMISSIONS, VHOST
from runtime.amqp.broker import Broker
from schemas.topology import QUARANTINE, queue_name, topology

CONFIGURATION = Path(__file__).resolve().parents[3] / "deploy/rabbitmq/rabbitmq.conf"
PATH = "/run/secrets/broker_definitions.json"


class Configured:
    """A broker with our file; only the path of the definitions and the port are those of this machine."""

    def __init__(self, service: Service, secrets: Path) -> None:
        self._service = service
        self._secrets = secrets

    def url(self, user: str) -> str:
        port = self._service.url.rsplit(":", 1)[1].strip("/")
        return (
            (self._secrets / f"broker_url_{user}").read_text().replace("rabbitmq:5672", f"127.0.0.1:{port}")
        )

    def ask(self, *command: str) -> str:
        done = subprocess.run(
            [*self._service.control, "-q", *command], check=True, capture_output=True, text=True, timeout=120
        )
        return done.stdout

    def restart(self) -> None:
        self._service.stop()
        self._service.launch()
        self._service.wait_ready()


@pytest.fixture(scope="module")
def broker() -> Iterator[Configured]:
    missing = programs.missing_packages()
    assert not missing, f"install {' '.join(missing)}: this test boots the real broker"
    home = Path(tempfile.mkdtemp(prefix="lunas-configured-"))
    home.chmod(0o755)  # the broker's own user must pass through
    secrets = home / "secrets"
    make_secrets(secrets)
    private = rabbitmq._write_configuration

    def ours(folder: Path, user: ServiceUser, port: int, password: str, cookie: str) -> None:
        private(folder, user, port, password, cookie)
        definitions = folder / "definitions.json"
        shutil.copy(secrets / "broker_definitions.json", definitions)
        user.own(definitions, 0o400)
        text = CONFIGURATION.read_text()
        assert PATH in text
        text = text.replace(PATH, str(definitions))
        text = text.replace("listeners.tcp.default = 5672", f"listeners.tcp.1 = 127.0.0.1:{port}")
        (folder / "rabbitmq.conf").write_text(text)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rabbitmq, "_write_configuration", ours)
        services = private_services(home, database_url="unused", erase=True)
        with services:
            yield Configured(services.services[0], secrets)


@pytest.mark.parametrize("start", ["first", "again"])
async def test_the_deployments_file_boots_a_broker_that_holds_the_definitions(
    broker: Configured, start: str
) -> None:
    if start == "again":
        broker.ask("delete_user", "lunas-operator")
        broker.restart()
    users = {line.split()[0] for line in broker.ask("list_users", "--no-table-headers").splitlines()}
    assert users == set(PERMISSIONS), "and no guest"
    listed = broker.ask("list_queues", "-p", VHOST, "--no-table-headers", "name").split()
    assert {queue_name(0), QUARANTINE} <= set(listed)
    async with Broker(broker.url("ingress"), name="test", topology=topology()) as ingress:
        await ingress.ready(60.0)
    async with await aio_pika.connect(broker.url("operator")) as connection:
        await (await connection.channel()).close()
