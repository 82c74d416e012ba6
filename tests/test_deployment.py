"""What is shipped agrees with itself: the locks, the compose file and the image."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from workflow.settings import Settings

ROOT = Path(__file__).parent.parent
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pinned(lock: str) -> dict[str, str]:
    """Each package of a lock with its version and hashes, whichever machines it is for: others may want it too."""
    entries = re.split(r"\n(?=[a-z])", (ROOT / lock).read_text(encoding="utf-8").strip())
    return {entry.split("==")[0]: re.sub(r" ;.*? (?=\\\n)", " ", entry) for entry in entries}


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-service.lock"])
def test_a_lock_pins_every_package_by_hash_and_names_no_registry(lock: str) -> None:
    for name, entry in pinned(lock).items():
        assert re.match(r"[a-z0-9._-]+==[^\s]+", entry), name
        assert "--hash=sha256:" in entry, name
    text = (ROOT / lock).read_text(encoding="utf-8")
    assert not re.search(r"://|index-url|find-links|trusted-host", text)


def test_what_the_service_runs_with_is_what_the_tests_ran_with() -> None:
    tested = pinned("requirements.lock")
    shipped = pinned("requirements-service.lock")
    assert shipped
    assert {name: tested.get(name) for name in shipped} == shipped


def test_the_lock_has_everything_that_the_project_names() -> None:
    wanted = [*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"]]
    names = {match[0].lower() for entry in wanted if (match := re.match(r"[A-Za-z0-9._-]+", entry))}
    assert names <= set(pinned("requirements.lock"))


@pytest.mark.parametrize("name", COMPOSE["services"])
def test_every_container_is_held_short(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["user"].split(":")[0] not in {"", "0", "root"}
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["healthcheck"]["test"]
    assert re.fullmatch(r"[\w./-]+:\d[\w.-]*", service["image"]), "a pinned tag"
    assert all(port.startswith("127.0.0.1:") for port in service["ports"])


def test_the_image_is_built_from_pinned_parts_and_does_not_run_as_root() -> None:
    text = (ROOT / "Containerfile").read_text(encoding="utf-8")
    bases = re.findall(r"^FROM (\S+)", text, re.MULTILINE)
    assert bases
    assert all(re.search(r":\d+\.\d+\.\d+", base) for base in bases)
    assert re.findall(r"^USER (\S+)", text, re.MULTILINE)[-1] == "mentoring"


def test_the_compose_file_sets_only_what_can_be_set_and_no_secret_by_value() -> None:
    known = {f"MENTORING_{name.upper()}" for name in Settings.model_fields}
    image = re.findall(r"(MENTORING_\w+)=", (ROOT / "Containerfile").read_text(encoding="utf-8"))
    for service in COMPOSE["services"].values():
        environment: dict[str, str] = service.get("environment", {})
        assert {*environment, *image} <= known
        for name, value in environment.items():
            if "TOKEN" in name:
                assert name.endswith("_FILE")
                assert value.removeprefix("/run/secrets/") in service["secrets"]


def test_beyond_loopback_the_service_is_given_a_token_and_an_address_of_nats() -> None:
    service = COMPOSE["services"]["service"]
    assert "--nats" in service["command"]
    assert service["command"][service["command"].index("--host") + 1] == "0.0.0.0"
    assert "MENTORING_TOKEN_FILE" in service["environment"]
