"""Real archives, served by a real server on 127.0.0.1."""

import gzip
import hashlib
import http.server
import io
import os
import shlex
import socket
import stat
import subprocess
import sys
import tarfile
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from generate.download import archives
from generate.download.command_line import main
from generate.download.unpack import unpack
from generate.readers.collection.reader import Reader

ROOT = Path(__file__).parents[3]
AUDIO_FOLDER = {"Toy-master/audio/a.wav": b"RIFFa" * 2000, "Toy-master/meta/toy.csv": b"filename,fold\na.wav,1\n"}


class Handler(http.server.BaseHTTPRequestHandler):
    """Serves `server.files`; a path whose value is an int is answered with that status."""

    def do_GET(self):
        self.server.asked.append(self.path)
        body = self.server.files.get(self.path, 404)
        if isinstance(body, int):
            self.send_error(body)
            return
        self.send_response(200)
        self.send_header("Content-Length", str(len(body) + self.server.promised_more))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *arguments):
        pass


@pytest.fixture
def server(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.files, server.asked, server.promised_more = {}, [], 0
    server.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def zip_of(members, *, link=None):
    memory = io.BytesIO()
    with zipfile.ZipFile(memory, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in members.items():
            packed.writestr(name, content)
        if link:
            member = zipfile.ZipInfo(link)
            member.external_attr = (stat.S_IFLNK | 0o777) << 16
            packed.writestr(member, "/etc/passwd")
    return memory.getvalue()


def tar_of(members, *, link=None, kind=tarfile.SYMTYPE):
    memory = io.BytesIO()
    with tarfile.open(fileobj=memory, mode="w:gz") as packed:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            packed.addfile(member, io.BytesIO(content))
        if link:
            member = tarfile.TarInfo(link)
            member.type, member.linkname = kind, "/etc/passwd"
            packed.addfile(member)
    return memory.getvalue()


def md5_of(content):
    return hashlib.md5(content).hexdigest()


def reader_for(url, content=None):
    return Reader(
        title="Toy",
        recognises=lambda folder: True,
        read=lambda folder, options: None,
        citation="A. Author. Toy sounds. 2020.",
        licence="CC BY 4.0",
        url=url,
        md5=(md5_of(b"an older archive"), md5_of(content)) if content is not None else (),
        archive_folder="Toy-master",
        download_size_mb=1,
    )


def run(reader, to, *arguments):
    return main(["toy", "--to", str(to), *map(str, arguments)], readers={"toy": reader})


def names_in(folder):
    return sorted(os.listdir(folder)) if folder.exists() else []


def serve(server, content, path="/toy.zip"):
    server.files[path] = content
    return reader_for(server.url + path, content)


@pytest.mark.parametrize(("path", "pack"), [("/toy.zip", zip_of), ("/toy.tar.gz?download=1", tar_of)])
def test_a_good_archive_becomes_the_folder_and_nothing_else_stays(server, tmp_path, capsys, path, pack):
    reader = serve(server, pack(AUDIO_FOLDER), path)
    assert run(reader, tmp_path / "new" / "datasets") == 0
    target = tmp_path / "new" / "datasets" / "Toy"
    assert (target / "audio" / "a.wav").read_bytes() == AUDIO_FOLDER["Toy-master/audio/a.wav"]
    assert names_in(target.parent) == ["Toy"]
    out = capsys.readouterr().out
    in_order = ("CC BY 4.0", "A. Author", "downloading", "checksum is right", "next: ")
    order = [out.index(words) for words in in_order]
    assert order == sorted(order)
    assert out.endswith(f"next: python -m generate {target.as_posix()}\n")


def test_keep_archive(server, tmp_path):
    reader = serve(server, tar_of(AUDIO_FOLDER), "/toy.tar.gz")
    assert run(reader, tmp_path, "--keep-archive") == 0
    assert names_in(tmp_path) == ["Toy", "Toy.tar.gz"]
    assert md5_of((tmp_path / "Toy.tar.gz").read_bytes()) in reader.md5


def test_an_archive_that_is_there_is_not_replaced(server, tmp_path, capsys):
    reader = serve(server, tar_of(AUDIO_FOLDER), "/toy.tar.gz")
    (tmp_path / "Toy.tar.gz").write_bytes(b"mine")
    assert run(reader, tmp_path, "--keep-archive") == 1
    assert "is already there. To unpack it: --archive" in capsys.readouterr().err
    assert names_in(tmp_path) == ["Toy.tar.gz"] and (tmp_path / "Toy.tar.gz").read_bytes() == b"mine"
    assert server.asked == []


def test_what_is_there_is_not_downloaded_again(server, tmp_path, capsys):
    reader = serve(server, zip_of(AUDIO_FOLDER))
    (tmp_path / "Toy").mkdir()
    (tmp_path / "Toy" / "mine.wav").write_bytes(b"mine")
    assert run(reader, tmp_path) == 0
    assert "already there" in capsys.readouterr().out
    assert server.asked == []
    assert names_in(tmp_path / "Toy") == ["mine.wav"]


def test_an_empty_folder_is_not_taken_for_the_collection(server, tmp_path):
    (tmp_path / "Toy").mkdir()
    assert run(serve(server, zip_of(AUDIO_FOLDER)), tmp_path) == 0
    assert names_in(tmp_path / "Toy") == ["audio", "meta"]


def test_a_wrong_checksum_keeps_the_archive_aside_and_says_what_to_do(server, tmp_path, capsys):
    content = zip_of(AUDIO_FOLDER)
    reader = replace(serve(server, content), md5=("0" * 32,))
    assert run(reader, tmp_path) == 1
    assert names_in(tmp_path) == ["Toy.zip.unverified"]
    error = capsys.readouterr().err
    assert "0" * 32 in error and md5_of(content) in error

    # The command that the message gives works, and needs no second download.
    command = shlex.split(error.splitlines()[-1])
    assert command[:4] == ["python", "-m", "generate.download", "toy"]
    assert main(command[3:], readers={"toy": reader}) == 0
    assert names_in(tmp_path / "Toy") == ["audio", "meta"]
    assert len(server.asked) == 1


def test_accept_checksum_while_downloading(server, tmp_path):
    content = zip_of(AUDIO_FOLDER)
    reader = replace(serve(server, content), md5=("0" * 32,))
    assert run(reader, tmp_path, "--accept-checksum", md5_of(content).upper()) == 0


def test_where_no_checksum_is_published_it_says_so(server, tmp_path, capsys):
    content = zip_of(AUDIO_FOLDER)
    assert run(replace(serve(server, content), md5=()), tmp_path) == 0
    out = capsys.readouterr().out
    assert "no checksum is published" in out and hashlib.sha256(content).hexdigest() in out


EVIL = {
    "zip-climbs": zip_of(AUDIO_FOLDER | {"../evil.txt": b"x"}),
    "zip-climbs-with-backslashes": zip_of(AUDIO_FOLDER | {"a\\..\\..\\evil.txt": b"x"}),
    "zip-absolute": zip_of(AUDIO_FOLDER | {"/tmp/evil.txt": b"x"}),
    "zip-drive": zip_of(AUDIO_FOLDER | {"C:/evil.txt": b"x"}),
    "zip-link": zip_of(AUDIO_FOLDER, link="Toy-master/audio/b.wav"),
    "tar-climbs": tar_of(AUDIO_FOLDER | {"Toy-master/../../evil.txt": b"x"}),
    "tar-absolute": tar_of(AUDIO_FOLDER | {"/tmp/evil.txt": b"x"}),
    "tar-link": tar_of(AUDIO_FOLDER, link="Toy-master/audio/b.wav"),
    "tar-hard-link": tar_of(AUDIO_FOLDER, link="Toy-master/audio/b.wav", kind=tarfile.LNKTYPE),
    "tar-device": tar_of(AUDIO_FOLDER, link="Toy-master/audio/b.wav", kind=tarfile.CHRTYPE),
}


@pytest.mark.parametrize("content", EVIL.values(), ids=EVIL.keys())
def test_evil_members_are_refused(server, tmp_path, capsys, content):
    to = tmp_path / "a" / "datasets"
    assert run(serve(server, content), to) == 1
    assert "refused" in capsys.readouterr().err
    assert names_in(to) == []
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["a", "datasets"]


def flipped(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 0xFF]) + content[middle + 1 :]


BROKEN = {
    "zip-cut": zip_of(AUDIO_FOLDER)[:-40],
    "zip-flipped": flipped(zip_of({"Toy-master/a.wav": os.urandom(5000)})),
    "tar-cut": tar_of({"Toy-master/a.wav": os.urandom(50_000)})[:-20_000],
    "tar-flipped": flipped(tar_of({"Toy-master/a.wav": os.urandom(50_000)})),
    "tar-flipped-checksum": tar_of(AUDIO_FOLDER)[:-8] + b"\0\0\0\0" + tar_of(AUDIO_FOLDER)[-4:],
    "empty": b"",
    "a-web-page": b"<html>quota exceeded</html>",
}


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN.keys())
def test_broken_archives_without_a_checksum_leave_nothing(server, tmp_path, capsys, content):
    assert run(replace(serve(server, content), md5=()), tmp_path) == 1
    assert "truncated, damaged or no" in capsys.readouterr().err
    assert names_in(tmp_path) == []


def test_another_folder_inside_the_archive(server, tmp_path, capsys):
    assert run(serve(server, zip_of({"Other/a.wav": b"a"})), tmp_path) == 1
    error = capsys.readouterr().err
    assert "'Toy-master'" in error and "Other" in error
    assert names_in(tmp_path) == []


@pytest.mark.parametrize("status", [404, 503])
def test_a_server_that_refuses(server, tmp_path, capsys, status):
    reader = serve(server, zip_of(AUDIO_FOLDER))
    server.files["/toy.zip"] = status
    assert run(reader, tmp_path) == 1
    error = capsys.readouterr().err
    assert f"answered {status}" in error and reader.url in error
    assert f"--archive {tmp_path}/Toy.zip" in error
    assert names_in(tmp_path) == []


def test_no_server(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert run(reader_for(f"http://127.0.0.1:{port}/toy.zip"), tmp_path) == 1
    error = capsys.readouterr().err
    assert "refused" in error and "Traceback" not in error
    assert len(error.splitlines()) == 3
    assert names_in(tmp_path) == []


def test_a_connection_that_breaks_off(server, tmp_path, capsys):
    reader = replace(serve(server, zip_of(AUDIO_FOLDER)), md5=())
    server.promised_more = 1000
    assert run(reader, tmp_path) == 1
    assert "The download failed" in capsys.readouterr().err
    assert names_in(tmp_path) == []


def test_an_archive_that_is_already_here(tmp_path, capsys):
    content = zip_of(AUDIO_FOLDER)
    archive = tmp_path / "by hand.zip"
    archive.write_bytes(content)
    reader = reader_for("http://127.0.0.1:9/toy.zip", content)
    assert run(reader, tmp_path / "datasets", "--archive", archive) == 0
    assert "checksum is right" in capsys.readouterr().out
    assert names_in(tmp_path / "datasets") == ["Toy"]
    assert archive.read_bytes() == content


def test_an_archive_that_is_already_here_is_checked_and_left_alone(tmp_path, capsys):
    archive = tmp_path / "by-hand.zip"
    archive.write_bytes(zip_of(AUDIO_FOLDER))
    reader = reader_for("http://127.0.0.1:9/toy.zip", b"something else")
    assert run(reader, tmp_path / "datasets", "--archive", archive) == 1
    assert md5_of(b"something else") in capsys.readouterr().err
    assert names_in(tmp_path) == ["by-hand.zip", "datasets"]
    assert names_in(tmp_path / "datasets") == []


def test_an_archive_that_is_not_here(tmp_path, capsys):
    assert run(reader_for("http://127.0.0.1:9/toy.zip"), tmp_path, "--archive", tmp_path / "none.zip") == 1
    assert "none.zip" in capsys.readouterr().err


def test_too_little_room(server, tmp_path, capsys):
    reader = replace(serve(server, zip_of(AUDIO_FOLDER)), download_size_mb=10**9)
    assert run(reader, tmp_path) == 1
    assert "GB free" in capsys.readouterr().err
    assert server.asked == []


def test_ctrl_c_leaves_nothing(server, tmp_path, capsys, monkeypatch):
    def interrupt(archive, folder, **_):
        folder.mkdir()
        (folder / "half").write_bytes(b"")
        raise KeyboardInterrupt

    monkeypatch.setattr(archives, "unpack", interrupt)
    assert run(serve(server, zip_of(AUDIO_FOLDER)), tmp_path) == 130
    assert "Toy was not made" in capsys.readouterr().err
    assert names_in(tmp_path) == []


def test_the_list_names_only_what_can_be_downloaded(capsys):
    readers = {"toy": reader_for("http://127.0.0.1:9/toy.zip"), "folders": reader_for("")}
    for arguments in ([], ["--list"]):
        assert main(arguments, readers=readers) == 0
        out = capsys.readouterr().out
        assert "toy" in out and "1 MB" in out and "CC BY 4.0" in out and "folders" not in out


@pytest.mark.parametrize("arguments", [["folders"], ["no"], ["toy", "--accept-checksum", "12"], ["--what"]])
def test_a_wrong_command_line_ends_with_status_2(arguments, capsys):
    readers = {"toy": reader_for("http://127.0.0.1:9/toy.zip"), "folders": reader_for("")}
    with pytest.raises(SystemExit) as stop:
        main(arguments, readers=readers)
    assert stop.value.code == 2
    assert "error:" in capsys.readouterr().err


def test_unpack_refuses_a_folder_that_is_there(tmp_path):
    archive = tmp_path / "toy.zip"
    archive.write_bytes(zip_of(AUDIO_FOLDER))
    with pytest.raises(FileExistsError):
        unpack(archive, tmp_path, most_bytes=10**6)


def test_help_imports_nothing_slow():
    code = (
        "import sys, generate.download.command_line as d\n"
        "try: d.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print([m for m in ('pooch', 'requests', 'pandas', 'numpy', 'tensorflow') if m in sys.modules])"
    )
    command = [sys.executable, "-c", code]
    answer = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert answer.stdout.splitlines()[-1] == "[]"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--archive", "x.zip"], "the other options need a NAME"),
        (["--keep-archive"], "the other options need a NAME"),
        (["esc50", "--list"], "--list and NAME exclude each other"),
    ],
)
def test_options_that_would_not_be_used(arguments, said, capsys):
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert said in capsys.readouterr().err


def bomb_of_a_zip(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("Toy/a.wav", bytes(3_000_000))


def many_files(path):
    with zipfile.ZipFile(path, "w") as packed:
        for number in range(20_001):
            packed.writestr(f"Toy/{number}", b"")


def bomb_of_a_tar(path):
    with tarfile.open(path, "w:gz") as packed:
        for number in range(3):
            member = tarfile.TarInfo(f"Toy/{number}.wav")
            member.size = 900_000
            packed.addfile(member, io.BytesIO(bytes(900_000)))


def zeros_behind_a_tar(path):
    with tarfile.open(path, "w:gz") as packed:
        packed.addfile(tarfile.TarInfo("Toy/a.wav"))
    with gzip.open(path, "ab") as file:
        file.write(bytes(5_000_000))


def header_of_gigabytes(path):
    member = tarfile.TarInfo("Toy/a.wav")
    member.type, member.size = tarfile.XHDTYPE, 1 << 33
    with gzip.open(path, "wb") as file:
        file.write(member.tobuf(tarfile.GNU_FORMAT) + bytes(100_000))


@pytest.mark.parametrize(
    "make",
    [bomb_of_a_zip, many_files, bomb_of_a_tar, zeros_behind_a_tar, header_of_gigabytes],
    ids=lambda f: f.__name__,
)
def test_no_more_is_unpacked_than_was_published(tmp_path, make):
    make(tmp_path / "archive")
    with pytest.raises(ValueError, match="is refused|larger than any"):
        unpack(tmp_path / "archive", tmp_path / "unpacked", most_bytes=2_000_000)
    assert sum(path.stat().st_size for path in (tmp_path / "unpacked").rglob("*") if path.is_file()) <= 2_000_000
