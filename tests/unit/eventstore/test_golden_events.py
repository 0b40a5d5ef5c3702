"""One golden file per event type and version, for ever: what was written once stays readable."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from schemas.events import EVENT_TYPES, decode, encode

FOLDER = Path(__file__).parents[2] / "fixtures" / "events"
FILES = sorted(FOLDER.glob("*.json"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_golden_event_loads_to_the_newest_model(path: Path) -> None:
    golden = json.loads(path.read_text(encoding="utf-8"))
    assert path.name == f"{golden['type']}.v{golden['schema_version']}.json"
    event = decode(golden["type"], golden["schema_version"], json.dumps(golden["data"]))
    assert type(event) is EVENT_TYPES[golden["type"]]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_nothing_of_a_golden_event_of_today_is_lost(path: Path) -> None:
    """Readers ignore fields they do not know; a renamed field would be lost in silence."""
    golden = json.loads(path.read_text(encoding="utf-8"))
    model = EVENT_TYPES[golden["type"]]
    if golden["schema_version"] == model.VERSION:
        event = decode(golden["type"], golden["schema_version"], json.dumps(golden["data"]))
        kept = json.loads(event.model_dump_json())
        assert {name: kept.get(name) for name in golden["data"]} == golden["data"]
        assert decode(golden["type"], model.VERSION, encode(event)) == event


def test_every_version_of_every_type_has_its_golden_file() -> None:
    wanted = {
        f"{name}.v{version}.json"
        for name, model in EVENT_TYPES.items()
        for version in range(1, model.VERSION + 1)
    }
    assert {path.name for path in FILES} >= wanted
