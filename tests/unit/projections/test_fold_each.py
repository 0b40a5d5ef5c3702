from __future__ import annotations

import json
from typing import Any

import pytest

from projections.decoding import LogRow, decode, known_part
from projections.fold import fold_all, fold_each, readable_keys
from projections.registry import BY_NAME
from schemas.errors import UnknownEventVersion
from schemas.events import EVENT_TYPES, UPCASTERS

BALANCES = BY_NAME["balances"]


def grant(position: int, customer: str = "c1", **more: Any) -> LogRow:
    data = {
        "case": "k",
        "customer_id": customer,
        "amount_idr": 5,
        "tokens": 50,
        "at": "2026-01-01T00:00:00Z",
    } | more
    return LogRow(position, "credit.granted", 1, f"customer-{customer}", json.dumps(data))


@pytest.mark.parametrize(
    "broken",
    [
        {"tokens": "fifty"},
        {"tokens": None},
        {"tokens": 1.5},
        {"tokens": 2**70},
        {"amount_idr": 2**63},
        {"customer_id": "nul\x00"},
        {"customer_id": ["c1"]},
        {"at": "yesterday"},
        {"at": "2026-01-01T00:00:00"},
    ],
    ids=str,
)
def test_c145_a_broken_event_parks_its_stream_and_leaves_every_row_as_it_was(broken: dict[str, Any]) -> None:
    state = BALANCES.new_state()
    waiting: set[str] = set()
    batch = [grant(1), grant(2, **broken)._replace(stream="customer-c1"), grant(3), grant(4, "c2")]
    parked = fold_each(BALANCES, state, batch, waiting)
    assert [(one.position, bool(one.error)) for one in parked] == [(2, True), (3, False)]
    assert waiting == {"customer-c1"}
    assert {key: row.credit_tokens for key, row in state.balances.items()} == {"c1": 50, "c2": 50}


def test_a_field_that_is_missing_or_bytes_that_are_no_json_park_too() -> None:
    without = LogRow(1, "credit.granted", 1, "customer-a", '{"customer_id": "a"}')
    surrogate = LogRow(2, "credit.granted", 1, "customer-b", '{"customer_id": "\\ud800"}')
    parked = fold_each(BALANCES, BALANCES.new_state(), [without, surrogate], set())
    assert [one.position for one in parked] == [1, 2]


def test_what_is_said_about_a_parked_event_never_quotes_it() -> None:
    (parked,) = fold_each(BALANCES, BALANCES.new_state(), [grant(1, at="budi@contoh.id")], set())
    assert "budi" not in parked.error
    assert parked.error.startswith("ValueError in ")


def test_event_by_event_gives_the_same_rows_as_all_at_once() -> None:
    from tests.unit.projections.test_fold_histories import stored_history

    for projection in BY_NAME.values():
        batch = [row for row in stored_history() if row.type in projection.types]
        together, apart = projection.new_state(), projection.new_state()
        fold_all(projection, together, map(decode, batch))
        assert fold_each(projection, apart, batch, set()) == []
        assert together == apart


def test_keys_of_broken_events_are_left_out() -> None:
    batch = [grant(1), grant(2, customer_id=5), LogRow(3, "credit.granted", 1, "s", "{}")]
    assert readable_keys(BALANCES, batch) == {"c1"}


def test_c148_an_older_version_is_lifted_when_read_and_the_stored_text_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    newer = type("Newer", (EVENT_TYPES["credit.granted"],), {"VERSION": 2})
    monkeypatch.setitem(EVENT_TYPES, "credit.granted", newer)
    monkeypatch.setitem(
        UPCASTERS, ("credit.granted", 1), lambda data: data | {"tokens": data["amount_idr"] * 10}
    )
    stored = grant(1, amount_idr=7, tokens=0)
    text = stored.data
    state = BALANCES.new_state()
    fold_all(BALANCES, state, [decode(stored)])
    assert state.balances["c1"].credit_tokens == 70
    assert stored.data == text


def test_c164_an_event_written_by_newer_code_is_not_guessed_at() -> None:
    newer = grant(2)._replace(schema_version=99)
    with pytest.raises(UnknownEventVersion):
        decode(newer)
    assert known_part([grant(1), newer, grant(3)]) == ([grant(1)], newer)
