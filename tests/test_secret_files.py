"""A secret is read only from a file that keeps it from others."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workflow.errors import Invalid, Stopped
from workflow.secret_files import read_secret
from workflow.store.master import load_master_key

TOKEN = "a-token-of-enough-letters"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    file = tmp_path / "token"
    file.write_text(f"{TOKEN}\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def mounted_read_only(monkeypatch: pytest.MonkeyPatch) -> None:
    found = os.statvfs("/")
    flags = [*found]
    flags[8] |= os.ST_RDONLY
    monkeypatch.setattr(os, "fstatvfs", lambda _: os.statvfs_result(flags))


@pytest.mark.parametrize("mode", [0o600, 0o400, 0o700])
def test_a_file_of_its_owner_alone_is_read(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert read_secret(file, "bearer token") == TOKEN


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o444, 0o440])
def test_one_that_others_may_read_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(Invalid, match=r"others may read .*bearer token; set its mode to 0600") as refused:
        read_secret(file, "bearer token")
    assert refused.value.code == "secret_exposed"
    assert TOKEN not in refused.value.detail


@pytest.mark.parametrize("mode", [0o440, 0o444, 0o644])
@pytest.mark.usefixtures("mounted_read_only")
def test_a_secret_that_a_container_is_given_may_be_read_by_all_in_it(file: Path, mode: int) -> None:
    file.chmod(mode)
    assert read_secret(file, "bearer token") == TOKEN


@pytest.mark.parametrize("mode", [0o620, 0o602, 0o666, 0o622])
def test_one_that_others_may_write_to_is_refused(file: Path, mode: int) -> None:
    file.chmod(mode)
    with pytest.raises(Invalid, match=r"others may write to .*; set its mode to 0600"):
        read_secret(file, "bearer token")


@pytest.mark.usefixtures("mounted_read_only")
def test_even_where_it_is_mounted_read_only(file: Path) -> None:
    file.chmod(0o666)
    with pytest.raises(Invalid, match="others may write"):
        read_secret(file, "bearer token")


def test_a_pipe_a_folder_and_nothing_are_refused_at_once(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name, words in (("pipe", "regular file"), (".", "regular file"), ("nothing", "No such file")):
        with pytest.raises(Invalid, match=words) as refused:
            read_secret(tmp_path / name, "bearer token")
        assert refused.value.code == "secret_unreadable"


@pytest.mark.parametrize("secret", ["", "short", "two words of enough letters", "ünïcödé-of-enough-letters"])
def test_a_weak_secret_is_refused(file: Path, secret: str) -> None:
    file.write_text(secret, encoding="utf-8")
    with pytest.raises(Invalid) as refused:
        read_secret(file, "bearer token")
    assert refused.value.code == "secret_weak"


def test_the_master_key_is_held_to_the_same(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    key = load_master_key(path)
    for mode in (0o640, 0o604, 0o660):
        path.chmod(mode)
        with pytest.raises(Stopped, match="set its mode to 0600") as refused:
            load_master_key(path)
        assert refused.value.code == "master_key_exposed"
    path.chmod(0o400)
    assert load_master_key(path) == key
    path.unlink()
    path.mkdir(mode=0o700)
    with pytest.raises(Stopped, match="regular file") as refused:
        load_master_key(path)
    assert refused.value.code == "master_key_unreadable"


@pytest.mark.usefixtures("mounted_read_only")
def test_so_is_one_that_a_container_is_given(tmp_path: Path) -> None:
    path = tmp_path / "master.key"
    key = load_master_key(path)
    path.chmod(0o444)
    assert load_master_key(path) == key
