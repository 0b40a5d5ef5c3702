"""The shipped definitions in a vhost and under users of a test's own, as an operator imports them."""

from __future__ import annotations

import base64
import json
import secrets
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import pytest

from deploy.rabbitmq.make_definitions import PERMISSIONS, definitions
from tests.services import BrokerServer

Connect = Callable[[str], str]
"""The address of a user."""
Document = dict[str, Any]


@contextmanager
def imported(rabbitmq: BrokerServer) -> Iterator[Callable[..., Connect]]:
    """Imports the definitions at each call, after `change` was made to them; everything is gone afterwards."""
    if not rabbitmq.rabbitmqctl:
        pytest.fail("this test needs the broker's control program: LUNAS_TEST_RABBITMQCTL")
    suffix, password = secrets.token_hex(3), secrets.token_hex(12)
    vhost, parts = f"permissions-{suffix}", urlsplit(rabbitmq.url)

    def import_them(change: Callable[[Document], object] = lambda _: None) -> Connect:
        document = definitions(dict.fromkeys(PERMISSIONS, password), vhost=vhost)
        change(document)
        for user in document["users"]:
            user["name"] += suffix
        for permission in document["permissions"]:
            permission["user"] += suffix
        raw = base64.b64encode(json.dumps(document).encode()).decode()
        _control(rabbitmq, "eval", f'ok = rabbit_definitions:import_raw(base64:decode(<<"{raw}">>)).')
        return lambda user: urlunsplit(
            (parts.scheme, f"{user}{suffix}:{password}@{parts.hostname}:{parts.port}", f"/{vhost}", "", "")
        )

    yield import_them
    users = ",".join(f'<<"{user}{suffix}">>' for user in PERMISSIONS)
    _control(
        rabbitmq,
        "eval",
        f'catch rabbit_vhost:delete(<<"{vhost}">>, <<"t">>), [catch rabbit_auth_backend_internal:delete_user(U, <<"t">>) || U <- [{users}]].',
    )


def _control(server: BrokerServer, *arguments: str) -> None:
    done = subprocess.run([*server.rabbitmqctl, *arguments], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
