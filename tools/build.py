"""Build the pages into _build/html: `python tools/build.py SOURCE...`, unless none changed since the last build.

They are built beside and put in place when whole. The stamp goes first and comes last, dated when its build began, so
that neither a build that is cut off nor a source that changes meanwhile is ever taken for done. Two at once take turns.
"""

import contextlib
import fcntl
import os
import shutil
import signal
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
BESIDE = BUILD / "unfinished"
STAMP = BUILD / "stamp"


def is_fresh(sources):
    """Was the site built after each of these files was last changed?"""
    try:
        built = STAMP.stat().st_mtime
    except FileNotFoundError:
        return False
    return all(source.stat().st_mtime <= built for source in sources)


def check_settings():
    """End with one line for a file that cannot be read or that is listed and not there."""
    import yaml
    from pybtex.database import parse_file
    from pybtex.exceptions import PybtexError
    from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml

    name = None
    try:
        for name in ("_config.yml", "_toc.yml"):
            yaml.safe_load((ROOT / name).read_text("utf-8"))
        contents = parse_toc_yaml(ROOT / "_toc.yml")
        for name in ROOT.glob("*.bib"):
            parse_file(str(name))
    except (yaml.YAMLError, MalformedError, PybtexError) as error:
        sys.exit(f"lossbook: {Path(name).name}: {' '.join(str(error).split())}")
    for page in contents:
        if not any((ROOT / f"{page}{suffix}").exists() for suffix in ("", ".md", ".ipynb")):
            sys.exit(f"lossbook: _toc.yml: {page}: there is no such page")


def jupyter_book():
    """Build all pages anew beside the site: a page left alone would keep its warnings to itself."""
    from jupyter_book.cli.main import main
    from sphinx.util.console import nocolor

    if not sys.stderr.isatty():
        nocolor()
    arguments = ["build", "-W", "-n", "--keep-going", "-q", "--path-output", str(BESIDE), str(ROOT)]
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        try:
            main(arguments, standalone_mode=False)
        except SystemExit as error:  # as it ends where there were warnings
            raise RuntimeError from error


def put_in_place():
    STAMP.unlink(missing_ok=True)
    shutil.rmtree(BUILD / "html", ignore_errors=True)
    os.rename(BESIDE / "_build/html", BUILD / "html")


def build(sources):
    BUILD.mkdir(exist_ok=True)
    with open(BUILD / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if is_fresh(sources):
            return
        check_settings()
        began = time.time()
        shutil.rmtree(BESIDE, ignore_errors=True)
        BESIDE.mkdir()
        jupyter_book()
        put_in_place()
        shutil.rmtree(BESIDE)
        STAMP.touch()
        os.utime(STAMP, (began, began))


def stop(number, frame):
    """End at once, as no exception would, of which Sphinx makes an error of its own; the next build clears up."""
    os.write(2, b"lossbook: stopped; the next build starts anew\n")
    os._exit(1)


def main():
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, stop)
    try:
        build([ROOT / name for name in sys.argv[1:]])
    except (OSError, RuntimeError) as error:
        cause = error.__cause__ or error  # Jupyter Book's RuntimeError says no more than that there was one
        if isinstance(cause, OSError):
            sys.exit(f"lossbook: cannot build the pages: {cause.strerror}: {cause.filename or BUILD}")
        sys.exit("lossbook: the pages were not built: what is wrong with them stands above")


if __name__ == "__main__":
    main()
