"""Process mode on small workloads: what the description asks for happens, and every failure is one clear error."""

import re
import socket
import time
import urllib.request
from pathlib import Path

import pytest

from simulate.local.engine import Engine, Event, RunError, State, choose
from tests.simulate.local.conftest import Describe, Make, listens, processes_in

SERVER = """
    build: .
    command: [python, serve.py]
    restart: always
    stop_grace_period: 1s
    healthcheck:
      {test: [CMD, python, probe.py], interval: 0.3s, timeout: 2s, retries: 2, start_period: 5s}
"""


def get(engine: Engine, service: str) -> str:
    host, port = engine.address(service)
    with urllib.request.urlopen(f"http://{host}:{port}/", timeout=5) as answer:
        return str(answer.read().decode())


def wait_for(condition: object, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


def healthy(engine: Engine, service: str) -> int:
    return sum(r.service == service and r.state is State.HEALTHY for r in engine.replicas())


def web(describe: Describe, more: str = "", replicas: int = 1) -> object:
    return describe(f"""
services:
  web:{SERVER}
    environment: {{PORT: "${{WEB_PORT:-8000}}", SICK: /tmp/sick}}
    tmpfs: [/tmp]
    expose: ["8000"]
    x-ingress: {{port: 8000}}
    deploy: {{replicas: {replicas}}}
{more}""")


def test_every_replica_answers_through_one_address(describe: Describe, make: Make) -> None:
    engine = make(web(describe, replicas=2))
    engine.start()
    assert len({get(engine, "web") for _ in range(6)}) == 2
    assert engine.url == "http://{}:{}".format(*engine.address("web"))


def test_a_killed_replica_comes_back_while_the_other_answers(describe: Describe, make: Make) -> None:
    engine = make(web(describe, replicas=2))
    engine.start()
    killed = engine.kill("web")
    wait_for(lambda: healthy(engine, "web") == 1)
    assert get(engine, "web").split()[0] != killed.id
    wait_for(lambda: healthy(engine, "web") == 2)
    back = next(r for r in engine.replicas() if r.index == killed.index)
    assert (back.restarts, back.id != killed.id) == (1, True)
    engine.check()


def test_a_killed_replica_comes_back_whatever_its_restart_policy(describe: Describe, make: Make) -> None:
    engine = make(
        describe("""
services:
  once:
    build: .
    command: [sleep, "60"]
    restart: "no"
    stop_grace_period: 1s
""")
    )
    engine.start()
    killed = engine.kill("once")
    wait_for(lambda: healthy(engine, "once") == 1 and engine.replicas()[0].id != killed.id)
    engine.check()


def test_an_unhealthy_replica_is_taken_out_and_replaced(
    describe: Describe, make: Make, tmp_path: Path, events: list[Event]
) -> None:
    engine = make(web(describe))
    engine.start()
    sick = tmp_path / "run/state/web-1/tmp/sick"
    sick.touch()
    wait_for(lambda: any(e.state is State.UNHEALTHY for e in events))
    sick.unlink()
    wait_for(lambda: healthy(engine, "web") == 1)
    assert engine.replicas()[0].restarts == 1


def test_stop_leaves_only_the_logs(describe: Describe, make: Make, tmp_path: Path) -> None:
    engine = make(web(describe, replicas=2))
    engine.start()
    address = engine.address("web")
    assert processes_in(tmp_path)
    engine.stop()
    engine.stop()
    assert (processes_in(tmp_path), listens(address)) == ([], False)
    assert [p.name for p in (tmp_path / "run").rglob("*") if p.is_file()] == ["web.log"]


def test_the_next_one_starts_when_the_condition_is_met_and_all_stops_in_reverse(
    describe: Describe, make: Make, events: list[Event]
) -> None:
    workload = describe(f"""
services:
  front:{SERVER}
    environment: {{PORT: "${{FRONT_PORT:-8000}}", BACK: "${{BACK_HOST:-back}}:${{BACK_PORT:-8000}}"}}
    expose: ["8000"]
    depends_on: {{back: {{condition: service_healthy}}, prepare: {{condition: service_completed_successfully}}}}
  back:{SERVER}
    environment: {{PORT: "${{BACK_PORT:-8000}}"}}
    expose: ["8000"]
    depends_on: {{prepare: {{condition: service_completed_successfully}}}}
  prepare:
    build: .
    command: [python, -c, "print('prepared')"]
""")
    with make(workload) as engine:
        engine.start()
        assert engine.log("prepare").read_text() == "prepared\n"
    seen = [(e.service, e.what) for e in events]
    assert [name for name, what in seen if what == "starting"] == ["prepare", "back", "front"]
    assert seen.index(("back", "healthy")) < seen.index(("front", "starting"))
    assert [name for name, what in seen if what == "stopped"] == ["front", "back"]


def test_a_client_gets_the_balancers_port_and_the_service_its_own(describe: Describe, make: Make) -> None:
    workload = describe(f"""
services:
  api:{SERVER}
    environment: {{PORT: "${{API_PORT:-8000}}", GREETING: "${{API_PORT:-8000}}"}}
    expose: ["8000"]
  client:{SERVER}
    environment: {{PORT: "${{CLIENT_PORT:-8000}}", GREETING: "${{API_HOST:-api}}:${{API_PORT:-8000}}"}}
    expose: ["8000"]
    depends_on: [api]
""")
    engine = make(workload)
    engine.start()
    host, port = engine.address("api")
    assert get(engine, "client").split()[1] == f"{host}:{port}"
    assert get(engine, "api").split()[1] != str(port)


def test_secrets_and_folders_are_where_the_environment_says(describe: Describe, make: Make) -> None:
    workload = describe("""
services:
  app:
    build: .
    command:
      - python
      - -c
      - |
        import os, pathlib, time
        print(pathlib.Path(os.environ["KEY_FILE"]).read_text(), sorted(os.environ), flush=True)
        pathlib.Path(os.environ["DATA"], "kept").touch()
        time.sleep(60)
    environment: {KEY_FILE: /run/secrets/key, DATA: /data/sub}
    secrets: [key]
    volumes: ["stuff:/data/sub"]
    x-ephemeral: true
    stop_grace_period: 1s
secrets:
  key: {file: secrets/key}
volumes:
  stuff: {}
""")
    engine = make(workload)
    engine.start()
    wait_for(lambda: engine.log("app").exists() and engine.log("app").read_text())
    value, variables = engine.log("app").read_text().split(" ", 1)
    assert value == workload.secrets["key"].file.read_text()
    assert set(re.findall(r"'(\w+)'", variables)) - {"LC_CTYPE", "PWD", "SHLVL", "_", "OLDPWD"} == {
        *("DATA", "HOME", "KEY_FILE", "LANG", "PATH", "TMPDIR")
    }


def test_a_job_that_fails_is_named_with_its_last_lines(describe: Describe, make: Make, tmp_path: Path) -> None:
    engine = make(
        web(
            describe,
            """
    depends_on: {migrate: {condition: service_completed_successfully}}
  migrate:
    build: .
    command: [python, -c, "raise SystemExit('no such table')"]
""",
        )
    )
    with pytest.raises(RunError, match=r"(?s)compose.yaml:\d+.*the job migrate failed with status 1.*no such table"):
        engine.start()
    assert processes_in(tmp_path) == []


def test_a_service_that_never_turns_healthy_is_given_up_in_time(
    describe: Describe, make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("simulate.local.trouble.MARGIN_SECONDS", 0.5)
    engine = make(
        describe("""
services:
  deaf:
    build: .
    command: [python, -u, -c, "print('waiting for Godot'); import time; time.sleep(60)"]
    healthcheck: {test: [CMD, "false"], interval: 0.2s, timeout: 0.2s, retries: 100000}
    stop_grace_period: 1s
""")
    )
    monkeypatch.setattr("simulate.local.processes.crew.patience", lambda service: 1.5)
    with pytest.raises(RunError, match=r"(?s)deaf was not healthy within .*start_period.*waiting for Godot"):
        engine.start()


def test_a_service_that_ends_and_may_not_restart_is_given_up(describe: Describe, make: Make) -> None:
    engine = make(
        describe("""
services:
  brief:
    build: .
    command: [python, -c, "import time; time.sleep(0.5); raise SystemExit('out of ideas')"]
    restart: "on-failure:1"
""")
    )
    engine.start()

    def given_up() -> bool:
        try:
            engine.check()
        except RunError as error:
            return "brief exited with status 1 and is not started again" in str(error) and "out of ideas" in str(error)
        return False

    wait_for(given_up)
    assert engine.replicas()[0].restarts == 1


def refusals(engine: Engine) -> list[str]:
    """The lines with which it will not start."""
    with pytest.raises(RunError) as refused:
        engine.start()
    return str(refused.value).splitlines()


def test_an_image_without_a_stand_in_is_refused_with_docker_and_the_line(describe: Describe, make: Make) -> None:
    described = describe("services:\n  queue:\n    image: rabbitmq:4\n  other:\n    image: nginx\n")
    first, second = refusals(make(described))
    assert re.search(r"compose.yaml:4:\d+: queue runs the image rabbitmq:4.*Docker", first)
    assert "other runs the image nginx" in second


def test_a_server_that_says_no_port_is_told_which(describe: Describe, make: Make) -> None:
    described = describe("services:\n  db:\n    image: postgres:17\n  cache:\n    image: valkey/valkey:8\n")
    db, cache = refusals(make(described))
    assert re.search(r'compose.yaml:4:\d+: db says no port.*expose: \["5432"\]', db)
    assert 'expose: ["6379"]' in cache


def test_a_fixed_port_that_is_taken_names_its_owner(describe: Describe, make: Make, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        engine = make(web(describe, f'    ports: ["{port}:8000"]\n'))
        with pytest.raises(RunError, match=rf"port {port} is in use by .*\(process \d+\), and service web asks for it"):
            engine.start()
    assert processes_in(tmp_path) == []


def test_a_published_range_gives_the_first_free_port(describe: Describe, make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        engine = make(web(describe, f'    ports: ["{port}-{port + 3}:8000"]\n'))
        engine.start()
    assert port < engine.address("web")[1] <= port + 3


def test_a_port_that_each_of_two_replicas_insists_on_is_refused(describe: Describe, make: Make) -> None:
    engine = make(
        describe(f"""
services:
  my-web:{SERVER}
    environment: {{PORT: "8000"}}
    expose: ["8000"]
    deploy: {{replicas: 2}}
""")
    )
    with pytest.raises(RunError, match=r"\$\{MY_WEB_PORT:-8000\}"):
        engine.start()


def test_a_folder_that_cannot_be_written_is_one_clear_error(describe: Describe, tmp_path: Path, make: Make) -> None:
    (tmp_path / "run").write_text("a file, where the folder should be")
    workload = web(describe)
    with (
        pytest.raises(RunError, match="Make it a writable folder"),
        choose(workload, tmp_path / "run", progress=lambda _: None, engine="processes") as engine,
    ):
        engine.start()


def test_a_full_disk_is_one_clear_error(describe: Describe, make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make(web(describe))
    engine.start()
    monkeypatch.setattr("simulate.local.trouble.LEAST_FREE", 1 << 62)
    with pytest.raises(RunError, match=r"disk of .* is full"):
        engine.check()


def test_a_child_that_ignores_sigterm_is_killed_after_its_grace_with_its_own_children(
    describe: Describe, make: Make, tmp_path: Path
) -> None:
    engine = make(
        describe("""
services:
  stubborn:
    build: .
    command: [sh, -c, "trap '' TERM; sleep 77 & echo up; wait; sleep 77"]
    environment: {WHERE: "yes"}
    stop_grace_period: 0.5s
""")
    )
    engine.start()
    wait_for(lambda: engine.log("stubborn").read_text() == "up\n")
    began = time.monotonic()
    engine.stop()
    assert 0.5 <= time.monotonic() - began < 5
    assert processes_in(tmp_path) == []


def test_a_sidecar_lives_and_dies_with_its_replica(describe: Describe, make: Make) -> None:
    engine = make(
        web(
            describe,
            """
  beside:
    build: .
    command: [python, -u, -c, "import time; print('beside'); time.sleep(60)"]
    network_mode: service:web
    stop_grace_period: 1s
""",
        )
    )
    engine.start()
    engine.kill("web")
    wait_for(lambda: engine.log("web").read_text().count("beside") == 2)
