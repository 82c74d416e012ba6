"""What few pairs live through: another address, fewer to know of a topic, one of three who leaves, texts destroyed."""

from __future__ import annotations

from workflow.demo.asking import Asking, Lived
from workflow.demo.cast import DAY, Cast
from workflow.demo.reports import AGREED, Call, topic

SHAREABLE = AGREED.index("shareable")


def seldom(cast: Cast, lived: Lived) -> list[Call]:
    """All of it, each from a Random of its own."""
    subjects = (_addresses, _topics, _departure, _destruction)
    askings = [(subject, Asking(cast, lived, subject.__name__)) for subject in subjects]
    for subject, asking in askings:
        subject(asking)
    return [call for _, asking in askings for call in asking.calls]


def _addresses(asking: Asking) -> None:
    """The calendar uses another address first; some days later the service learns of it, and then of the old one's end.

    What the calendar says in between waits.
    """
    random, lived = asking.random, asking.lived
    for person in lived.pair.people:
        if person.renamed is None:
            continue
        since, address = person.renamed
        told = since + DAY * random.randrange(0, 8)
        if told >= lived.until:
            continue
        if random.random() < 0.5:
            asking.by("name", told, person, whose=person.id, identity=address)
        else:
            asking.by_coordinator("name", told, whose=person.id, identity=address)
        asking.by("unname", told + DAY * 21, person, whose=person.id, identity=person.identities[0])


def _topics(asking: Asking) -> None:
    """In one pair of ten fewer are to know of a topic. Some want it shared again, which is for all to sign."""
    random, lived = asking.random, asking.lived
    if lived.active is None or random.random() > 0.1:
        return
    known = topic(lived.pair.relationship, SHAREABLE)
    day = lived.active + DAY * random.randrange(20, 90)
    for visibility in ("programme", "pair_only", "shareable")[: random.randrange(1, 4)]:
        if day < lived.until:
            asking.by("reclassify", day, random.choice(lived.pair.people), topic=known, visibility=visibility)
        day += DAY * random.randrange(4, 20)


def _departure(asking: Asking) -> None:
    """One of two mentors or mentees leaves, or the coordinator says so. The others go on."""
    lived = asking.lived
    if lived.pair.departure is None:
        return
    index, day = lived.pair.departure
    person = lived.pair.people[index]
    if day >= lived.until:
        return
    if asking.random.random() < 0.6:
        asking.by("leave", day, person, whose=person.id)
    else:
        asking.by_coordinator("leave", day, whose=person.id)


def _destruction(asking: Asking) -> None:
    """After one closing in ten somebody has destroyed what it wrote; some also by what others know them.

    Only mentees have the latter done here: a mentor may have another pair, whose messages would find nobody.
    """
    random, lived = asking.random, asking.lived
    if lived.closed is None or random.random() > 0.1:
        return
    person = random.choice(lived.pair.people)
    forgotten = person.role == "mentee" and random.random() < 0.5
    day = lived.closed + DAY * random.randrange(14, 40)
    members = {"whose": person.id, "identities": forgotten}
    if random.random() < 0.75:
        asking.by("destroy", day, person, **members)
    else:
        asking.by_coordinator("destroy", day, **members)
