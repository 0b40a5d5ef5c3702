"""Enrollments: one row per customer and course, active or revoked."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from projections.folds.values import moment
from projections.projection import Event, Projection, Table
from schemas.corrections import CourseDated, CourseWithdrawn
from schemas.decisions import CourseEnrolled, CourseRevoked


@dataclass(slots=True)
class EnrollmentRow:
    customer_id: str
    course: str
    status: str
    order_id: str
    provider: str
    payment_id: str
    granted_at: datetime
    revoked_at: datetime | None
    revoked_reason: str | None
    position: int


@dataclass(slots=True)
class EnrollmentRows:
    enrollments: dict[tuple[str, str], EnrollmentRow] = field(default_factory=dict)


def key_of(event: Event) -> tuple[str, str]:
    return event.data["customer_id"], event.data["course"]


def enrolled(state: EnrollmentRows, event: Event) -> None:
    data = event.data
    state.enrollments[key_of(event)] = EnrollmentRow(
        customer_id=data["customer_id"],
        course=data["course"],
        status="active",
        order_id=data["order_id"],
        provider=data["provider"],
        payment_id=data["payment_id"],
        granted_at=moment(data["at"]),
        revoked_at=None,
        revoked_reason=None,
        position=event.position,
    )


def revoked(state: EnrollmentRows, event: Event) -> None:
    row = state.enrollments.get(key_of(event))
    if row is None:
        raise LookupError("a course was revoked that was never opened")
    row.status = "revoked"
    row.revoked_at = moment(event.data["at"])
    row.revoked_reason = event.data["reason"]
    row.position = event.position


def withdrawn(state: EnrollmentRows, event: Event) -> None:
    """Never due: the view leaves such rows out. Another order may have opened the course since."""
    row = state.enrollments.get(key_of(event))
    if row is not None and row.order_id == event.data["order_id"]:
        row.status = "withdrawn"
        row.revoked_at = moment(event.data["at"])
        row.revoked_reason = event.data["reason"]
        row.position = event.position


def dated(state: EnrollmentRows, event: Event) -> None:
    data = event.data
    row = state.enrollments.get(key_of(event))
    if row is not None and row.order_id == data["former_order_id"]:
        row.order_id, row.payment_id = data["order_id"], data["payment_id"]
        row.granted_at = moment(data["at"])
        row.position = event.position


ENROLLMENTS = Projection(
    name="enrollments",
    tables=(Table("enrollments", EnrollmentRow, ("customer_id", "course")),),
    new_state=EnrollmentRows,
    handlers={
        CourseEnrolled.TYPE: enrolled,
        CourseRevoked.TYPE: revoked,
        CourseWithdrawn.TYPE: withdrawn,
        CourseDated.TYPE: dated,
    },
    keys=lambda event: (key_of(event),),
    loaded=True,
)
