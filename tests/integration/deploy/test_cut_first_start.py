"""A power cut while a broker's home was being made: the next start needs no person."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from deploy.local.services import first_start
from deploy.local.services.home import Home
from deploy.local.services.private import private_services
from runtime.amqp.probe import published

pytestmark = [pytest.mark.timeout(1200), pytest.mark.heavy]


def test_a_broker_whose_tables_were_never_written_starts_and_confirms(home: Path) -> None:
    # The database is given, so only a broker is started; nobody asks it for anything.
    given = "postgresql://nobody@127.0.0.1/none"
    with private_services(home, database_url=given) as urls:
        assert urls.broker_url
    folder = Home(home).found_data("rabbitmq")
    assert folder is not None
    tables = list(folder.glob("db/*/*/*/*.dets"))
    assert {table.name for table in tables} >= {"meta.dets", "names.dets"}
    for table in tables:
        table.write_bytes(bytes(table.stat().st_size))
    with private_services(home, database_url=given) as urls:
        assert asyncio.run(published(urls.broker_url, 60.0)) is True
    assert "was never written" in (home / "logs" / "rabbitmq.log").read_text("utf-8")


def test_a_broker_whose_schema_was_cut_off_before_anybody_could_use_it_is_made_anew(home: Path) -> None:
    given = "postgresql://nobody@127.0.0.1/none"
    with private_services(home, database_url=given):
        pass
    folder = Home(home).found_data("rabbitmq")
    assert folder is not None
    (node,) = (path for path in (folder / "db").iterdir() if (path / "schema.DAT").exists())
    # As a first start leaves it: nobody was told its address, and only some of its files reached the disk.
    node.with_name(node.name + first_start.NOTE).touch()
    for lost in [*node.glob("*.LOG"), *node.glob("*.DAT")]:
        lost.write_bytes(bytes(lost.stat().st_size))
    with private_services(home, database_url=given) as urls:
        assert not node.with_name(node.name + first_start.NOTE).exists()
        assert asyncio.run(published(urls.broker_url, 60.0)) is True
    assert "cut off before anybody could use it" in (home / "logs" / "rabbitmq.log").read_text("utf-8")
