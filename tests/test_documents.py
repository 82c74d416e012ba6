"""The documents that other services are built from, read by parsers that are not ours."""

from __future__ import annotations

import warnings

from openapi_spec_validator import validate

from workflow.cli.docs.http import openapi
from workflow.consumers.meetings.asyncapi import asyncapi
from workflow.consumers.meetings.contract import MESSAGES

with warnings.catch_warnings():
    warnings.simplefilter("ignore", UserWarning)  # about names of its own members
    from asyncapi3 import AsyncAPI3  # type: ignore[import-untyped]


def test_the_openapi_document_is_one() -> None:
    validate(openapi())


def test_the_asyncapi_document_is_one() -> None:
    document = AsyncAPI3.model_validate(asyncapi())
    assert document.asyncapi == "3.0.0"


def test_every_message_of_the_contract_is_described() -> None:
    document = asyncapi()
    described = {message["name"] for message in document["components"]["messages"].values()}
    assert len(described) == len(MESSAGES) == 6
    assert described == {f"mentoring.meeting.{kind}.v1" for kind in KINDS}


KINDS = ("scheduled", "rescheduled", "cancelled", "held", "missed", "corrected")
