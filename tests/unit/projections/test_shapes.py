"""From rows to answers, where a row holds JSON."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, cast

import orjson

from api.reads.shapes import payment_with_timeline

AT = datetime(2026, 1, 15, 3, 0, 0, 123456, tzinfo=UTC)


def test_times_inside_a_timeline_read_like_all_others() -> None:
    duplicates = (
        '[{"delivery_id" : "d2", "received_at" : "2026-01-15T03:00:00.123456+00:00", "status" : "duplicate"}]'
    )
    step: dict[str, Any] = dict.fromkeys(
        ("position", "kind", "type", "stream", "event_id", "causation_id", "actor")
    )
    step |= {"delivery_id": "d1", "event_name": "e", "received_at": AT, "recorded_at": AT}
    step |= {"status": "processed", "duplicates": duplicates, "data": "{}"}
    row = _AnyRow({"at_position": 1, "lag": 0.0, "ids": []})
    answer = payment_with_timeline(cast("Any", row), [cast("Any", step)])
    shown = orjson.loads(orjson.dumps(answer, option=orjson.OPT_UTC_Z))["timeline"][0]["delivery"]
    assert shown["received_at"] == "2026-01-15T03:00:00.123456Z"
    assert shown["duplicates"] == [
        {"delivery_id": "d2", "received_at": shown["received_at"], "status": "duplicate"}
    ]


class _AnyRow(dict[str, object]):
    def __missing__(self, key: str) -> object:
        return None
