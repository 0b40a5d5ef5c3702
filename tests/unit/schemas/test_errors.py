"""The error tree: drawn as it is, and its two branches decide what follows."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator

import pytest

import eventstore
import ingress
import processor
import projections
import providers
import runtime
import schemas
from api.gate import answer_problems
from processor.intake.failures import Failure, classify
from schemas import errors
from schemas.errors import LunasError, Permanent, Transient


def leaves(branch: type[LunasError]) -> Iterator[type[LunasError]]:
    for child in branch.__subclasses__():
        yield child
        yield from leaves(child)


def everything() -> None:
    """So that leaves which rooms add are known, import the rooms."""
    for room in (schemas, providers, runtime, eventstore, ingress, processor, projections):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            importlib.import_module(module.name)


def built(kind: type[LunasError]) -> LunasError:
    error = kind.__new__(kind)
    Exception.__init__(error, "as it was")
    return error


everything()


def test_the_tree_is_drawn_as_it_is() -> None:
    lines = re.findall(r"^((?:│   |    )?)[├└]── (\w+)", errors.__doc__ or "", re.MULTILINE)
    branch, found = "", {}
    for indent, name in lines:
        branch = branch if indent else name
        found[name] = "LunasError" if not indent else branch
    ours = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, LunasError)]
    assert found == {
        kind.__name__: kind.__base__.__name__ for kind in ours if kind is not LunasError and kind.__base__
    }


def test_no_error_is_on_both_branches() -> None:
    assert set(leaves(Transient)) & set(leaves(Permanent)) == set()


@pytest.mark.parametrize("kind", sorted(set(leaves(Transient)), key=lambda kind: kind.__name__))
def test_what_is_transient_is_tried_again_and_never_parked_at_once(kind: type[LunasError]) -> None:
    assert classify(built(kind)) is Failure.BUSY


@pytest.mark.parametrize("kind", sorted(set(leaves(Permanent)), key=lambda kind: kind.__name__))
def test_what_is_permanent_is_the_deliverys_own_fault_and_parked(kind: type[LunasError]) -> None:
    assert classify(built(kind)) is Failure.DATA


@pytest.mark.parametrize("kind", sorted(set(leaves(Transient)), key=lambda kind: kind.__name__))
async def test_a_caller_is_told_to_come_back_after_what_is_transient(kind: type[LunasError]) -> None:
    from aiohttp.test_utils import make_mocked_request

    async def fails(_request: object) -> None:
        raise built(kind)

    answer = await answer_problems(make_mocked_request("GET", "/v1/x"), fails)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "1")
