"""Files are there once they are whole, and take no other file's place unless that is meant."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from uuid import UUID

import pytest

from workflow.drafts import Draft
from workflow.folder import Address, Folder
from workflow.secret_files import own_secret
from workflow.store.master import load_master_key


@pytest.fixture(params=["nameless", "named", "without links"], autouse=True)
def file_system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the file system can do."""

    def no_links(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, os.strerror(errno.EPERM))

    if request.param != "nameless":
        monkeypatch.setattr("workflow.drafts._NAMELESS", None)
    if request.param == "without links":
        monkeypatch.setattr(os, "link", no_links)


def put(to: Path, text: bytes, *, replacing: bool = False) -> None:
    with Draft(to.parent) as draft:
        draft.file.write(text)
        draft.put(to, replacing=replacing)


def test_it_takes_no_other_files_place_unless_that_is_meant(tmp_path: Path) -> None:
    file = tmp_path / "file"
    put(file, b"first")
    with pytest.raises(FileExistsError):
        put(file, b"second")
    assert file.read_bytes() == b"first"
    put(file, b"third", replacing=True)
    put(tmp_path / "other", b"new", replacing=True)
    assert {one.name: one.read_bytes() for one in tmp_path.iterdir()} == {"file": b"third", "other": b"new"}
    assert {one.stat().st_mode & 0o777 for one in tmp_path.iterdir()} == {0o600}


def test_what_comes_to_nothing_leaves_nothing(tmp_path: Path) -> None:
    (folder := tmp_path / "taken").mkdir()
    with pytest.raises(OSError, match="directory"):
        put(folder, b"text", replacing=True)
    with pytest.raises(KeyError), Draft(tmp_path):
        raise KeyError
    assert list(tmp_path.iterdir()) == [folder]


def test_keys_tokens_and_addresses_are_such_files(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "data")
    address = Address(instance=UUID(int=7), pid=7, http="", nats="", clock="real", data="")
    with folder:
        key, token = load_master_key(folder.master_key), own_secret(folder.nats_token, "token")
        assert (load_master_key(folder.master_key), own_secret(folder.nats_token, "token")) == (key, token)
        for pid in (7, 8):
            folder.announce(address.model_copy(update={"pid": pid}))
        assert (told := folder.address()) is not None
        assert told.pid == 8
        names = {"lock", "master.key", "nats.token", "service.json"}
        assert {one.name for one in folder.path.iterdir()} == names
        assert {one.stat().st_mode & 0o777 for one in folder.path.iterdir()} == {0o600}


def test_what_a_kill_left_of_them_goes_when_the_folder_is_next_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("workflow.drafts._NAMELESS", None)
    left = Draft(tmp_path)
    left.file.write(b"half a key")
    left.file.close()
    assert len(list(tmp_path.iterdir())) == 1
    with Folder(tmp_path):
        assert [one.name for one in tmp_path.iterdir()] == ["lock"]
