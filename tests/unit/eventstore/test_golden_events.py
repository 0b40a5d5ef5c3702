"""One golden file per event type and version, for ever: what was written once stays readable."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from schemas.decisions import SuspenseReleased
from schemas.event_model import unvalidated
from schemas.events import EVENT_TYPES, decode, encode

FOLDER = Path(__file__).parents[2] / "fixtures" / "events"
FILES = sorted(FOLDER.glob("*.json"))
MORE_THAN_FIELDS = {SuspenseReleased}
"""Types that cannot be built without validation."""


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
        assert _named(kept, golden["data"]) == golden["data"]
        assert decode(golden["type"], model.VERSION, encode(event)) == event


def _named(kept: Any, golden: Any) -> Any:
    """Of what was kept only the fields that the golden event names, at any depth: newer fields may stand beside them."""
    if isinstance(golden, dict) and isinstance(kept, dict):
        return {name: _named(kept.get(name), value) for name, value in golden.items()}
    if isinstance(golden, list) and isinstance(kept, list) and len(kept) == len(golden):
        return [_named(*pair) for pair in zip(kept, golden, strict=True)]
    return kept


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_event_of_every_type_is_the_same_with_and_without_validation(path: Path) -> None:
    """Whether all its fields are named or none that stands at its default: equal, and written alike."""
    golden = json.loads(path.read_text(encoding="utf-8"))
    event = decode(golden["type"], golden["schema_version"], json.dumps(golden["data"]))
    model = type(event)
    if model in MORE_THAN_FIELDS:
        with pytest.raises(TypeError, match="is more than its fields"):
            unvalidated(model)
        return
    said = {name: getattr(event, name) for name in event.model_fields_set}
    for values in (said, dict(event)):
        trusted = unvalidated(model)(**values)
        assert trusted == event
        assert (encode(trusted), trusted.model_dump_json()) == (encode(event), event.model_dump_json())


def test_every_version_of_every_type_has_its_golden_file() -> None:
    wanted = {
        f"{name}.v{version}.json"
        for name, model in EVENT_TYPES.items()
        for version in range(1, model.VERSION + 1)
    }
    assert {path.name for path in FILES} >= wanted
