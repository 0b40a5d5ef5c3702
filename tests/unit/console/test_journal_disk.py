"""`lunas doctor` says when one disk holds the journal and the broker's data: what that disk takes with it is gone from both."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from console.checks.disk import check_journal
from console.times import moment
from deploy.local.services.home import Home
from ingress.journal.place import JournalFolder, own_place
from ingress.journal.record import pack_records
from ingress.journal.segment import OpenSegment
from runtime.ids import utc_now, uuid7
from runtime.settings import Settings
from schemas.envelope import Envelope, pack_one

Make = Callable[..., Settings]


def found(settings: Settings) -> dict[str, str]:
    return {finding.check: finding.detail for finding in check_journal(settings)}


def both(folder: Path, settings: Make, **more: object) -> Settings:
    chosen = settings(home=folder / "home", ingress_journal_dir=folder / "journal", **more)
    (folder / "journal").mkdir()
    (folder / "home" / "rabbitmq").mkdir(parents=True)
    return chosen


def test_a_journal_and_a_broker_on_one_disk_are_told(tmp_path: Path, settings: Make) -> None:
    chosen = both(tmp_path, settings)
    assert str(tmp_path / "journal") in found(chosen)["journal_disk"]


def test_on_two_disks_there_is_nothing_to_say(
    tmp_path: Path, settings: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen = both(tmp_path, settings)
    broker = Home(chosen.home).found_data("rabbitmq")
    original = Path.stat

    def elsewhere(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        seen = original(path, follow_symlinks=follow_symlinks)
        if path != broker:
            return seen
        fields = list(seen)
        fields[2] += 1  # st_dev
        return os.stat_result(fields)

    monkeypatch.setattr(Path, "stat", elsewhere)
    said = found(chosen)
    assert "journal_disk" not in said
    assert "journal" in said


def test_without_a_journal_there_is_no_disk_to_share(tmp_path: Path, settings: Make) -> None:
    assert found(both(tmp_path, settings, ingress_durability="broker")) == {}


@contextmanager
def accepted(root: Path, *times: datetime) -> Iterator[JournalFolder]:
    """A journal of a living ingress with deliveries that came at these times, two to a file."""
    place = own_place(root)
    try:
        for first in range(0, len(times), 2):
            segment = OpenSegment(place.folder, first + 1)
            for number, came in enumerate(times[first : first + 2], first + 1):
                segment.append([pack_records(number, [frame(came)])])
            segment.close()
        yield place
    finally:
        place.release()


def frame(received: datetime) -> bytes:
    at = round(received.timestamp() * 1_000_000)
    return pack_one(Envelope(str(uuid7()), "xendit", at, "static_token", "1", "/webhooks/xendit", b"{}", {}))


LONG = timedelta(hours=2)


def test_what_a_broker_does_not_confirm_is_told_with_since_when(tmp_path: Path, settings: Make) -> None:
    chosen = both(tmp_path, settings)
    now = utc_now()
    with accepted(tmp_path / "journal", now - 2 * LONG, now - LONG, now - LONG, now) as place:
        place.save_relayed(2)
        (said,) = [one for one in check_journal(chosen) if one.check == "journal" and one.state == "problem"]
        assert said.detail.startswith(
            f"2 accepted deliveries wait in the journal, the first since {moment(now - LONG)}"
        )
        assert "confirms nothing" in said.fix


def test_what_a_living_ingress_has_just_accepted_is_on_its_way_and_what_a_dead_one_left_is_not(
    tmp_path: Path, settings: Make
) -> None:
    chosen = both(tmp_path, settings)
    now = utc_now() + LONG  # however slow this machine is
    with accepted(tmp_path / "journal", now - 2 * LONG, now - 2 * LONG, now, now, now) as place:
        place.save_relayed(2)
        assert problems(chosen) == []
    assert problems(chosen) == ["journal"]


def test_a_journal_of_which_the_broker_has_everything_has_no_problem(tmp_path: Path, settings: Make) -> None:
    chosen = both(tmp_path, settings)
    with accepted(tmp_path / "journal", utc_now() - LONG) as place:
        place.save_relayed(1)
    assert problems(chosen) == []


def problems(settings: Settings) -> list[str]:
    return [one.check for one in check_journal(settings) if one.state == "problem"]
