"""Hashes, trees and chains of seals, held against RFC 6962 written the slow way, and against the script that checks proofs."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from deploy import verify_proof
from eventstore.published_seals import append_seals, newest_published, published_hashes
from eventstore.seals import BEGINNING, FIELDS, Seal, event_texts, leaf, packed, path, root, unpacked

AT = datetime(2028, 2, 29, 23, 59, 59, 7, tzinfo=UTC)
ROW = {
    "position": 7,
    "event_id": "018f7b1c-0000-7000-8000-000000000001",
    "recorded_at": AT,
    "stream_id": 3,
    "stream": "payment-xendit-py-1",
    "version": 1,
    "type": "payment.succeeded",
    "schema_version": 1,
    "data": '{"amount": 75000, "note": "Rp é 🙂"}',
    "metadata": "{}",
}

hashes = st.binary(min_size=32, max_size=32)


def by_the_book(leaves: list[bytes]) -> bytes:
    """RFC 6962, section 2.1, word for word."""
    if len(leaves) == 1:
        return leaves[0]
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return hashlib.sha256(b"\1" + by_the_book(leaves[:k]) + by_the_book(leaves[k:])).digest()


def seal(number: int = 1, previous: bytes = BEGINNING) -> Seal:
    return Seal(number, 10, 20, 9, hashlib.sha256(b"root").digest(), previous, AT)


@given(st.lists(hashes, min_size=1, max_size=70))
def test_the_root_is_that_of_the_standard(leaves: list[bytes]) -> None:
    assert root(leaves) == by_the_book(leaves)


def test_a_tree_covers_something() -> None:
    with pytest.raises(ValueError, match="at least one leaf"):
        root([])


@given(st.lists(hashes, min_size=1, max_size=70, unique=True), st.data())
def test_every_leaf_is_carried_up_to_the_root_from_its_place_only(
    leaves: list[bytes], data: st.DataObject
) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    beside = [each.hex() for each in path(leaves, index)]
    assert verify_proof.carried_up(leaves[index], index, len(leaves), beside) == root(leaves)
    other = data.draw(st.integers(0, len(leaves) - 1).filter(lambda place: place != index) | st.none())
    if other is not None:
        assert verify_proof.carried_up(leaves[other], index, len(leaves), beside) != root(leaves)
        assert verify_proof.carried_up(leaves[index], other, len(leaves), beside) != root(leaves)


@given(st.lists(hashes, min_size=2, max_size=40), st.data())
def test_a_way_that_is_too_short_or_too_long_leads_nowhere(leaves: list[bytes], data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(leaves) - 1))
    beside = [each.hex() for each in path(leaves, index)]
    for wrong in (beside[:-1], [*beside, leaves[0].hex()]):
        assert verify_proof.carried_up(leaves[index], index, len(leaves), wrong) != root(leaves)


@pytest.mark.parametrize("field", FIELDS)
def test_every_column_is_part_of_an_events_hash(field: str) -> None:
    texts = event_texts(ROW)
    assert leaf({**texts, field: texts[field] + "0"}) != leaf(texts)


@given(st.lists(st.text(max_size=6), min_size=len(FIELDS), max_size=len(FIELDS)), st.data())
def test_no_two_events_have_the_same_bytes_to_hash(values: list[str], data: st.DataObject) -> None:
    """What ends one column and begins the next is part of the hash: moving a letter over changes it."""
    texts = dict(zip(FIELDS, values, strict=True))
    place = data.draw(st.integers(0, len(FIELDS) - 2))
    first, second = FIELDS[place], FIELDS[place + 1]
    if texts[second]:
        moved = {**texts, first: texts[first] + texts[second][0], second: texts[second][1:]}
        assert leaf(moved) != leaf(texts)


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=20)))
def test_the_script_hashes_an_event_and_a_seal_as_we_do(changed: dict[str, str]) -> None:
    texts = event_texts(ROW) | changed
    assert verify_proof.leaf(texts) == leaf(texts)
    document = seal().as_document()
    assert list(verify_proof.wrong_seals({1: document}, {1: document["hash"]})) == []
    assert list(verify_proof.wrong_seals({1: document}, {})) != []


def test_a_seals_hash_is_of_every_word_it_says() -> None:
    one = seal()
    others = [
        replace(one, number=2),
        replace(one, after=9),
        replace(one, through=21),
        replace(one, events=8),
        replace(one, root=BEGINNING),
        replace(one, previous=one.hash),
        replace(one, sealed_at=AT + timedelta(microseconds=1)),
    ]
    assert len({each.hash for each in [one, *others]}) == len(others) + 1


def test_a_seal_means_the_same_moment_in_any_zone() -> None:
    assert replace(seal(), sealed_at=AT.astimezone(timezone(timedelta(hours=7)))).hash == seal().hash


@given(st.integers(0, 2**62), st.lists(st.tuples(st.integers(1, 2**40), hashes), max_size=20))
def test_what_is_packed_comes_out_as_it_was(after: int, entries: list[tuple[int, bytes]]) -> None:
    placed = [(after + offset, each) for offset, each in entries]
    assert list(unpacked(after, packed(after, placed))) == placed


def test_half_an_entry_is_refused() -> None:
    with pytest.raises(ValueError, match="no whole number"):
        list(unpacked(0, b"x" * 41))


def chain(count: int) -> list[Seal]:
    seals: list[Seal] = []
    for number in range(1, count + 1):
        seals.append(seal(number, seals[-1].hash if seals else BEGINNING))
    return seals


def test_published_seals_are_read_as_they_were_written(tmp_path: Path) -> None:
    file, seals = tmp_path / "seals.jsonl", chain(5)
    assert newest_published(file) == 0
    append_seals(file, seals[:2])
    append_seals(file, seals[2:])
    assert newest_published(file) == 5
    assert published_hashes(file) == {each.number: each.hash.hex() for each in seals}
    assert verify_proof.published_hashes(str(file)) == published_hashes(file)


def test_a_line_that_a_crash_tore_is_told_again(tmp_path: Path) -> None:
    """Wherever it tore: what was published is read, and the next line begins on its own."""
    seals, whole = chain(3), tmp_path / "whole"
    append_seals(whole, seals[:2])
    written = whole.read_bytes()
    for kept in range(len(written)):
        file = tmp_path / f"torn-{kept}"
        file.write_bytes(written[:kept])
        number = newest_published(file)
        append_seals(file, seals[number:])
        assert published_hashes(file) == {each.number: each.hash.hex() for each in seals}
        assert verify_proof.published_hashes(str(file)) == published_hashes(file)


def test_a_file_that_contradicts_itself_is_no_evidence(tmp_path: Path) -> None:
    file = tmp_path / "seals.jsonl"
    append_seals(file, chain(2))
    append_seals(file, [replace(seal(2), events=8)])
    with pytest.raises(ValueError, match="seal 2 is there twice"):
        published_hashes(file)


def test_the_script_is_a_hundred_lines_that_share_nothing_with_us() -> None:
    source = Path(verify_proof.__file__).read_text(encoding="utf-8")
    lines = source.splitlines()
    assert len(lines) <= 100
    imported = {line.split()[1].split(".")[0] for line in lines if line.startswith(("import ", "from "))}
    assert imported == {"base64", "hashlib", "json", "sys", "typing"}
