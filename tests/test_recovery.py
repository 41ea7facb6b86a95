"""A build that is cut off, doubled or out of space leaves a whole site or none, and the next one works."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time

import pytest

from site_pages import ROOT, small_book

BUILDER = "tools/build.py"


@pytest.fixture
def book(tmp_path):
    """A small book of its own, in a folder with a name that is hard to quote, with the tool that builds it."""
    folder = tmp_path / "a bøok's 書"
    (folder / "tools").mkdir(parents=True)
    shutil.copy(ROOT / BUILDER, folder / "tools")
    return small_book(folder, {"index.md": "# A small page\n\nIt has $x^2$.\n", "one.md": "# One\n\nA second page.\n"})


def start(book, **options):
    command = [sys.executable, BUILDER, "index.md", "one.md"]
    return subprocess.Popen(command, cwd=book, stderr=subprocess.PIPE, text=True, **options)


def finish(process):
    said = process.communicate(timeout=120)[1]
    assert process.returncode == 0, said


def is_whole(book):
    return all((book / "_build/html" / name).exists() for name in ("index.html", "one.html", "lossbook-site.zip"))


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_after_a_build_that_was_stopped_there_is_no_stamp_and_the_next_one_works(book, number):
    process = start(book)
    while not (book / "_build/unfinished/_build").exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(number)
    said = process.communicate(timeout=60)[1]
    assert process.returncode != 0
    assert not (book / "_build/stamp").exists()
    if number != signal.SIGKILL:
        assert said.splitlines()[-1:] == ["lossbook: stopped; the next build starts anew"]
        assert "Traceback" not in said
    finish(start(book))
    assert (book / "_build/stamp").exists() and is_whole(book)


def test_two_builds_at_once_take_turns_and_the_second_finds_it_done(book):
    both = [start(book), start(book)]
    for process in both:
        finish(process)
    assert is_whole(book)
    built = (book / "_build/html/index.html").stat().st_ino
    finish(start(book))
    assert (book / "_build/html/index.html").stat().st_ino == built


def test_a_page_changed_while_it_is_built_is_built_again(book):
    process = start(book)
    while not (book / "_build/unfinished/_build").exists():
        time.sleep(0.01)
    os.utime(book / "one.md")
    finish(process)
    assert (book / "one.md").stat().st_mtime > (book / "_build/stamp").stat().st_mtime


def test_the_site_that_is_there_outlives_a_build_that_fails(book):
    finish(start(book))
    (book / "one.md").write_text("# One\n\n[Nowhere](nowhere.md)\n", "utf-8")
    process = start(book)
    process.communicate(timeout=120)
    assert process.returncode != 0
    assert is_whole(book)
    time.sleep(0.01)
    process = start(book)
    process.communicate(timeout=120)
    assert process.returncode != 0  # the failure is not forgotten


def test_out_of_space_is_said_and_leaves_no_stamp(book):
    def no_file_may_grow():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    process = start(book, preexec_fn=no_file_may_grow)
    process.communicate(timeout=120)
    assert process.returncode != 0
    assert not (book / "_build/stamp").exists()
    finish(start(book))
    assert is_whole(book)
