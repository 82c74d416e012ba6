"""Three real nats-servers in one cluster, whose nodes can be killed, stopped, stilled and started again."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.patience import PATIENCE
from tests.ports import free
from workflow.consumers.transport.server import dies_with_parent


@dataclass(slots=True)
class Node:
    """One server with its ports and its files."""

    name: str
    folder: Path
    port: int
    route: int
    monitor: int
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def url(self) -> str:
        """Where clients connect to."""
        return f"nats://127.0.0.1:{self.port}"

    @property
    def runs(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it on its ports and its files; it is not waited for."""
        with (self.folder / "server.log").open("ab") as said:
            self.process = subprocess.Popen(
                [
                    str(Path(sys.executable).parent / "nats-server"),
                    "--config",
                    str(self.folder / "server.conf"),
                ],
                stdin=subprocess.DEVNULL,
                stderr=said,
                start_new_session=True,
                preexec_fn=dies_with_parent(signal.SIGKILL),
            )

    def kill(self) -> None:
        """End it where it stands."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as an operator does: it hands over what it leads."""
        self._end(signal.SIGTERM)

    def still(self) -> None:
        """Let it stand still, as a machine that is paused does: its connections stay open."""
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """Let it go on from there, with all that it believed."""
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def forget(self) -> None:
        """Throw away all that it has stored."""
        shutil.rmtree(self.folder / "jetstream")

    def alone(self) -> None:
        """Start it anew where it finds none of the others, and they do not find it. Clients do."""
        self.stop()
        config = self.folder / "server.conf"
        kept = config.read_text("utf-8")
        cut_off, elsewhere = free(2)
        whole = re.sub(r"routes: \[.*\]", f'routes: ["nats://127.0.0.1:{elsewhere}"]', kept)
        config.write_text(
            whole.replace(f'listen: "127.0.0.1:{self.route}"', f'listen: "127.0.0.1:{cut_off}"'), "utf-8"
        )
        self.start()
        _until(lambda: bool(self.asked("varz")), lambda: f"{self.name} does not start alone")
        config.write_text(kept, "utf-8")  # as it is started the next time

    def asked(self, what: str) -> dict[str, Any]:
        """What its monitoring says, be it that it is ill; nothing where it does not answer."""
        try:
            try:
                answer = urllib.request.urlopen(f"http://127.0.0.1:{self.monitor}/{what}", timeout=5)
            except urllib.error.HTTPError as ill:
                answer = ill
            with answer:
                found: dict[str, Any] = json.load(answer)
                return found
        except (OSError, ValueError):
            return {}

    def _end(self, by: signal.Signals) -> None:
        if self.process is not None:
            self.process.send_signal(by)
            if by is not signal.SIGKILL:
                self.process.send_signal(signal.SIGCONT)
            self.process.wait(PATIENCE)


class Cluster:
    """Three nodes. They tell their clients of no others: whoever is to try all of them is given all addresses."""

    def __init__(self, nodes: Sequence[Node]) -> None:
        self.nodes = nodes

    @property
    def urls(self) -> str:
        """All addresses, as the service takes them."""
        return ",".join(node.url for node in self.nodes)

    @property
    def running(self) -> list[Node]:
        """The nodes whose process lives."""
        return [node for node in self.nodes if node.runs]

    def node(self, name: str) -> Node:
        """One of them by its name."""
        return next(node for node in self.nodes if node.name == name)

    def start(self) -> None:
        """Start what does not run, and wait until all of them know one leader and lag behind nobody."""
        for node in self.nodes:
            if not node.runs:
                node.start()
        _until(self._whole, lambda: "the cluster does not become whole; " + self._troubles())

    def leader(self, stream: str) -> Node:
        """Who leads a stream now; waits for one that is alive."""
        found: list[Node] = []

        def known() -> bool:
            for asked in self.running:
                name = _leaders(asked).get(stream)
                # What a node believes of others may be old: it is asked of itself.
                if name and (node := self.node(name)).runs and _leaders(node).get(stream) == name:
                    found.append(node)
                    return True
            return False

        _until(known, lambda: f"nobody leads {stream}")
        return found[0]

    def stop(self) -> None:
        """End all of them."""
        for node in self.nodes:
            if node.runs:
                node.kill()

    def _whole(self) -> bool:
        leaders = {node.asked("jsz").get("meta_cluster", {}).get("leader") for node in self.nodes}
        return len(leaders) == 1 and leaders != {None} and not self._troubles()

    def _troubles(self) -> str:
        answers = {node.name: node.asked("healthz") for node in self.nodes}
        ill = [
            f"{name}: {told.get('error', told or 'no answer')}"
            for name, told in answers.items()
            if told.get("status") != "ok"
        ]
        return "; ".join(ill)


@contextmanager
def cluster(folder: Path, *, sync: str = "1m") -> Iterator[Cluster]:
    """A cluster of three that is at work. ``sync`` is how often each syncs to its disk; a service wants ``always``."""
    for _ in range(5):
        made = Cluster(_prepared(folder, sync))
        try:
            made.start()
        except AssertionError:
            made.stop()
            if all(node.process and node.process.returncode == -signal.SIGKILL for node in made.nodes):
                raise
            shutil.rmtree(folder)  # another took one of the ports first
            continue
        try:
            yield made
        finally:
            made.stop()
        return
    raise AssertionError("no ports were free for long enough")


def _prepared(folder: Path, sync: str) -> list[Node]:
    ports = iter(free(9))
    nodes = [
        Node(name, folder / name, next(ports), next(ports), next(ports)) for name in ("one", "two", "three")
    ]
    routes = ", ".join(f'"nats://127.0.0.1:{node.route}"' for node in nodes)
    for node in nodes:
        node.folder.mkdir(parents=True)
        lines = (
            f"server_name: {node.name}",
            f'listen: "127.0.0.1:{node.port}"',
            f'http: "127.0.0.1:{node.monitor}"',
            f'jetstream {{ store_dir: "{node.folder / "jetstream"}", sync_interval: {sync}, max_file: 256GB }}',
            f'cluster {{ name: tests, listen: "127.0.0.1:{node.route}", no_advertise: true, routes: [{routes}] }}',
        )
        (node.folder / "server.conf").write_text("\n".join(lines) + "\n", "utf-8")
    return nodes


def _leaders(node: Node) -> dict[str, str]:
    """Who leads which stream, as one node believes."""
    accounts = node.asked("jsz?streams=1").get("account_details") or ()
    streams = [stream for account in accounts for stream in account.get("stream_detail") or ()]
    return {stream["name"]: (stream.get("cluster") or {}).get("leader", "") for stream in streams}


def _until(so: Callable[[], bool], otherwise: Callable[[], str]) -> None:
    end = time.monotonic() + PATIENCE
    while not so():
        assert time.monotonic() < end, otherwise()
        time.sleep(0.02)
