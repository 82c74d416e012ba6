"""What is shipped agrees with itself and with the code: the locks, the compose files and the image."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field
from typer.core import TyperGroup
from typer.main import get_command

from workflow.cli.docs.http import openapi
from workflow.cli.main import app as verbs
from workflow.projections.postgres.analysts import ROLE
from workflow.settings import read_settings
from workflow.web.guard import OPEN_TO_ALL

ROOT = Path(__file__).parent.parent
CONTAINERFILE = (ROOT / "Containerfile").read_text(encoding="utf-8")
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


def test_the_image_is_built_from_pinned_parts_and_does_not_run_as_root() -> None:
    bases = re.findall(r"^FROM (\S+)", CONTAINERFILE, re.MULTILINE)
    assert bases
    assert all(re.search(r":\d+\.\d+\.\d+", base) for base in bases)
    assert re.findall(r"^USER (\S+)", CONTAINERFILE, re.MULTILINE)[-1] == "mentoring"


# --- the compose files -----------------------------------------------------------------------------------


class Strict(BaseModel):
    """What is not known here is a slip."""

    model_config = ConfigDict(extra="forbid")


class Build(Strict):
    context: Literal["."]
    dockerfile: Literal["Containerfile"]


class Healthcheck(Strict):
    test: list[str] = Field(min_length=2)
    interval: str = Field(pattern=r"^\d+s$")
    timeout: str = Field(pattern=r"^\d+s$")
    retries: int
    start_period: str = Field(pattern=r"^\d+s$")


class Mount(Strict):
    source: str
    target: str = Field(pattern="^/")


class Condition(Strict):
    condition: Literal["service_healthy"]


class Container(Strict):
    """As much of what Compose knows as is used here, held as short as every container of ours is to be."""

    image: str = Field(pattern=r"^[\w./-]+:v?\d+\.[\w.-]*$")  # a pinned tag
    build: Build | None = None
    user: str = Field(pattern=r"^[1-9]\d*:[1-9]\d*$")
    read_only: Literal[True]
    cap_drop: tuple[Literal["ALL"]]
    security_opt: tuple[Literal["no-new-privileges:true"]]
    restart: Literal["unless-stopped"]
    healthcheck: Healthcheck
    entrypoint: list[str] | None = None
    command: list[str] | None = None
    environment: dict[str, str] = {}
    configs: list[Mount] = []
    secrets: list[str] = []
    volumes: list[str] = []
    tmpfs: list[str] = []
    ports: list[str] = []
    depends_on: dict[str, Condition] = {}
    shm_size: str | None = None
    stop_signal: str | None = None
    stop_grace_period: str | None = None


class FromFile(Strict):
    """One with its content in it would have to be copied into a file system that is read-only."""

    file: Path


class Compose(Strict):
    name: str
    services: dict[str, Container]
    configs: dict[str, FromFile] = {}
    secrets: dict[str, FromFile]
    volumes: dict[str, None]


def _compose(name: str) -> Compose:
    found = yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))
    return Compose(**{key: value for key, value in found.items() if not key.startswith("x-")})


FILES = {name: _compose(name) for name in ("docker-compose.yml", "docker-compose.embedded.yml")}
WHOLE = FILES["docker-compose.yml"]
EACH = {name: (file, one) for file in FILES.values() for name, one in file.services.items()}
CONTAINERS = [pytest.param(*case, id=name) for name, case in EACH.items()]
OURS = [
    pytest.param(*case, id=name)
    for name, case in EACH.items()
    if case[1].build and case[1].entrypoint is None
]
NODES = [name for name in WHOLE.services if name.startswith("nats-")]


@pytest.mark.parametrize(("file", "container"), CONTAINERS)
def test_what_a_container_is_given_is_there_and_published_to_this_machine_alone(
    file: Compose, container: Container
) -> None:
    assert set(container.secrets) <= set(file.secrets)
    assert {one.split(":")[0] for one in container.volumes} <= set(file.volumes)
    assert {one.source for one in container.configs} <= set(file.configs)
    assert set(container.depends_on) <= set(file.services)
    assert all(port.startswith("127.0.0.1:") for port in container.ports)
    for name, value in container.environment.items():
        if value.startswith("/run/secrets/"):
            assert name.endswith("_FILE")
            assert value.removeprefix("/run/secrets/") in container.secrets
        assert not re.search("TOKEN|PASSWORD|KEY$", name) or name.endswith("_FILE"), "no secret by value"


@pytest.mark.parametrize("file", FILES.values(), ids=FILES)
def test_nothing_is_declared_that_nobody_uses_and_every_file_but_secrets_is_here(file: Compose) -> None:
    used = list(file.services.values())
    assert set(file.secrets) == {name for one in used for name in one.secrets}
    assert set(file.volumes) == {name.split(":")[0] for one in used for name in one.volumes}
    assert set(file.configs) == {mount.source for one in used for mount in one.configs}
    assert all((ROOT / config.file).is_file() for config in file.configs.values())
    assert all(secret.file.parent == Path("secrets") for secret in file.secrets.values())


def test_docs_tell_how_to_make_every_secret() -> None:
    told = (ROOT / "docs" / "operate.md").read_text(encoding="utf-8")
    for file in FILES.values():
        for secret in file.secrets.values():
            assert re.search(rf"\b{secret.file.name}\b", told), secret.file


@pytest.mark.parametrize(("file", "container"), OURS)
def test_a_container_of_ours_runs_a_verb_that_there_is_with_settings_that_there_are(
    file: Compose, container: Container
) -> None:
    image = dict(re.findall(r"(MENTORING_\w+)=(\S+)", CONTAINERFILE))
    given = image | container.environment
    read_settings(**{name.removeprefix("MENTORING_").lower(): value for name, value in given.items()})
    group = get_command(verbs)
    assert isinstance(group, TyperGroup)
    assert container.command is not None
    verb, *words = container.command
    assert verb in group.commands
    group.commands[verb].make_context(verb, words)
    # Beyond loopback it wants a token, and it writes where it may.
    assert container.environment["MENTORING_HOST"] == "0.0.0.0"
    assert "MENTORING_TOKEN_FILE" in container.environment
    written = [mount.split(":")[0] for mount in container.tmpfs] + [
        mount.split(":")[1] for mount in container.volumes
    ]
    assert image["MENTORING_DATA"] in written


@pytest.mark.parametrize(("file", "container"), CONTAINERS)
def test_ports_are_those_that_are_listened_on(file: Compose, container: Container) -> None:
    listened = {container.environment.get(name) for name in ("MENTORING_PORT", "MENTORING_NATS_PORT")}
    if container.entrypoint is not None:
        listened = {"4222"}
    if container.image.startswith("prom/"):
        listened = {"9090"}
    assert {port.rpartition(":")[2] for port in container.ports} <= listened
    asked = re.search(r"http://127\.0\.0\.1:(\d+)(/v1/\w+)?", " ".join(container.healthcheck.test))
    if asked and container.build and container.entrypoint is None:
        assert asked[1] == container.environment["MENTORING_PORT"]
        assert asked[2] in routes()


def test_prometheus_asks_every_role_at_a_place_that_there_is() -> None:
    (job,) = yaml.safe_load((ROOT / "deploy" / "prometheus.yml").read_text(encoding="utf-8"))[
        "scrape_configs"
    ]
    roles = {
        f"{name}:{one.environment['MENTORING_PORT']}"
        for name, one in WHOLE.services.items()
        if "MENTORING_PORT" in one.environment
    }
    assert set(job["static_configs"][0]["targets"]) == roles
    assert job["metrics_path"] in routes()
    assert (
        job["metrics_path"] in OPEN_TO_ALL
    )  # who has the token may act as anybody: it is not for who counts
    assert "authorization" not in job
    assert not WHOLE.services["prometheus"].secrets


def test_roles_know_every_server_of_the_cluster_and_have_each_stream_kept_by_all() -> None:
    for container in WHOLE.services.values():
        if "MENTORING_NATS" in container.environment:
            assert container.environment["MENTORING_NATS"] == ",".join(
                f"nats://{name}:4222" for name in NODES
            )
            assert container.environment["MENTORING_NATS_REPLICAS"] == str(len(NODES)) == "3"
            assert set(container.depends_on) == {*NODES, "postgres"}


@pytest.mark.parametrize("name", NODES)
def test_each_server_of_the_cluster_takes_its_configuration_and_syncs_always(
    name: str, tmp_path: Path
) -> None:
    """By its own start script, in which nothing but the places is another's."""
    node = WHOLE.services[name]
    config = (ROOT / WHOLE.configs["nats"].file).read_text(encoding="utf-8")
    assert "sync_interval: always" in config
    assert "cipher: aes" in config
    assert node.environment == {"NATS_NAME": name}
    assert node.command is not None
    assert node.entrypoint is not None
    for secret in node.secrets:
        (tmp_path / secret).write_text("0123456789" * 4)  # of digits alone: it is no number for all that
    (script,) = node.command
    for place, here in (
        ("$$", "$"),
        ("/run/secrets", str(tmp_path)),
        ("/etc/nats/nats.conf", str(ROOT / "deploy" / "nats.conf")),
        ("exec nats-server", f"exec {Path(sys.executable).parent / 'nats-server'} -t"),
    ):
        assert place in script
        script = script.replace(place, here)
    assert all(f"@{other}:6222" in script for other in NODES)
    tried = subprocess.run(
        [*node.entrypoint, script], env=os.environ | node.environment, capture_output=True, text=True
    )
    assert tried.returncode == 0, tried.stderr
    assert "0123456789" not in tried.stderr + tried.stdout


def test_analysts_may_connect_to_the_facts_and_not_to_the_keys() -> None:
    said = (ROOT / "deploy" / "databases.sql").read_text("utf-8")
    assert f"CREATE ROLE {ROLE} NOLOGIN;" in said
    assert re.findall(rf"GRANT CONNECT ON DATABASE (\w+) TO {ROLE};", said) == ["mentoring"]


def test_the_databases_that_are_made_are_those_that_are_asked_for() -> None:
    made = re.findall(
        r"CREATE DATABASE (\w+) OWNER (\w+)", (ROOT / "deploy" / "databases.sql").read_text("utf-8")
    )
    names = ("MENTORING_DATABASE", "MENTORING_KEY_DATABASE")
    for container in WHOLE.services.values():
        if names[0] in container.environment:
            asked = [
                re.fullmatch(r"postgresql://(\w+)@postgres:5432/(\w+)", container.environment[name])
                for name in names
            ]
            assert [(one[2], one[1]) for one in asked if one] == made


def routes() -> set[str]:
    """Every path that the HTTP door knows."""
    found: set[str] = set(openapi()["paths"])
    return found
