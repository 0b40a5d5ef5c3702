"""One compose project: a copy of the project's files with secrets, ports and a name of its own."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import docker
import yaml

from tests.rehearsal.engine import Engine
from tests.rehearsal.steps import CommandFailed
from tests.witness.webhooks import catalogue

PROCESSES = ("ingress", "processor", "projections", "api", "notify", "console")
OURS = (*PROCESSES, "migrate", "operator")
COMMAND_SECONDS = 900.0
FAKE_PORT = 9100
DOORS = ("INGRESS", "API", "CONSOLE", "FAKES", "DATABASE", "STANDBY")


@dataclass
class Project:
    """`ports` by door. `overlays` are compose files of `deploy/` beside `compose.yaml`; `make` further words for `deploy.make_secrets`."""

    name: str
    home: Path
    engine: Engine
    ports: dict[str, int]
    overlays: Sequence[str] = ()
    make: Sequence[str] = ()
    wished: dict[str, str] = field(default_factory=dict)
    """Images in place of those that the compose file names: of `postgres` and `rabbitmq`."""
    primary: str = "DATABASE"
    """The door of the server that takes writes."""
    image: str = ""
    reads: bool = False
    """Whether the API's read calls go to the standby (docs/deployment.md)."""

    @property
    def folder(self) -> Path:
        """Where a user would have the clone."""
        return self.home / "clone"

    @property
    def said(self) -> Path:
        """All that compose said."""
        return self.home / "compose.log"

    def secret(self, name: str) -> str:
        return (self.folder / "deploy/secrets" / name).read_text().strip()

    def url(self, door: str) -> str:
        return f"http://127.0.0.1:{self.ports[door]}"

    @property
    def database_url(self) -> str:
        """The witness's own way to the server, as its owner."""
        return self.database_at(self.primary)

    def database_at(self, door: str) -> str:
        return f"postgresql://postgres:{self.secret('postgres_password')}@127.0.0.1:{self.ports[door]}/lunas"

    def prepare(self, image: str) -> None:
        """Secrets as the pages say, what the providers' dashboards would give, the ports, and the witness's catalogue."""
        # Containers' users are somebody else here, and must pass through.
        self.home.chmod(0o755)
        self.folder.chmod(0o755)
        subprocess.run(
            [sys.executable, "-m", "deploy.make_secrets", *self.make],
            cwd=self.folder, check=True, capture_output=True, env=os.environ | {"PYTHONPATH": str(self.folder)},
        )  # fmt: skip
        for name in ("xendit_webhook_secret", "scalev_webhook_secret", "xendit_secret_key"):
            (self.folder / "deploy/secrets" / name).write_text(secrets.token_hex(24))
        shipped = self.folder / "catalog.toml"
        shipped.write_text(catalogue(shipped.read_text()))
        lines = [f"LUNAS_{door}_PORT={self.ports[door]}" for door in ("INGRESS", "API", "CONSOLE")]
        example = (self.folder / ".env.example").read_text()
        (self.folder / ".env").write_text(example + "\n".join(["", *lines, ""]))
        self.take(image)

    def set(self, name: str, value: str) -> None:
        """A setting of whoever runs the deployment, in its `.env`."""
        path = self.folder / ".env"
        others = [line for line in path.read_text().splitlines() if not line.startswith(f"{name}=")]
        path.write_text("\n".join([*others, f"{name}={value}", ""]))

    def take(self, image: str) -> None:
        """From now on compose starts this image."""
        self.image = image
        (self.home / "rehearsal.json").write_text(json.dumps(self._override(image), indent=1))

    def _override(self, image: str) -> dict[str, Any]:
        """What differs from a user's deployment: names of images, a fake in a provider's place, and a way to the database for the witness."""
        fake = {"XENDIT_BASE_URL": f"http://fakes:{FAKE_PORT}"}
        services: dict[str, Any] = {name: {"image": image} for name in OURS}
        for name in ("processor", "api", "operator"):
            services[name]["environment"] = fake
        secrets: dict[str, Any] = {}
        if self.reads:
            services["api"] |= {
                "environment": fake | {"LUNAS_DATABASE_READ_URL_FILE": "/run/secrets/database_url_reads"},
                "secrets": ["database_url_reads"],
            }
            secrets = {"database_url_reads": {"file": "./secrets/database_url_reads"}}
        services["fakes"] = {
            "image": image,
            "command": ["fake", "xendit", "--port", str(FAKE_PORT), "--webhooks", "http://ingress:8080", "--no-limits"],
            "environment": {
                "LUNAS_ENV": "development", "LUNAS_FAKES_HOST": "0.0.0.0", "LUNAS_DOTENV": os.devnull,
                "XENDIT_WEBHOOK_SECRET_FILE": "/run/secrets/xendit_webhook_secret",
                "XENDIT_SECRET_KEY_FILE": "/run/secrets/xendit_secret_key",
            },
            "secrets": ["xendit_webhook_secret", "xendit_secret_key"],
            "networks": ["edge", "outside"],
            "ports": [f"127.0.0.1:{self.ports['FAKES']}:{FAKE_PORT}"],
            "healthcheck": {"disable": True},
        }  # fmt: skip
        windows = {"postgres": "DATABASE"}
        if any("standby" in overlay for overlay in self.overlays):
            windows["postgres-2"] = "STANDBY"
        for service, door in windows.items():
            services[service] = {
                "networks": ["data", "witness"],
                "ports": [f"127.0.0.1:{self.ports[door]}:5432"],
            }
        for kind, other in self.wished.items():
            for service in (name for name, given in self._all().items() if _kind(name, given) == kind):
                services.setdefault(service, {})["image"] = other
        return {"services": services, "networks": {"witness": {}}, "secrets": secrets}

    def _words(self) -> list[str]:
        files = [self.folder / "deploy" / name for name in ("compose.yaml", *self.overlays)]
        files += [self.home / "rehearsal.json", *self.engine.more]
        named = [word for file in files for word in ("-f", str(file))]
        return [*self.engine.compose, "-p", self.name, "--env-file", str(self.folder / ".env"), *named]

    async def compose(self, *words: str, fine: Sequence[int] = (0,)) -> str:
        """What a command said. Raises CommandFailed for an exit code that is not fine."""
        process = await asyncio.create_subprocess_exec(
            *self._words(),
            *words,
            cwd=self.folder,
            # A variable of whoever starts this would win over the file.
            env={name: value for name, value in os.environ.items() if not name.startswith("LUNAS_")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            out, errors = await asyncio.wait_for(process.communicate(), COMMAND_SECONDS)
        except TimeoutError as error:
            process.kill()
            await process.wait()
            raise CommandFailed(
                f"compose {' '.join(words)} had not ended after {COMMAND_SECONDS:g} s"
            ) from error
        with self.said.open("ab") as log:
            log.write(f"\n$ compose {' '.join(words)}\n".encode() + out + errors)
        if process.returncode not in fine:
            told = (errors + out).decode(errors="replace").strip()[-2000:]
            raise CommandFailed(f"compose {' '.join(words)} ended with {process.returncode}:\n{told}")
        return out.decode(errors="replace")

    async def lunas(self, *words: str, fine: Sequence[int] = (0,)) -> str:
        """The operator's container, as the pages say."""
        return await self.compose("run", "--rm", "-T", "operator", *words, fine=fine)

    async def control_broker(self, *words: str) -> str:
        """rabbitmqctl on the first node that answers; nothing where none does."""
        for node in self.brokers():
            try:
                return await self.compose("exec", "-T", node, "rabbitmqctl", *words)
            except CommandFailed:
                continue
        return ""

    def brokers(self) -> list[str]:
        return [name for name in self.services() if name.startswith("rabbitmq")]

    async def remove_volume(self, name: str) -> None:
        """A volume of this project; compose itself removes all or none."""
        client = docker.from_env(timeout=60)
        try:
            await asyncio.to_thread(client.volumes.get(f"{self.name}_{name}").remove, force=True)
        finally:
            client.close()

    def services(self) -> list[str]:
        """Everything of the compose files that goes on running, in their order."""
        return [name for name, given in self._all().items() if given.get("restart") != "no"]

    def _all(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in ("compose.yaml", *self.overlays):
            document = read_compose(self.folder / "deploy" / name)
            for service, given in document["services"].items():
                found.setdefault(service, {}).update(given or {})
        return found


async def lose(project: Project, *services: str) -> None:
    """Killed, and not started again by the engine: as if their machines were gone."""
    await project.compose("stop", "-t", "0", *services)


def _kind(service: str, given: Mapping[str, Any]) -> str:
    """Whose image a service runs: what copies the database must be of its version. One that extends another names none."""
    return str(given.get("image") or service.partition("-")[0]).partition(":")[0]


def read_compose(path: Path) -> dict[str, Any]:
    """A compose file as written: nothing is merged or filled in."""
    document: dict[str, Any] = yaml.load(path.read_text(), _Loader)
    return document


class _Loader(yaml.SafeLoader):
    """Knows compose's `!override` and `!reset`."""


def _plain(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> object:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    return loader.construct_sequence(node) if isinstance(node, yaml.SequenceNode) else None


_Loader.add_multi_constructor("!", _plain)
