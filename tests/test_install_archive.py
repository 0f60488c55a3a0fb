"""The archive of a release: the same bytes of the same files, and nothing lost."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
import os
import subprocess
import sys
import tarfile

import pytest

from hosts import ROOT

EPOCH = 1_700_000_000


def loaded(name):
    """Load a script of installer/, which is no package."""
    spec = importlib.util.spec_from_file_location(name, ROOT / "installer" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def write_folder(folder, order):
    (folder / "inner").mkdir(parents=True)
    for name in order:
        (folder / name).write_bytes(name.encode() * 100)
    (folder / "program").chmod(0o700)
    os.link(folder / "program", folder / "second-name")
    (folder / "inner/link").symlink_to("../program")
    return folder


def test_the_same_files_give_the_same_archive(tmp_path):
    archive = loaded("archive")
    for place, order in (
        ("a", ["program", "inner/x", "data"]),
        ("b", ["data", "inner/x", "program"]),
    ):
        folder = write_folder(tmp_path / place, order)
        os.utime(folder / "data", (len(place), 1))
        archive.write_archive(folder, tmp_path / f"{place}.tar.gz", "top", EPOCH)
    assert (tmp_path / "a.tar.gz").read_bytes() == (tmp_path / "b.tar.gz").read_bytes()


def test_an_archive_holds_what_the_folder_holds(tmp_path):
    folder = write_folder(tmp_path / "a", ["program", "inner/x", "data"])
    loaded("archive").write_archive(folder, tmp_path / "a.tar.gz", "top", EPOCH)
    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        assert {member.mtime for member in tar} == {EPOCH}
        assert {(member.uid, member.gid) for member in tar} == {(0, 0)}
        modes = {member.name: member.mode for member in tar if member.isfile()}
        assert modes["top/program"] == 0o755 and modes["top/data"] == 0o644
        # Python before 3.11.4 has no filters.
        tar.extraction_filter = getattr(tarfile, "tar_filter", None)
        tar.extractall(tmp_path / "out")
    found = tmp_path / "out/top"
    assert (found / "program").samefile(found / "second-name")
    assert (found / "inner/link").resolve() == found / "program"
    for name in ("program", "inner/x", "data"):
        assert (found / name).read_bytes() == (folder / name).read_bytes()


@pytest.mark.parametrize("content", [b"", b"a", bytes(100_000)])
def test_gzip_reads_what_is_packed(content):
    assert gzip.decompress(loaded("archive").gzipped(content, EPOCH)) == content


def test_checksums_are_those_of_sha256sum(tmp_path):
    (tmp_path / "a").write_bytes(b"x")
    loaded("archive").write_checksums([tmp_path / "a"], tmp_path / "SHA256SUMS")
    assert (tmp_path / "SHA256SUMS").read_text() == f"{hashlib.sha256(b'x').hexdigest()}  a\n"


@pytest.mark.skipif(sys.platform != "linux", reason="libraries of Linux")
def test_a_replaced_library_has_the_symbols_that_are_asked_for(tmp_path):
    video = loaded("without_video")
    if not video.possible() or subprocess.run(["which", "as", "ld", "objdump"]).returncode:
        pytest.skip("needs x86-64 and binutils")
    import cv2

    opencv = next(path for path in (ROOT / cv2.__file__).parent.glob("cv2*.so"))
    for library in sorted((opencv.parents[1] / video.FOLDER).glob("*.so*")):
        if not video.is_replaced(f"{video.FOLDER}/{library.name}"):
            continue
        made = video.replacement(library, opencv, tmp_path)
        asked = {name for section, _, name in video._symbols(opencv) if section == "*UND*"}
        wanted = {each[1:] for each in video._symbols(library) if each[0] != "*UND*"}
        wanted = {("" if v == "Base" else v, name) for v, name in wanted if name in asked}
        found = {each[1:] for each in video._symbols(made)}
        assert wanted and {("" if v == "Base" else v, n) for v, n in found} >= wanted
        assert made.stat().st_size < 50_000 < library.stat().st_size
