from types import SimpleNamespace

import psutil

from train.data import available_memory
from train.data.available_memory import available_bytes

GB = 1_000_000_000


def machine(tmp_path, monkeypatch, *, available, groups=""):
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "cgroup").write_text(groups)
    (tmp_path / "groups").mkdir()
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=available))
    monkeypatch.setattr(available_memory, "PROC", tmp_path / "proc")
    monkeypatch.setattr(available_memory, "CGROUPS", tmp_path / "groups")


def group(folder, **files):
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name.replace("__", ".")).write_text(f"{text}\n")


def test_of_the_machine(tmp_path, monkeypatch):
    machine(tmp_path, monkeypatch, available=8 * GB)
    assert available_bytes() == 8 * GB


def test_of_this_machine():
    assert 10_000_000 < available_bytes() < 1 << 50


def test_a_limit_of_a_group_above_counts(tmp_path, monkeypatch):
    machine(tmp_path, monkeypatch, available=8 * GB, groups="0::/a/b\n")
    group(tmp_path / "groups/a/b", memory__max="max", memory__current=1, memory__stat="inactive_file 0")
    group(
        tmp_path / "groups/a",
        memory__max=3 * GB,
        memory__current=2 * GB,
        memory__stat=f"anon 5\ninactive_file {GB // 2}",
    )
    assert available_bytes() == 1.5 * GB  # what is only cached can be had


def test_version_1_and_a_container_that_sees_its_group_at_the_root(tmp_path, monkeypatch):
    machine(tmp_path, monkeypatch, available=8 * GB, groups="4:memory:/somewhere/else\n1:cpu:/\n")
    group(
        tmp_path / "groups/memory",
        memory__limit_in_bytes=2 * GB,
        memory__usage_in_bytes=3 * GB,
        memory__stat="total_inactive_file 0",
    )
    assert available_bytes() == 0


def test_a_system_without_proc(tmp_path, monkeypatch):
    monkeypatch.setattr(available_memory, "PROC", tmp_path / "none")
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=8 * GB))
    assert available_bytes() == 8 * GB
