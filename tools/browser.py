"""The Chromium that the site's tests and `make audit` open pages in. None is fetched: it has to be on the machine.

CHROME_PATH names one; without it the usual names are looked for. `python tools/browser.py` prints which it is.
"""

import os
import shutil
import sys

NAMES = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
    "microsoft-edge",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
MISSING = "there is no Chromium here: install one (Debian: `apt install chromium`), or name one in CHROME_PATH"


def find():
    """The path of a Chromium, or None."""
    named = os.environ.get("CHROME_PATH")
    if named:
        return shutil.which(named)
    return next(filter(None, map(shutil.which, NAMES)), None)


def main():
    path = find()
    if path is None:
        sys.exit(f"lossbook: {MISSING}")
    print(path)


if __name__ == "__main__":
    main()
