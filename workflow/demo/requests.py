"""What is done in the portal, as requests to the API."""

from __future__ import annotations

from typing import Any

from workflow.demo.cast import Pair
from workflow.demo.reports import AGREED, Call, topic

Request = tuple[str, dict[str, Any] | None]
ANSWERS = ("new_perspectives", "comfort", "equality", "direction")


def request(call: Call, pair: Pair) -> Request:
    """The route of the API that this is done by, and the body."""
    if call.kind == "open":
        parties = [
            {"role": person.role, "person_id": str(person.id), "identities": list(person.identities)}
            for person in pair.people
        ]
        return "/v1/relationships", {"relationship_id": str(call.relationship), "parties": parties}
    for subject in (_course, _direction, _care, _people):
        found = subject(call).get(call.kind)
        if found is not None:
            return f"/v1/relationships/{call.relationship}/{found[0]}", found[1]
    raise AssertionError(f"nothing in the portal is called {call.kind}")


def _course(call: Call) -> dict[str, Request]:
    """From the first day to the last."""
    return {
        "step": (f"onboarding-steps/{call.step}", None),
        "confirm": ("commitments", None),
        "draft": ("agreements", _agreement(call)),
        "sign": (f"agreements/{call.version}/signatures", None),
        "declare": ("stagnation", None),
        "look": ("fresh-looks", {"perspective": PERSPECTIVE, "measures": _measures(call)}),
        "done": (f"measures/{call.measure}/completion", None),
        "drop": (f"measures/{call.measure}/drops", None),
        "review": ("measures/reviews", None),
        "pause": ("pauses", {"ends_at": call.ends_at.isoformat()} if call.ends_at is not None else {}),
        "resume": ("resumption", None),
        "close": ("closure", {"manner": call.manner, "reason": call.reason}),
        "feedback": ("closing-feedback", {"text": FEEDBACK}),
    }


def _direction(call: Call) -> dict[str, Request]:
    """Goals."""
    return {
        "goal": ("goals", {"goal_id": str(call.goal), "text": GOAL}),
        "goal_review": (
            f"goals/{call.goal}/reviews",
            {"reached_percent": call.reached_percent, "next": NEXT},
        ),
        "goal_revise": (f"goals/{call.goal}/revisions", {"text": GOAL_REVISED}),
        "goal_achieve": (f"goals/{call.goal}/achievement", None),
        "goal_drop": (f"goals/{call.goal}/drop", None),
    }


def _care(call: Call) -> dict[str, Request]:
    """The dialogue, and what supports it."""
    prepared: dict[str, Any] = {"uid": call.uid, "note": PREPARED}
    if call.recurrence_id is not None:
        prepared["recurrence_id"] = call.recurrence_id.isoformat()
    return {
        "check_in": ("check-ins", dict(zip(ANSWERS, call.answers, strict=False))),
        "consent": ("check-in-consents", None),
        "withdraw": ("check-in-consents/withdrawal", None),
        "help": ("help", {"message": HELP}),
        "contact": ("support-contacts", {"note": CONTACT}),
        "prepare": ("preparations", prepared),
    }


def _people(call: Call) -> dict[str, Request]:
    """Who they are, what may be shared, and what is kept of them."""
    party = f"parties/{call.whose}"
    return {
        "name": (f"{party}/identities", {"identity": call.identity}),
        "unname": (f"{party}/identities/removal", {"identity": call.identity}),
        "leave": (f"{party}/departure", None),
        "destroy": (f"{party}/destruction", {"identities": call.identities}),
        "reclassify": (f"topics/{call.topic}/reclassifications", {"visibility": call.visibility}),
    }


TITLES = ("How I work with my supervisor", "Finding a position")
PERSPECTIVE = "We talked about what was easy. The next three times begin with what is not."
WHATS = ("Shadow a working day", "Write to two alumni", "Meet at the lab", "Read one job advert together")
GOAL = "A first post by the end of the year"
GOAL_REVISED = "A first post, here or abroad"
NEXT = "Show the application to somebody who hires"
HELP = "Could we speak alone some day?"
CONTACT = "Called both; they know when they meet next."
PREPARED = "Ask how the laboratory works"
FEEDBACK = "It helped more than I had thought."


def _agreement(call: Call) -> dict[str, Any]:
    topics = [
        {"topic_id": str(topic(call.relationship, number)), "title": title, "visibility": visibility}
        for number, (title, visibility) in enumerate(zip(TITLES, AGREED, strict=True))
    ]
    body: dict[str, Any] = {"cadence_days": call.cadence_days, "topics": topics}
    return body if call.duration_months is None else body | {"duration_months": call.duration_months}


def _measures(call: Call) -> list[dict[str, Any]]:
    return [
        {"measure_id": str(measure), "what": what, "who": str(who), "by_when": due.isoformat()}
        for (measure, who, due), what in zip(call.measures, WHATS, strict=False)
    ]
