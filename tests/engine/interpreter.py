"""A Python that has imported the packages already: what the engine starts is a fork of it. Importing them anew would be
most of what a command costs.

`python -m tests.engine.interpreter SOCKET`, a path that ends in the hash seed that its programs have.
"""

import gc
import importlib
import json
import os
import runpy
import signal
import socket
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import ModuleType
from typing import NoReturn

import pulumi

SEEDS = ("1", "4711")
"""What PYTHONHASHSEED may be; without it, it is the first."""

COMPILED = {"PYTHONDONTWRITEBYTECODE": ""}
"""Else every program compiles what it imports anew."""

LAUNCHER = """#!{python} -IS
import json, os, select, signal, socket, sys

if sys.argv[1:] == ["--version"]:
    os.execv("{python}", ["{python}", "--version"])
fork = socket.socket(socket.AF_UNIX)
fork.connect("{folder}/" + os.environ.get("PYTHONHASHSEED", "{seed}"))
asked = json.dumps([sys.argv[1:], dict(os.environ), os.getcwd()]).encode()
socket.send_fds(fork, [len(asked).to_bytes(4, "big")], [0, 1, 2])
fork.sendall(asked)

def pass_on(number, frame):
    fork.sendall(bytes([number]))
    signal.alarm(1)

for number in (signal.SIGINT, signal.SIGTERM):
    signal.signal(number, pass_on)
engine = os.getppid()
while os.getppid() == engine:
    if select.select([fork], [], [], 0.5)[0]:
        sys.exit((fork.recv(1) or [1])[0])
"""
"""`bin/python` of a virtual environment: the fork ends with it, and it ends with the engine, even a killed one, or a
second after it was asked to: the engine would wait five for the program of an `up` that failed.
"""


def _serve(address: Path) -> None:
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(address))
    listener.listen()
    listener.settimeout(1)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    known = address.with_suffix(".modules")
    known.mkdir()
    pulumi.log.debug = lambda *_, **__: None  # the SDK tells the engine of its every step: a fifth of the work
    tests = os.getppid()
    while os.getppid() == tests:
        try:
            connection, _ = listener.accept()
        except TimeoutError:
            continue
        _import(known)
        if os.fork() == 0:
            listener.close()
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            _attend(connection, known)
        connection.close()


def _import(known: Path) -> None:
    """What earlier programs have imported, but the project's own code, which tests change."""
    for noted in known.iterdir():
        for name in noted.read_text().split():
            with suppress(ImportError):
                getattr(importlib.import_module(name), "__all__", None)  # loads it, as providers' modules are lazy
        noted.unlink()
        gc.freeze()


def _attend(connection: socket.socket, known: Path) -> NoReturn:
    """Runs what is asked for in another fork, passes signals on to it and gives its exit status back."""
    head, streams, *_ = socket.recv_fds(connection, 4, 3)
    length, text = int.from_bytes(head, "big"), b""
    while len(text) < length:
        text += connection.recv(length - len(text))
    for target, stream in enumerate(streams):
        os.dup2(stream, target)
        os.close(stream)
    program = os.fork()
    if program == 0:
        connection.close()
        before = _loaded()
        status = _status(*json.loads(text))
        if new := [name for name in _loaded() if name not in before]:
            (known / str(os.getpid())).write_text("\n".join(new))
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)  # taking an interpreter apart that has so many modules takes long

    def pass_on() -> None:
        with suppress(ProcessLookupError):
            while sent := connection.recv(1):
                os.kill(program, sent[0])
            os.kill(program, signal.SIGKILL)

    threading.Thread(target=pass_on, daemon=True).start()
    _, status = os.waitpid(program, 0)
    with suppress(BrokenPipeError):
        connection.sendall(bytes([abs(os.waitstatus_to_exitcode(status))]))
    os._exit(0)


def _status(arguments: list[str], environment: dict[str, str], folder: str) -> int:
    """The exit status of the program that is run as `python` would."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[:0] = [folder, *filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))]
    option, *rest = [argument for argument in arguments if argument != "-u"]
    try:
        match option:
            case "-m":
                sys.argv = rest
                runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
            case "-c":
                sys.argv = [option, *rest[1:]]
                exec(rest[0], {"__name__": "__main__"})
            case _:
                sys.argv = [option, *rest]
                runpy.run_path(option, run_name="__main__")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else int(leaving.code is not None)
    except BaseException:  # noqa: BLE001 (whatever it is, it ends the program)
        traceback.print_exc()
        return 1
    return 0


def _loaded() -> dict[str, ModuleType]:
    """The packages' modules, but those that a provider would load when they are first used."""
    loaded = {name: module for name, module in sys.modules.items() if type(module) is ModuleType}
    return {name: each for name, each in loaded.items() if "site-packages" in (getattr(each, "__file__", None) or "")}


@contextmanager
def serving(folder: Path) -> Iterator[Path]:
    """A virtual environment for the engine, in which every program is a fork."""
    launcher = folder / "bin" / "python"
    launcher.parent.mkdir()
    launcher.write_text(LAUNCHER.format(python=sys.executable, folder=folder, seed=SEEDS[0]))
    launcher.chmod(0o755)
    running = [
        subprocess.Popen(
            [sys.executable, "-m", __spec__.name, str(folder / seed)],
            env={**os.environ, "PYTHONHASHSEED": seed, **COMPILED},
        )
        for seed in SEEDS
    ]
    try:
        while not all((folder / seed).exists() for seed in SEEDS):
            time.sleep(0.05)
        yield folder
    finally:
        for each in running:
            each.terminate()
            each.wait()


if __name__ == "__main__":
    _serve(Path(sys.argv[1]))
