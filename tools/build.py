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


def jupyter_book():
    """Build all pages anew beside the site: a page left alone would keep its warnings to itself."""
    from jupyter_book.cli.main import main

    arguments = ["build", "-W", "-n", "--keep-going", "-q", "--path-output", str(BESIDE), str(ROOT)]
    with open(os.devnull, "w") as nowhere, contextlib.redirect_stdout(nowhere):
        main(arguments, standalone_mode=False)


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
