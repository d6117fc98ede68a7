"""Configs on ECS: a layer on the image, byte for byte, and none on EKS."""

import base64
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

import stackfiles
from foundation.content import dockerfile
from planning.recording import record
from simulate.local.engine import docker_answers
from workload import read
from workload.model import Config, Container, Grant, Position, Workload

ROOT = Path(__file__).parents[2]
BASE = "python:3.13-slim"
LOOK = """
import json, os, pathlib
def told(path):
    at = os.stat(path)
    return [pathlib.Path(path).read_bytes().hex(), at.st_uid, at.st_gid, oct(at.st_mode & 0o7777)]
print(json.dumps({path: told(path) for path in ("/greeting", '/etc/my "own" file')}))
"""
DIGEST = f"registry.example/cache@sha256:{'1' * 64}"


@pytest.fixture(scope="module")
def overlay(tmp_path_factory):
    """The cache gets a file of arbitrary bytes, mounted read-only, and a config with an owner."""
    folder = tmp_path_factory.mktemp("content")
    (folder / "binary").write_bytes(bytes(range(256)))
    file = folder / "overlay.yaml"
    file.write_text(
        f"services:\n  cache:\n    volumes: ['{folder}/binary:/etc/my \"own\" file:ro']\n"
        "    configs: [{source: greeting, target: /greeting, uid: '999', gid: '999', mode: 0400}]\n"
        "configs: {greeting: {content: no newline}}\n"
    )
    return file


@pytest.fixture(scope="module")
def program(overlay):
    def run(*changes):
        files = json.dumps(["compose.yaml", os.path.relpath(overlay, ROOT)])
        project, config = stackfiles.read(ROOT, "dev", [f"workload={files}", 'managed=["db"]', *changes])
        return record(ROOT / "__main__.py", project=project, stack="dev", config=config)

    return run


@pytest.fixture(scope="module")
def ecs(program):
    return program()


def layers(recording):
    return [each for each in recording.of("docker-build:index:Image") if each.name.startswith("content-")]


def test_the_files_are_in_the_layer_byte_for_byte_with_their_place_owner_and_mode(overlay):
    described = read([ROOT / "compose.yaml", overlay], environment={})
    text = dockerfile("below", described.services["cache"].container, described)
    files = [base64.b64decode(part) for part in re.findall(r"printf %s '(.*?)' \| base64 -d", text)]
    copies = [
        (chown, mode, json.loads(paths)) for chown, mode, paths in re.findall(r"--chown=(\S+) --chmod=(\d+) (.*)", text)
    ]
    assert files == [b"no newline", bytes(range(256))]
    assert copies == [("999:999", "0400", ["/0", "/greeting"]), ("0:0", "0444", ["/1", r"/etc/my \"own\" file"])]
    assert "\nFROM below\n" in text


@pytest.mark.parametrize("size", [0, 1, 48_000, 2**19])
def test_files_of_any_size_stay_within_what_a_line_of_a_dockerfile_may_have(size):
    at = Position("compose.yaml", 1, 1)
    container = Container(name="a", at=at, configs=(Grant(source="c", target="/c"),))
    configs = {"c": Config(name="c", at=at, content=b"x" * size)}
    text = dockerfile(
        "below", container, Workload(name="w", services={}, jobs={}, secrets={}, volumes={}, configs=configs)
    )
    parts = re.findall(r"printf %s '(.*?)' \| base64 -d >> /0", text)
    assert parts
    assert b"".join(base64.b64decode(part) for part in parts) == b"x" * size
    assert max(map(len, text.splitlines())) < 65_535


@pytest.mark.docker
@pytest.mark.skipif(not docker_answers(), reason="NO DOCKER ENGINE ANSWERS: the layer of configs is not built")
def test_the_built_image_has_the_files_with_their_bytes_owner_and_mode(overlay, monkeypatch, tmp_path):
    """On the sample's own base image, which decodes as well, so that nothing else is pulled."""
    monkeypatch.setattr("foundation.content._MAKER", BASE)
    described = read([ROOT / "compose.yaml", overlay], environment={})
    text = dockerfile(BASE, described.services["cache"].container, described)
    image = f"switchyard-content-{os.getpid()}"
    try:
        subprocess.run(("docker", "buildx", "build", "--load", "--tag", image, "-"), input=text.encode(), check=True)
        seen = subprocess.run(("docker", "run", "--rm", image, "python", "-c", LOOK), capture_output=True, check=True)
    finally:
        subprocess.run(("docker", "image", "rm", "--force", image), capture_output=True, check=True)
    assert json.loads(seen.stdout) == {
        "/greeting": [b"no newline".hex(), 999, 999, "0o400"],
        '/etc/my "own" file': [bytes(range(256)).hex(), 0, 0, "0o444"],
    }


def test_a_container_with_configs_runs_the_image_with_the_layer_and_may_pull_it(ecs):
    (layer,) = layers(ecs)
    assert layer.name == "content-cache"
    (definition,) = [
        each for each in ecs.of("aws:ecs/taskDefinition:TaskDefinition") if each.name == "ecs-fargate-cache"
    ]
    image = json.loads(definition.inputs["containerDefinitions"])[0]["image"]
    assert "content-cache" in image
    (policy,) = [each for each in ecs.of("aws:iam/rolePolicy:RolePolicy") if each.name == "ecs-fargate-cache-execution"]
    pulled = next(s for s in json.loads(policy.inputs["policy"])["Statement"] if s["Sid"] == "PullImages")
    assert pulled["Resource"] == ["<arn of repository content-cache>"]


def test_the_layer_is_built_even_on_an_image_of_ci_and_the_plan_says_so(program):
    found = program(f"images={json.dumps({'cache': DIGEST})}")
    (layer,) = layers(found)
    assert f"\nFROM {DIGEST}\n" in layer.inputs["dockerfile"]["inline"]
    assert any(
        warning.startswith("cache has configs, which become a layer on CI's image") for warning in found.warnings
    )


def test_pods_need_no_layer_as_they_mount_config_maps(program):
    assert layers(program("orchestrator=eks", "compute=ec2")) == []
