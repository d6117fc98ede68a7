"""What we read equals what `docker compose config` reads, for files in the styles found in public."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from workload import read
from workload.compose import load, plain
from workload.errors import DescriptionError

_spec = importlib.util.spec_from_file_location("corpus_regenerate", Path(__file__).parent / "corpus" / "regenerate.py")
assert _spec
assert _spec.loader
corpus = importlib.util.module_from_spec(_spec)
sys.modules[_spec.name] = corpus
_spec.loader.exec_module(corpus)

CASES = {case.name: case for case in corpus.cases()}

DIFFERENCES = {
    "services.*.command, entrypoint": "Compose prints null where nobody wrote the key",
    "services.*.deploy.placement, .resources; networks.*.ipam": "Compose prints {} where nobody wrote the key",
    "services.*.environment": "Compose leaves it out where `!reset` has left nothing of it",
    "services.*.env_file, label_file": "Compose leaves only their content; ours keeps the path beside it, for messages",
    "networks.*.ipam.options; models": "Compose reads them but does not print them",
    "services.*.build.ssh": "Compose prints a list, and fails to print a key with a path as JSON",
    "services.*.x-*; version": "Compose leaves them out; ours keeps them for the reader",
    "networks, volumes, secrets, configs": "Compose leaves out what no service uses; ours keeps all that was written",
    "anything false": "Compose leaves it out where false is the default",
    "services.*.blkio_config": "Compose prints its program's own names (Path, Rate)",
    "services.*.develop.watch.*.exec": "Compose prints an empty command that nobody wrote",
    "$": "Compose prints it doubled, so that its output can be read again",
}
"""What differs in form, by path, with the reason; `comparable` takes exactly these away from both sides."""

UNWRITTEN = {
    ("command",): None,
    ("entrypoint",): None,
    ("environment",): {},
    ("deploy", "placement"): {},
    ("deploy", "resources"): {},
}


def ours(case: Any) -> Any:
    project = load(case.paths, profiles=case.profiles, environment=case.environment)
    return comparable(case.relative(plain(project.root)))


def theirs(document: Any) -> Any:
    return comparable(json.loads(json.dumps(document).replace("$$", "$")))


def comparable(document: Any) -> Any:
    document.pop("version", None)
    document.pop("models", None)
    services = document.get("services", {})
    for service in services.values():
        for key in [
            key for key in service if key in {"env_file", "label_file", "blkio_config"} or key.startswith("x-")
        ]:
            del service[key]
        service.get("build", {}).pop("ssh", None)
        for path, empty in UNWRITTEN.items():
            holder = service.get(path[0]) if path[1:] else service
            if isinstance(holder, dict) and path[-1] in holder and holder[path[-1]] == empty:
                del holder[path[-1]]
        for watch in service.get("develop", {}).get("watch", ()):
            if watch.get("exec") == {"command": None}:
                del watch["exec"]
    for network in document.get("networks", {}).values():
        network.get("ipam", {}).pop("options", None)
        if network.get("ipam") == {}:
            del network["ipam"]
    for section in ("networks", "volumes", "secrets", "configs"):
        used = {name for service in services.values() for name in names(section, service)}
        document[section] = {name: value for name, value in document.get(section, {}).items() if name in used}
    return without_false(document)


def without_false(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: without_false(item) for key, item in value.items() if item is not False}
    return [without_false(item) for item in value] if isinstance(value, list) else value


def names(section: str, service: Any) -> list[str]:
    entries = service.get(section) or ()
    return [entry if isinstance(entry, str) else entry.get("source", "") for entry in entries]


@pytest.mark.parametrize("name", CASES)
def test_a_file_is_read_as_compose_reads_it(name):
    assert ours(CASES[name]) == theirs(CASES[name].expected())


@pytest.mark.parametrize("name", CASES)
def test_a_file_gives_a_workload_or_errors_with_their_places(name):
    case = CASES[name]
    try:
        found = read(case.paths, profiles=case.profiles, environment=case.environment).units
        problems = ()
    except DescriptionError as error:
        found, problems = {}, error.problems
    assert found or problems
    assert [problem for problem in problems if not (problem.at and problem.at.line and problem.at.column)] == []


def test_the_corpus_is_not_empty():
    assert len(CASES) >= 40


def engine_answers() -> bool:
    try:
        return subprocess.run(["docker", "compose", "version"], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


@pytest.mark.docker
@pytest.mark.skipif(not engine_answers(), reason="no `docker compose` answers: the recorded answers are compared alone")
@pytest.mark.parametrize("name", CASES)
def test_the_recorded_answer_is_what_compose_says_today(name):
    assert corpus.ask(CASES[name]) == CASES[name].expected()
