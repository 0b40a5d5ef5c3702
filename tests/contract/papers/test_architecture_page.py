"""docs/architecture.md draws the house as it is: its rooms, its files, the fields of its events."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from schemas.events import EVENT_TYPES

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
ROOMS = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests"}


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}", 1)[1].split("\n## ", 1)[0]


def names(fields: str) -> set[str]:
    """Names in a list of fields; what they may be and what is in them is left out."""
    return set(re.findall(r"(?:^|,)\s*(\w+)", re.sub(r":[^,}]*|\[[^\]]*\]", "", fields)))


def test_every_room_is_drawn_and_has_one_sentence() -> None:
    picture = PAGE.split("```")[1]
    sentences = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.split("\n## ", 1)[0], re.MULTILINE)
    assert len(ROOMS) == 11
    assert {room for room, _ in sentences} == ROOMS
    assert {room for room in ROOMS if room not in picture} == set()


@pytest.mark.parametrize("room", ["processor", "api"])
def test_the_rooms_inside_a_room_are_in_its_sentence(room: str) -> None:
    (sentence,) = re.findall(rf"^\| `{room}` \| (.+) \|$", PAGE.split("\n## ", 1)[0], re.MULTILINE)
    inside = {path.parent.name for path in (ROOT / room).glob("*/__init__.py")}
    assert len(inside) > 4
    assert {one for one in inside if f"`{one}`" not in sentence} == set()


def test_every_file_in_the_table_of_modules_is_there() -> None:
    rows = re.findall(r"^\| (`[^|]+`) \|", section("Rooms and import rules"), re.MULTILINE)
    assert len(rows) > 15
    for row in rows:
        folder = ROOT
        for name in re.findall(r"`([^`]+)`", row):
            path = ROOT / name if "/" in name and (ROOT / name).exists() else folder / name
            assert path.exists(), name
            folder = path.parent


@pytest.mark.parametrize("event_type", ["webhook.received", "webhook.conflicted"])
def test_receipts_have_exactly_the_fields_that_are_listed(event_type: str) -> None:
    listed = re.search(
        rf"`{re.escape(event_type)}` on [^`]*(?:`webhook-[^`]*`[^`]*)?(?:`[^`{{]*`[^`]*)*`\{{([^}}]*)\}}`",
        section("Facts"),
    )
    assert listed is not None
    assert names(listed[1]) == set(EVENT_TYPES[event_type].model_fields)


def test_decisions_have_the_fields_that_are_listed() -> None:
    rows = re.findall(r"^\| (`.+?) \| `[^|]+\| (.+) \|$", section("Decisions"), re.MULTILINE)
    assert len(rows) >= 9
    for types, text in rows:
        spelled = re.findall(r"`([\w.]+)`", types)
        first = next(word for word in spelled if not word.startswith("."))
        known = [
            first if word == first else word if not word.startswith(".") else first.split(".")[0] + word
            for word in spelled
        ]
        known = [word for word in known if word in EVENT_TYPES]
        assert known, types
        fields = set().union(*(EVENT_TYPES[word].model_fields for word in known))
        for listed in re.findall(r"\{([^}]*)\}", text):
            assert names(listed) <= fields, (types, names(listed) - fields)


def test_every_event_type_in_the_page_exists() -> None:
    named = set(
        re.findall(
            r"`((?:webhook|payment|refund|order|subscription|customer|catalog|suspense|credit|tokens|course|sale|tier)\.[a-z_]+)`",
            PAGE,
        )
    )
    assert len(named) > 20
    assert named - set(EVENT_TYPES) == set()


def test_every_event_type_is_in_the_page() -> None:
    """`payment.failed|expired` and `.renewed` behind a first name count as what they stand for."""
    spelled: set[str] = set()
    for paragraph in PAGE.split("\n\n"):
        category = ""
        for name in re.findall(r"`([a-z_.|]+)`", paragraph):
            before, dot, after = name.partition(".")
            category = before if before and dot else category
            spelled |= {f"{category}.{one}" for one in after.split("|")}
    assert set(EVENT_TYPES) - spelled == set()
