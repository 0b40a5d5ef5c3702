"""Causes above consequences: pure, over every set of things that can be wrong at once."""

from __future__ import annotations

from itertools import product

from console.causes import (
    BROKER,
    CONSUMERS,
    DATABASE,
    PROCESSES,
    QUEUES,
    READERS,
    SCHEMA,
    Kind,
    RootCause,
    Subject,
    arrange,
)


def told(*subjects: Subject) -> list[RootCause[Subject]]:
    return arrange(subjects, lambda subject: subject)


def shape(causes: list[RootCause[Subject]] | tuple[RootCause[Subject], ...]) -> dict[str, object]:
    return {cause.trouble.name: shape(cause.consequences) for cause in causes}


def not_ready(process: str, *failed: str) -> Subject:
    return Subject(process, "not_ready", failed=frozenset(failed))


def test_a_frozen_database_is_one_cause_and_not_four_dead_processes() -> None:
    causes = told(
        *(not_ready(name, "database") for name in ("processor", "projections", "api", "console")),
        Subject(READERS, "behind", of="projections"),
        Subject(DATABASE, "silent"),
    )
    assert shape(causes) == {
        DATABASE: {"processor": {}, "projections": {READERS: {}}, "api": {}, "console": {}}
    }


def test_a_broker_that_is_away_explains_who_needs_it_and_nobody_else() -> None:
    causes = told(
        not_ready("ingress", "broker"),
        not_ready("processor", "broker"),
        not_ready("api"),
        Subject(BROKER, "away"),
    )
    assert shape(causes) == {BROKER: {"ingress": {}, "processor": {}}, "api": {}}


def test_a_stopped_process_explains_what_it_fed() -> None:
    causes = told(
        Subject(READERS, "behind", of="projections"),
        Subject("projections", "silent"),
        Subject(CONSUMERS, "unread", of="processor"),
        Subject("processor", "away"),
    )
    assert shape(causes) == {"processor": {CONSUMERS: {}}, "projections": {READERS: {}}}


def test_what_hangs_is_a_cause_whatever_else_is_wrong() -> None:
    assert shape(told(Subject(DATABASE, "silent"), Subject("api", "silent"))) == {DATABASE: {}, "api": {}}


def test_a_check_that_fails_although_its_service_answers_us_is_a_cause() -> None:
    assert shape(told(not_ready("processor", "database"), Subject(BROKER, "away"))) == {
        BROKER: {},
        "processor": {},
    }


def test_queues_are_missing_because_nobody_started_or_are_why_others_wait() -> None:
    missing = Subject(QUEUES, "missing")
    assert shape(told(missing, Subject("processor", "away"))) == {"processor": {QUEUES: {}}}
    assert shape(told(missing, not_ready("ingress", "broker"))) == {QUEUES: {"ingress": {}}}


def test_a_schema_that_is_behind_explains_processes_that_do_not_start() -> None:
    assert shape(told(Subject(SCHEMA), *(Subject(name, "away") for name in PROCESSES))) == {
        SCHEMA: {name: {} for name in PROCESSES if name != "ingress"},
        "ingress": {},
    }


def test_what_nothing_explains_stays_in_its_order() -> None:
    assert [cause.trouble for cause in arrange(["parked", "rejected"], lambda _: None)] == [
        "parked",
        "rejected",
    ]


SERVICE: dict[str, tuple[Kind | None, ...]] = {
    DATABASE: (None, "away", "silent", "refused"),
    BROKER: (None, "away", "silent"),
    QUEUES: (None, "missing"),
}
PROCESS: tuple[Kind | None, ...] = (None, "away", "silent", "not_ready")
FEEDING = ("ingress", "processor", "projections")


def test_every_trouble_is_told_exactly_once_and_no_cause_is_under_what_it_causes() -> None:
    for services, processes in product(product(*SERVICE.values()), product(PROCESS, repeat=3)):
        states = dict(zip(SERVICE, services, strict=True)) | dict(zip(FEEDING, processes, strict=True))
        subjects = [Subject(name, kind) for name, kind in states.items() if kind]
        subjects += [
            Subject(READERS, "behind", of="projections"),
            Subject(CONSUMERS, "unread", of="processor"),
        ]
        for order in (subjects, subjects[::-1]):
            causes = told(*order)
            flat = [trouble for cause in causes for trouble in cause.all()]
            assert sorted(flat, key=repr) == sorted(subjects, key=repr)
            roots = {cause.trouble.name for cause in causes}
            assert {name for name in (DATABASE, BROKER) if states[name]} <= roots
            assert READERS not in roots or states["projections"] is None
            assert CONSUMERS not in roots or states["processor"] is None
