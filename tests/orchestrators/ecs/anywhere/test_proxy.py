"""The site's proxy, as text and as HAProxy itself runs it."""

import os
import re
import shutil
import socket
import subprocess
import threading
import time
import warnings
from contextlib import contextmanager
from dataclasses import replace
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from orchestrators.ecs.anywhere.ports import ports
from orchestrators.ecs.links import Links
from orchestrators.site.proxy import proxy
from tests.orchestrators.ecs.conftest import python
from workload.model import HealthCheck, Ingress, Service, Workload
from workload.text import Text

GOLDEN = Path(__file__).parent / "golden" / "haproxy.cfg"
VPC = "10.0.0.0/16"


@pytest.fixture
def haproxy():
    program = shutil.which("haproxy", path=f"{os.environ['PATH']}:/usr/sbin")
    if program is None:
        message = "HAProxy is not on this machine, so the site's proxy was not run (Debian: apt-get install haproxy)"
        warnings.warn(message, stacklevel=1)
        pytest.skip(message)
    return program


@pytest.fixture
def config(portal, names, site):
    return proxy(ports(Links(portal, names, ("cache",)), site, VPC), site, cluster="portal-dev-ecs-datacenter")


def test_the_sample_has_its_golden_configuration(config):
    """SWITCHYARD_GOLDEN=write pytest tests/orchestrators/ecs/anywhere/test_proxy.py writes it anew."""
    if os.environ.get("SWITCHYARD_GOLDEN") == "write":
        GOLDEN.write_text(config)
    assert config == GOLDEN.read_text()


def test_haproxy_takes_it(haproxy, config, tmp_path):
    file = tmp_path / "haproxy.cfg"
    file.write_text(config if os.getuid() == 0 else unprivileged(config))
    checked = subprocess.run([haproxy, "-c", "-f", file], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stderr
    assert "is valid" in checked.stdout + checked.stderr


def test_only_an_ingress_admits_the_vpc(config):
    admitted = dict(re.findall(r"listen (\S+)\n.*\n.*unless { src (.*) }", config))
    assert admitted == {
        "web-8000": "192.168.0.0/24 10.0.0.0/16",
        "api-9000": "192.168.0.0/24",
        "db-5432": "192.168.0.0/24",
    }


def test_what_speaks_no_http_is_passed_on_as_it_is(config):
    database = config.partition("listen db-5432")[2]
    assert "mode tcp" in database
    assert "httpchk" not in database


class Machine(BaseHTTPRequestHandler):
    """Answers on every path with its own name."""

    name = ""

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", str(len(self.name)))
        self.end_headers()
        self.wfile.write(self.name.encode())

    def log_message(self, *_args):
        pass


@contextmanager
def machine(address, port):
    handler = type("Named", (Machine,), {"name": address})
    with ThreadingHTTPServer((address, port), handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()


def unprivileged(config):
    return re.sub(r"    (user|group) haproxy\n", "", config)


def answered(port):
    """By which machine; a connection of its own, as the load balancer has many."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/")
        return connection.getresponse().read().decode()
    finally:
        connection.close()


def until(seen, wanted, seconds=15.0):
    """What `seen` gives once it is `wanted`, or at the end of its time."""
    deadline = time.monotonic() + seconds
    while (found := seen()) != wanted and time.monotonic() < deadline:
        time.sleep(0.05)
    return found


def test_requests_go_to_the_machines_that_answer_and_none_is_lost_when_one_dies(haproxy, names, site, tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    probe = HealthCheck(test=(Text.of(f"http://127.0.0.1:{port}/health"),))
    web = Service(container=python("web", expose=(port,), healthcheck=probe), ingress=Ingress(port=port))
    workload = Workload(name="one", services={"web": web}, jobs={}, secrets={}, configs={}, volumes={})
    here = replace(site, address="127.0.0.1", networks=("127.0.0.0/8",))
    text = unprivileged(proxy(ports(Links(workload, names), here, VPC), here, cluster="one"))
    # Three machines by loopback addresses, of which the third has no task.
    for number in (1, 2, 3):
        text = text.replace(f" machine-{number}:", f" 127.0.0.{number + 1}:")
    (tmp_path / "haproxy.cfg").write_text(text)
    running = None
    try:
        with machine("127.0.0.2", port):
            with machine("127.0.0.3", port):
                command = [haproxy, "-f", str(tmp_path / "haproxy.cfg")]
                running = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                both = {"127.0.0.2", "127.0.0.3"}
                assert until(lambda: _seen(port), both) == both
            # One is gone: every request is answered, at once and after HAProxy has noticed.
            assert {answered(port) for _ in range(20)} == {"127.0.0.2"}
            time.sleep(2.5)
            assert {answered(port) for _ in range(20)} == {"127.0.0.2"}
    finally:
        if running:
            running.terminate()
            running.wait(10)


def _seen(port):
    try:
        return {answered(port) for _ in range(6)}
    except OSError:
        return set()
