"""What is wrong is said with place, finding, what is allowed and the repair; and all of it at once."""

from pathlib import Path

import pytest

from workload import read
from workload.errors import DescriptionError


def errors(tmp_path: Path, text: str, **environment: str) -> list[str]:
    path = tmp_path / "compose.yaml"
    path.write_text(text)
    with pytest.raises(DescriptionError) as caught:
        read(path, environment=environment)
    return [str(problem).replace(f"{tmp_path}/", "") for problem in caught.value.problems]


def service(line: str) -> str:
    return f"services:\n  a:\n    image: x\n    {line}\n"


ONE_LINE = {
    "imge: y": 'compose.yaml:4:5: services.a.imge: this key is not known; did you mean "image"?',
    "privileged: true": "compose.yaml:4:5: services.a.privileged: refused: it shares or changes "
    "the machine, which no placement allows; remove it",
    "network_mode: host": (
        "compose.yaml:4:5: services.a.network_mode: refused: a task or pod has its own "
        "address; a sidecar is network_mode: service:NAME, "
        "else remove it"
    ),
    'volumes: ["/var/run/docker.sock:/x"]': (
        "compose.yaml:4:15: services.a.volumes: the Docker socket hands over the "
        "whole machine; no placement has it; remove it"
    ),
    "volumes: [./etc:/etc]": (
        "compose.yaml:4:15: services.a.volumes: /etc comes from this machine, which is not there in a cloud; "
        "mount it read-only (:ro), or use a config (file:), a secret or a named volume"
    ),
    "volumes: [/etc/hosts:/etc/hosts:ro]": (
        "compose.yaml:4:15: services.a.volumes: /etc/hosts comes from /etc/hosts, which is not beside the compose "
        "file; use a config (file:) or a secret, or copy it into the image"
    ),
    "volumes: [data:/data]": "compose.yaml:4:15: services.a.volumes[0]: there is no "
    '"data" under the top-level key volumes',
    "tmpfs: [/tmp, '/tmp:size=1m']": ("compose.yaml:4:19: services.a.tmpfs[1]: /tmp is already taken by tmpfs[0]"),
    "models: [llm]": 'compose.yaml:4:14: services.a.models: there is no "llm" under the top-level key models',
    "environment: {U: '${B_HOST:-b}:1'}": (
        'compose.yaml:4:22: services.a.B_HOST: there is no service "b" '
        "(if it is elsewhere, set B_HOST in the environment or in .env)"
    ),
    "x-scaling: {min: 0, max: 3, cpu: 60}": (
        "compose.yaml:4:22: services.a.x-scaling.min: found 0; while no task runs, nothing is measured that would "
        "start one, so it would stay away; set it to 1"
    ),
    "depends_on: [b]": 'compose.yaml:4:18: services.a.depends_on: there is no service "b"',
    "ports: [eighty]": (
        'compose.yaml:4:13: services.a.ports[0]: found "eighty"; allowed is a port '
        'such as "80", "8080:80", "127.0.0.1:8080:80/tcp" '
        'or a range "8000-8002:80-82"'
    ),
    "ports: ['1-3:1-2']": (
        'compose.yaml:4:13: services.a.ports[0]: found "1-3:1-2"; allowed is two '
        "ranges of one length, such as 8000-8002:80-82"
    ),
    "platform: linux/386": (
        'compose.yaml:4:5: services.a.platform: found "linux/386"; allowed is linux/amd64 or linux/arm64'
    ),
    "read_only: maybe": 'compose.yaml:4:16: services.a.read_only: found "maybe"; allowed is true or false',
    "stop_grace_period: soon": (
        'compose.yaml:4:24: services.a.stop_grace_period: found "soon"; allowed '
        "is a duration such as 90s, 1m30s or 500ms"
    ),
    "mem_limit: lots": (
        'compose.yaml:4:16: services.a.mem_limit: found "lots"; allowed is a '
        "size such as 512m, 1.5g or a number of bytes"
    ),
    "deploy: {replicas: two}": 'compose.yaml:4:24: services.a.deploy.replicas: found "two"; allowed is a whole number',
    "user: ${WHO:?name a user}": (
        "compose.yaml:4:11: services.a.user: the variable WHO has no value: name "
        "a user; set it in the environment or in .env"
    ),
    "user: ${WHO!}": (
        'compose.yaml:4:11: services.a.user: "${WHO!}" is no variable: write $$ for a plain $, or one of '
        "${A} ${A:-b} ${A-b} ${A:?e} ${A?e} ${A:+x} ${A+x}"
    ),
    "command: a && b": (
        'compose.yaml:4:14: services.a.command: found "a && b"; allowed is one command, '
        "as Compose drops what follows ; & | < or >; "
        "put these in quotes, or call sh -c"
    ),
    "healthcheck: {test: [ping]}": (
        "compose.yaml:4:25: services.a.healthcheck.test: the first item of "
        'the list must be "CMD", "CMD-SHELL" or "NONE"'
    ),
    "env_file: none.env": (
        "compose.yaml:4:15: services.a.env_file: there is no file none.env; create it, or say required: false"
    ),
    "extends: b": 'compose.yaml:4:14: services.a.extends: there is no service "b" in this file',
    "extends: a": "compose.yaml:4:14: services.a.extends: the services extend each other: a -> a",
    "x-ingress: {port: 80}": "compose.yaml:4:23: services.a.x-ingress.port: the container "
    'does not listen on 80; add "80" to expose',
    "x-scaling: {min: 1, max: 2, requests: 100}": (
        "compose.yaml:4:43: services.a.x-scaling.requests: the edge counts no requests of a service without x-ingress; "
        "scale by `cpu` or `memory`, or add x-ingress"
    ),
    "x-scaling: {min: 3, max: 2}": "compose.yaml:4:30: services.a.x-scaling.max: 2 is less than min, which is 3",
    "x-scalling: {min: 3, max: 2}": "compose.yaml:4:5: services.a.x-scalling: this key is "
    'not known; did you mean "x-scaling"?',
    "x-links: [b]": 'compose.yaml:4:15: services.a.x-links: there is no service "b"',
    "x-managed: {engine: mysql, version: '8'}": (
        'compose.yaml:4:25: services.a.x-managed.engine: found "mysql"; allowed is postgres, redis or valkey'
    ),
    "x-storage: 2048g": (
        'compose.yaml:4:16: services.a.x-storage: found "2048g"; allowed is a size such as 40g, at most 1024g'
    ),
    "x-schedule: daily": (
        'compose.yaml:4:17: services.a.x-schedule: found "daily"; allowed is rate(1 '
        "hour) or cron(minute hour day month weekday year)"
    ),
    "environment: [3]": "compose.yaml:4:19: services.a.environment[0]: found 3; allowed is KEY=value in one string",
    "secrets: [s]": 'compose.yaml:4:15: services.a.secrets: there is no "s" under the top-level key secrets',
    "image: y": 'compose.yaml:4:5: the key "image" is already in line 3: remove one of the two',
    "user: *nobody": 'compose.yaml:4:11: there is no anchor "&nobody" above this alias',
    "labels: &l {a: *l}": 'compose.yaml:4:20: "*l" is inside of what it stands for',
    "labels: {1: a}": "compose.yaml:4:14: a key must be a string: write '1' in quotes",
    "<<: text": 'compose.yaml:4:9: a merge key "<<" takes a mapping or a list of mappings',
}


@pytest.mark.parametrize("line", ONE_LINE)
def test_the_message_names_place_finding_and_repair(tmp_path, line):
    (tmp_path / "elsewhere").mkdir()
    assert [error.replace(str(tmp_path), "") for error in errors(tmp_path, service(line))] == [ONE_LINE[line]]


WHOLE_FILE = {
    "": "compose.yaml:1:1: the file is empty: it needs a mapping with services",
    "- a": "compose.yaml:1:1: a compose file must be a mapping with services at its top",
    "services: {a: [}": "compose.yaml:1:16: not YAML: did not find expected node content",
    "servces: {}": 'compose.yaml:1:1: servces: this key is not known; did you mean "services"?',
    "services: {}": "compose.yaml:1:1: there is no service; name at least one under services, or activate a profile",
    "name: Bad Name\nservices: {a: {image: x}}": (
        'compose.yaml:1:7: name: found "Bad Name"; allowed are small letters, '
        "digits, - and _, the first a letter or digit"
    ),
    "services: {a: {image: x}}\nsecrets: {s: {}}": "compose.yaml:2:14: secrets.s: one of file, environment "
    "or external: true is needed",
    "services: {a: {}}": 'compose.yaml:1:15: services.a: neither "image" nor "build" is given',
    "include: [missing.yaml]\nservices: {a: {image: x}}": "compose.yaml:1:11: include: there is no file missing.yaml",
    "services: {a: {platform: linux/arm64, build: {context: ., platforms: [linux/amd64]}}}": (
        "compose.yaml:1:26: services.a.platform: linux/arm64 is not among build.platforms (linux/amd64): add it there"
    ),
    "services: {a-b: {image: x}, a_b: {image: x}}": (
        'compose.yaml:1:34: services.a_b: "a-b" has the same endpoint variables (A_B_HOST ...); rename one of the two'
    ),
    "services: {a: {image: x, platform: linux/arm64}, b: {image: x, network_mode: 'service:a'}}": (
        'compose.yaml:1:53: services.b.platform: "a", whose machine it shares, has linux/arm64; '
        "write linux/arm64 here too"
    ),
    "services: {a: {image: x, depends_on: [b]}, b: {image: x, depends_on: [a]}}": (
        "compose.yaml:1:71: services.b.depends_on: the services wait for each other: a -> b -> a"
    ),
}


@pytest.mark.parametrize("text", WHOLE_FILE)
def test_a_malformed_file_is_explained(tmp_path, text):
    assert errors(tmp_path, text) == [WHOLE_FILE[text]]


def test_a_file_without_end_is_refused():
    with pytest.raises(DescriptionError, match="/dev/zero: cannot be read: it is larger than 8 MB"):
        read(Path("/dev/zero"))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(DescriptionError, match=r"nothing\.yaml: there is no such file"):
        read(tmp_path / "nothing.yaml", environment={})


def test_bytes_that_are_no_text_are_refused_with_their_place(tmp_path):
    (tmp_path / "compose.yaml").write_bytes(b"services:\n  a: \xff")
    with pytest.raises(DescriptionError, match=r"compose\.yaml:2:6: not UTF-8"):
        read(tmp_path / "compose.yaml", environment={})


def test_every_problem_comes_at_once_in_the_order_of_the_file(tmp_path):
    text = "services:\n  a: {image: x, prts: []}\n  b: {image: x, read_only: 7}\n  c: {image: x, user: '${U:?who}'}\n"
    assert [error.split(":")[1] for error in errors(tmp_path, text)] == ["2", "3", "4"]


def test_files_that_include_each_other_are_found(tmp_path):
    (tmp_path / "b.yaml").write_text("include: [compose.yaml]\nservices: {b: {image: x}}\n")
    found = errors(tmp_path, "include: [b.yaml]\nservices: {a: {image: x}}\n")
    assert found
    assert all("the files include each other" in error for error in found)


def test_a_file_that_swells_by_its_anchors_is_refused(tmp_path):
    lines = ["x-0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"x-{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    assert "more than 1000000 values" in errors(tmp_path, "\n".join(lines))[0]


def test_a_file_nested_without_end_is_refused(tmp_path):
    assert "nested deeper than 64 levels" in errors(tmp_path, "x-a: " + "[" * 5000)[0]


URL = (
    "services:\n  a:\n    image: x\n    environment:\n      URL: http://b:8000/x\n "
    " b: {{image: x, expose: ['8000']{more}}}\n"
)


def test_a_url_to_a_service_without_a_link_names_the_line_to_change(tmp_path):
    assert errors(tmp_path, URL.format(more="")) == [
        (
            'compose.yaml:5:12: services.a.environment.URL: "a" has no link to "b"; '
            "write http://${B_HOST:-b}:${B_PORT:-8000}, "
            'or add "b" to depends_on or x-links'
        )
    ]


def test_a_url_to_a_managed_service_needs_its_endpoint_variables(tmp_path):
    text = URL.format(more=", x-managed: {engine: redis, version: '7'}") + "x-end: 1\n"
    assert errors(tmp_path, text) == [
        (
            'compose.yaml:5:12: services.a.environment.URL: the address of "b" differs where it is managed; '
            "write http://${B_HOST:-b}:${B_PORT:-8000}"
        )
    ]


def test_waiting_for_the_health_of_what_nothing_checks_is_refused(tmp_path: Path) -> None:
    text = "services:\n  a:\n    image: x\n    depends_on:\n      b: {condition: service_healthy}\n  b:\n    image: y\n"
    assert errors(tmp_path, text) == [
        (
            "compose.yaml:4:5: services.a.depends_on: waits until b is healthy, but it has no healthcheck; "
            "give b one, or wait for service_started"
        )
    ]
