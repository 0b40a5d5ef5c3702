"""What is left of a run to explain it by."""

from __future__ import annotations

import re
from pathlib import Path

from tests.torture.diary import KEPT_BYTES, Diary


def test_what_the_keeper_did_is_told_and_written_with_its_time(tmp_path: Path) -> None:
    diary = Diary(tmp_path)
    for said in ("RabbitMQ takes orders again", "sent again from the journal"):
        diary.hear(said)
    assert diary.told == ["RabbitMQ takes orders again", "sent again from the journal"]
    first, second = (tmp_path / "keeper.log").read_text().splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d RabbitMQ takes orders again", first)
    assert second.endswith(" sent again from the journal")
    assert [each.name for each in tmp_path.iterdir()] == ["keeper.log"]


def test_of_a_queue_that_was_made_anew_the_end_of_the_brokers_log_is_kept(tmp_path: Path) -> None:
    logs = tmp_path / "services" / "rabbitmq" / "log"
    logs.mkdir(parents=True)
    (logs / "node.log").write_bytes(b"old" * KEPT_BYTES + b"the gap")
    Diary(tmp_path).hear("RabbitMQ cannot serve lunas.webhooks.p3 any more: deleted, to be made anew.")
    (kept,) = tmp_path.glob("broker-1-*.log")
    assert kept.stat().st_size == KEPT_BYTES
    assert kept.read_bytes().endswith(b"the gap")
