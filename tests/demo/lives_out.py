"""What a demonstration's people confide, and what the service's log has of them."""

from __future__ import annotations

import httpx

from workflow.aggregates.events import EVENTS, Event
from workflow.demo import requests
from workflow.demo.story import story


def confided(*, relationships: int, months: int, seed: int) -> set[str]:
    """Every text that is written in confidence, and everything that others know people by."""
    texts = {*requests.TITLES, *requests.WHATS, requests.PERSPECTIVE, requests.GOAL, requests.GOAL_REVISED}
    texts |= {requests.NEXT, requests.HELP, requests.CONTACT, requests.PREPARED, requests.FEEDBACK}
    people = [person for pair in story(seed, relationships, months).pairs.values() for person in pair.people]
    identities = {identity for person in people for identity in person.identities}
    return texts | {identity.partition(":")[2] for identity in identities}


def log(http: httpx.Client) -> list[tuple[type[Event], str, str, str]]:
    """Each event's class, its stream, its id and the code of its concern, in order."""
    found: list[tuple[type[Event], str, str, str]] = []
    position = 0
    while page := http.get("/v1/events", params={"beyond": position, "limit": 1000}).json()["events"]:
        found += [
            (EVENTS[one["name"]], one["stream"], one["metadata"]["event_id"], one["event"].get("code", ""))
            for one in page
        ]
        position = page[-1]["position"]
    return found
