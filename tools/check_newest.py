"""Run notebooks and library tests with the newest and with the oldest dependencies allowed: `make check-newest`.

pyproject.toml gives the ranges. Each environment is made in a temporary folder and goes when done. Outputs are compared
by meaning (--by-meaning, see tests/notebook_guard.py): numbers must agree, typesetting may differ. Left out are the
tests of the site, of what is cut off and of the notebook tools, and the types, which hold with the locked NumPy.
ARGS="oldest" runs one of the two, and further arguments go to pytest.
"""

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
UV = Path(sys.executable).with_name("uv")
RESOLUTIONS = {"newest": "highest", "oldest": "lowest-direct"}
INSTALL = "pip install --quiet --only-binary=:all: -r pyproject.toml --group=book --group=test".split()
TEST = "-m pytest -q --thorough --by-meaning -p no:cacheprovider".split()
LEFT_OUT = [f"--ignore-glob=tests/test_{part}*" for part in ("site", "recovery", "notebook_")]
LEFT_OUT.append("--deselect=tests/test_package.py::test_the_library_has_types")


def environment(folder, resolution):
    """The Python of a new environment in `folder`."""
    python = folder / "bin/python"
    subprocess.run([UV, "venv", "--quiet", "--python", sys.executable, folder], check=True)
    subprocess.run([UV, *INSTALL, "--python", python, "--resolution", resolution], cwd=ROOT, check=True)
    (packages,) = folder.glob("lib/python*/site-packages")
    (packages / "lossbook.pth").write_text(os.path.relpath(ROOT, packages) + "\n", "utf-8")
    return python


def passes(name, arguments):
    with tempfile.TemporaryDirectory() as folder:
        python = environment(Path(folder).resolve(), RESOLUTIONS[name])
        print(f"With the {name} dependencies:", flush=True)
        return subprocess.run([python, *TEST, *LEFT_OUT, *arguments], cwd=ROOT).returncode == 0


def stop(number, frame):
    raise KeyboardInterrupt


def main():
    signal.signal(signal.SIGTERM, stop)  # so that the tests end with us, and the folder goes
    wanted = [name for name in sys.argv[1:] if name in RESOLUTIONS] or list(RESOLUTIONS)
    arguments = [argument for argument in sys.argv[1:] if argument not in RESOLUTIONS]
    try:
        failed = [name for name in wanted if not passes(name, arguments)]
    except subprocess.CalledProcessError:
        sys.exit("lossbook: no environment could be made: uv says why above")
    except KeyboardInterrupt:
        sys.exit("lossbook: stopped")
    if failed:
        sys.exit(f"lossbook: fails with the {' and the '.join(failed)} dependencies")


if __name__ == "__main__":
    main()
