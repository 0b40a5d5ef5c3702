"""State of a case packed: what comes out is what went in, whatever it was; what is damaged is refused; what it was packed with never changes."""

from __future__ import annotations

import base64
import hashlib
import json
import zlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from processor.cases.case import PaymentCase
from processor.cases.packed import packed, unpacked
from processor.cases.packed_words import WORDS_1
from processor.cases.state import State, StateUnreadable
from tests.unit.processor.cases.facts import capture
from tests.unit.processor.cases.test_stored_state import KINDS, STORED


def topped_up() -> PaymentCase:
    case = PaymentCase.new("xendit:py-1", "xendit", "py-1")
    case.observe(capture(), 7)
    return case


@pytest.mark.parametrize(("kind", "state"), STORED)
def test_every_kind_of_state_is_read_from_its_packed_form(kind: str, state: dict[str, Any]) -> None:
    model: type[State] = KINDS[kind]
    read = model.from_json(json.dumps(state))
    assert model.from_json(packed(read.to_json())) == read
    assert unpacked(packed(read.to_json())) == read.to_json()


@given(st.text(max_size=2_000))
def test_any_text_comes_out_as_it_went_in_and_what_packing_does_not_make_smaller_stays(text: str) -> None:
    said = json.dumps({"facts": text}, ensure_ascii=False)
    assert unpacked(packed(said)) == said
    assert len(packed(said)) <= len(said)


def test_a_payment_takes_less_than_a_third_and_is_still_an_object_for_the_database() -> None:
    state = topped_up().to_json()
    assert len(packed(state)) * 3 < len(state)
    assert list(json.loads(packed(state))) == ["z1"]


@pytest.mark.parametrize("damage", ["cut", "changed", "longer", "other words", "no base 64"])
def test_what_is_damaged_is_refused(damage: str) -> None:
    state = topped_up().to_json()
    small = base64.b64decode(json.loads(packed(state))["z1"])
    other = zlib.compressobj(6, zlib.DEFLATED, 13, 4, zlib.Z_DEFAULT_STRATEGY, WORDS_1[1:])
    broken = {
        "cut": base64.b64encode(small[:-5]).decode(),
        "changed": base64.b64encode(small[:40] + bytes([small[40] ^ 1]) + small[41:]).decode(),
        "longer": base64.b64encode(small + b"more").decode(),
        "other words": base64.b64encode(other.compress(state.encode()) + other.flush()).decode(),
        "no base 64": "\N{SNOWMAN}",
    }[damage]
    with pytest.raises(StateUnreadable):
        PaymentCase.from_json('{"z1":"' + broken + '"}')


def test_what_a_later_program_packs_otherwise_is_refused_and_not_taken_for_empty() -> None:
    with pytest.raises(StateUnreadable, match="z2"):
        PaymentCase.from_json('{"z2":"eNqr"}')


def test_what_it_was_packed_with_is_frozen() -> None:
    """Another dictionary gets another number: nobody could read any more what was packed with this one."""
    assert (
        hashlib.sha256(WORDS_1).hexdigest()
        == "6e41be440ffa92953970a33db42f7081a6376d057228d83afa79b7596e7c15be"
    )
    assert unpacked(PACKED_ONCE) == UNPACKED


UNPACKED = '{"facts":{"key":"xendit:py-1","provider":"xendit","payment_key":"py-1","aliases":["py-1"]},"record":{"untold":[7]}}'
PACKED_ONCE = '{"z1":"WKR+i1FLw1NeGRJbYBmitujAIqgNCPhInjmwwwcArzsmSw=="}'
