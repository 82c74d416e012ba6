"""Identities: one hash however they are spelt, and nothing in the hash without the master key."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workflow.errors import Invalid
from workflow.store.identities import Identities, normalise

ONE, OTHER = Identities(bytes(32)), Identities(bytes(range(32)))


@pytest.mark.parametrize(
    "spelt",
    ["email:ada@example.org", "EMAIL:Ada@Example.ORG", " email:ADA@example.org "],
)
def test_spellings_of_one_address_are_one_identity(spelt: str) -> None:
    assert ONE.hash(spelt) == ONE.hash("email:ada@example.org")
    assert normalise(spelt) == "email:ada@example.org"


def test_names_in_other_services_keep_their_case() -> None:
    assert ONE.hash("ext:portal:Ab1") != ONE.hash("ext:portal:ab1")
    assert normalise("EXT:portal:Ab1") == "ext:portal:Ab1"
    assert normalise("ext:portal:Cafe\u0301") == normalise("ext:portal:Caf\u00e9")


def test_the_hash_needs_the_key() -> None:
    assert ONE.hash("email:ada@example.org") != OTHER.hash("email:ada@example.org")
    assert len(ONE.hash("email:ada@example.org")) == 32
    assert "ada" not in repr(ONE)


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "grace",
        "email:",
        ":grace",
        "email:no grace",
        "email:grace@a@b",
        "9x:y",
        "ext: ",
        "ext:a\nb",
        "ext:" + "x" * 400,
    ],
)
def test_what_is_no_identity_is_refused_without_repeating_it(wrong: str) -> None:
    with pytest.raises(Invalid) as raised:
        normalise(wrong)
    assert "grace" not in raised.value.detail


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing(text: str) -> None:
    for spelt in (text, f"ext:{text}", f"email:{text}@example.org"):
        try:
            once = normalise(spelt)
        except Invalid:
            continue
        assert normalise(once) == once


ASCII = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=12)


@given(st.sampled_from(("email", "ext", "emailx", "e", "9x")), ASCII, st.sampled_from(("", "@", "@x.org")))
def test_a_plain_spelling_is_taken_as_any_other_way_to_write_it(kind: str, name: str, rest: str) -> None:
    """What is written plainly is not looked at closely: a blank before it makes sure that it is."""

    def normalised(text: str) -> str | None:
        try:
            return normalise(text)
        except Invalid:
            return None

    spelt = f"{kind}:{name}{rest}"
    assert normalised(spelt) == normalised(f" {spelt}")
