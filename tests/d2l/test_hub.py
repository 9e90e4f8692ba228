from __future__ import annotations

import contextlib
import hashlib
import io
import os
import tarfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from linnet.d2l import hub
from linnet.errors import ChecksumError, DownloadError, FormatError, UsageError
from tests.support.http import Silent

Pack = Callable[[dict[str, bytes]], bytes]


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that DATA_HUB serves from; what is put into it is known under its stem."""
    folder = tmp_path / "served"
    folder.mkdir()
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    monkeypatch.setattr(hub, "DATA_HUB", {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Silent, directory=str(folder)))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    monkeypatch.setattr(hub, "DATA_URL", f"http://127.0.0.1:{server.server_port}/")
    yield folder
    server.shutdown()
    server.server_close()


def offer(folder: Path, name: str, content: bytes, sha1: str | None = None) -> str:
    (folder / name).write_bytes(content)
    stem = name.split(".")[0]
    hub.DATA_HUB[stem] = (hub.DATA_URL + name, sha1 or hashlib.sha1(content).hexdigest())
    return stem


def zipped(members: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(members: dict[str, bytes], link: tuple[str, str] | None = None) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
        if link:
            info = tarfile.TarInfo(link[0])
            info.type, info.linkname = tarfile.SYMTYPE, link[1]
            archive.addfile(info)
    return buffer.getvalue()


def test_the_books_files_are_known() -> None:
    assert hub.DATA_URL.startswith("http")
    assert {"kaggle_house_train", "kaggle_house_test"} <= set(hub.DATA_HUB)
    assert all(url.startswith(hub.DATA_URL) and len(sha1) == 40 for url, sha1 in hub.DATA_HUB.values())


def test_a_download_is_kept_and_checked(served: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name = offer(served, "table.csv", b"a,b\n1,2\n")
    path = hub.download(name)
    assert path == os.path.join("..", "data", "table.csv")
    assert Path(path).read_bytes() == b"a,b\n1,2\n"
    assert "downloading" in capsys.readouterr().out
    (served / "table.csv").unlink()
    assert hub.download(name) == path  # it is there
    assert capsys.readouterr().out == ""
    assert hub.download(offer(served, "other.csv", b"x"), cache_dir="here") == os.path.join(
        "here", "other.csv"
    )


def test_other_content_is_refused(served: Path) -> None:
    name = offer(served, "table.csv", b"changed", hashlib.sha1(b"right").hexdigest())
    with pytest.raises(DownloadError, match="SHA1"):
        hub.download(name)
    assert not Path("../data/table.csv").exists()


def test_an_unknown_name_lists_the_known_ones(served: Path) -> None:
    offer(served, "table.csv", b"x")
    with pytest.raises(UsageError, match=r"'nothing' is not in DATA_HUB, which has table"):
        hub.download("nothing")


def test_all_of_the_table(served: Path) -> None:
    offer(served, "one.csv", b"1")
    offer(served, "two.csv", b"2")
    hub.download_all()
    assert sorted(path.name for path in Path("../data").glob("*.csv")) == ["one.csv", "two.csv"]


@pytest.mark.parametrize(("name", "pack"), [("set.zip", zipped), ("set.tar.gz", tarred)])
def test_archives_are_unpacked_beside_themselves(served: Path, name: str, pack: Pack) -> None:
    stem = offer(served, name, pack({"set/a.txt": b"A", "set/below/b.txt": b"B"}))
    folder = hub.download_extract(stem, "set")
    assert Path(folder, "a.txt").read_bytes() == b"A"
    assert Path(folder, "below", "b.txt").read_bytes() == b"B"
    assert hub.download_extract(stem) == os.path.join(
        "..",
        "data",
        name.removesuffix(".gz").removesuffix(".zip").removesuffix(".tar")
        + (".tar" if "tar" in name else ""),
    )


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize(
    "name", ["../evil.txt", "/tmp/evil.txt", "a/../../evil.txt", "..\\evil.txt", "C:\\evil.txt"]
)
def test_a_member_that_leads_out_is_refused(tmp_path: Path, pack: Pack, name: str) -> None:
    archive = tmp_path / "inner" / "bad.bin"
    archive.parent.mkdir()
    archive.write_bytes(pack({"fine.txt": b"fine", name: b"evil"}))
    with pytest.raises(FormatError, match="leads out"):
        hub.extract(archive, archive.parent)
    assert not list(tmp_path.glob("evil*"))
    assert not Path("/tmp/evil.txt").exists()


def test_links_are_refused(tmp_path: Path) -> None:
    archive = tmp_path / "bad.tar.gz"
    archive.write_bytes(tarred({"a.txt": b"A"}, ("way", "/etc")))
    with pytest.raises(FormatError, match="link"):
        hub.extract(archive, tmp_path)


def test_a_folder_that_is_a_link_is_not_followed_out(tmp_path: Path) -> None:
    inner, outer = tmp_path / "inner", tmp_path / "outer"
    inner.mkdir()
    outer.mkdir()
    (inner / "way").symlink_to(outer)
    archive = inner / "set.zip"
    archive.write_bytes(zipped({"way/a.txt": b"A"}))
    with pytest.raises(FormatError, match="leads out"):
        hub.extract(archive, inner)
    assert not list(outer.iterdir())


def test_a_bomb_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub, "MAX_EXTRACTED_BYTES", 1000)
    archive = tmp_path / "set.zip"
    archive.write_bytes(zipped({"a.txt": bytes(600), "b.txt": bytes(600)}))
    with pytest.raises(FormatError, match="more than"):
        hub.extract(archive, tmp_path)


@pytest.mark.parametrize(
    "content",
    [b"", b"text", zipped({"a": bytes(1000)})[:-60], tarred({"a": bytes(9999)})[:-30]],
    ids=["empty", "text", "zip", "tar"],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    archive = tmp_path / "set.bin"
    archive.write_bytes(content)
    with pytest.raises(FormatError, match=r"neither|damaged"):
        hub.extract(archive, tmp_path)


def test_a_tar_that_ends_with_a_zip_is_a_tar(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        content = zipped({"inner.txt": b"x"})
        info = tarfile.TarInfo("set.zip")
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    (tmp_path / "set.tar").write_bytes(buffer.getvalue())
    hub.extract(tmp_path / "set.tar", tmp_path)
    assert (tmp_path / "set.zip").read_bytes() == content


@pytest.mark.parametrize("kind", ["gz", "xz", "bz2", "zip"])
def test_every_cut_and_flip_is_an_error_or_nothing(tmp_path: Path, kind: str) -> None:
    content = bytes(range(256)) * 40
    buffer = io.BytesIO()
    if kind == "zip":
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("a.bin", content)
    else:
        with tarfile.open(fileobj=buffer, mode=f"w:{kind}") as archive:  # type: ignore[call-overload]
            info = tarfile.TarInfo("a.bin")
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    whole = buffer.getvalue()
    path = tmp_path / "set.bin"
    for place in range(0, len(whole), 7):
        for damaged in (whole[:place], whole[:place] + bytes([whole[place] ^ 255]) + whole[place + 1 :]):
            path.write_bytes(damaged)
            with contextlib.suppress(FormatError):
                hub.extract(path, tmp_path / "out")


def test_a_file_and_a_folder_of_one_name_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "set.zip"
    path.write_bytes(zipped({"a": b"1", "a/b": b"2"}))
    with pytest.raises(FormatError):
        hub.extract(path, tmp_path / "out")


@pytest.mark.parametrize(("name", "pack"), [("set.zip", zipped), ("set.tar.gz", tarred)])
def test_unpacking_again_replaces_no_file_that_has_changed(served: Path, name: str, pack: Pack) -> None:
    stem = offer(served, name, pack({"set/a.txt": b"A", "set/b.txt": b"B"}))
    folder = Path(hub.download_extract(stem, "set"))
    assert hub.download_extract(stem, "set") == str(folder)  # the same files again
    (folder / "b.txt").write_bytes(b"mine")
    with pytest.raises(ChecksumError, match=r"b\.txt is there with other content"):
        hub.download_extract(stem, "set")
    assert sorted((path.name, path.read_bytes()) for path in folder.iterdir()) == [
        ("a.txt", b"A"),
        ("b.txt", b"mine"),
    ]


def test_a_download_of_the_book_replaces_no_file_that_has_changed(served: Path) -> None:
    path = Path(hub.download(offer(served, "table.csv", b"a,b\n1,2\n")))
    path.write_bytes(b"mine")
    with pytest.raises(ChecksumError, match="was left as it is"):
        hub.download("table")
    assert [each.name for each in path.parent.iterdir()] == ["table.csv"]
    assert path.read_bytes() == b"mine"
