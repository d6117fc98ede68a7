"""No secret in clear text: neither in what the engine is given, which its state and its logs keep, nor in a plan."""

import json
from itertools import product
from pathlib import Path

import pytest
from pulumi.runtime import rpc

import commands
import stackfiles
from planning import recording
from planning.monitor import Monitor
from settings import Compute, Orchestrator

ROOT = Path(__file__).resolve().parent.parent
ODD = """ "'`\\$&<>%{}@:/?#é"""
ANSWERS = {
    "aws:ecr/getAuthorizationToken:getAuthorizationToken": "password",
    "aws:secretsmanager/getSecretVersion:getSecretVersion": "secretString",
}
COMPUTED = {"random:index/randomPassword:RandomPassword": "result", "aws:ssm/activation:Activation": "activationCode"}
SITE = {"networks": ["192.168.0.0/24"], "pods": ["192.168.64.0/18"], "address": "192.168.0.10"}
THEIRS = """
services:
  api: {secrets: [theirs], environment: {THEIRS_FILE: /run/secrets/theirs}}
  cache: {x-managed: {password: theirs}}
secrets: {theirs: {external: true}}
"""


def in_clear(value):
    """Every text of a message to the engine that is no secret on the wire."""
    if rpc.is_rpc_secret(value):
        return
    if isinstance(value, dict):
        yield from (text for item in value.values() for text in in_clear(item))
    elif isinstance(value, list):
        yield from (text for item in value for text in in_clear(item))
    elif isinstance(value, str):
        yield value


@pytest.fixture
def told(monkeypatch):
    """What the engine is told in clear, by resource, by a program whose secrets have signs that formats escape."""
    clear, values = {}, set()
    register, finish = Monitor.RegisterResource, Monitor.RegisterResourceOutputs
    call, computed = recording.call, recording.computed

    def secret(of):
        values.add(of + ODD)
        return of + ODD

    def answered(token, args):
        answer = call(token, args)
        return {**answer, ANSWERS[token]: secret(token)} if token in ANSWERS else answer

    def made(type_, name, inputs):
        outputs = computed(type_, name, inputs)
        return {**outputs, COMPUTED[type_]: secret(name)} if type_ in COMPUTED else outputs

    def registered(self, request):
        clear[request.name] = list(in_clear(rpc.deserialize_properties(request.object)))
        return register(self, request)

    def finished(self, request):
        clear[f"outputs of {request.urn}"] = list(in_clear(rpc.deserialize_properties(request.outputs)))
        return finish(self, request)

    monkeypatch.setattr(recording, "call", answered)
    monkeypatch.setattr(recording, "computed", made)
    monkeypatch.setattr(Monitor, "RegisterResource", registered)
    monkeypatch.setattr(Monitor, "RegisterResourceOutputs", finished, raising=False)

    def run(*changes):
        project, config = stackfiles.read(ROOT, "prod", changes)
        recording.record(ROOT / "__main__.py", project=project, stack="prod", config=config)
        return clear, values

    return run


@pytest.mark.parametrize(("orchestrator", "compute"), list(product(Orchestrator, Compute)))
def test_every_secret_that_the_engine_is_told_is_marked_as_one(told, tmp_path, orchestrator, compute):
    (tmp_path / "theirs.yaml").write_text(THEIRS)
    changes = [f"workload={json.dumps(['compose.yaml', str(tmp_path / 'theirs.yaml')])}"]
    changes += [f"orchestrator={orchestrator}", f"compute={compute}"]
    changes += [f"site={json.dumps({**SITE, 'vpn_gateway': 'vgw-01234567'})}"] if compute == "datacenter" else []
    clear, values = told(*changes)
    parts = {value.removesuffix(ODD) for value in values}
    assert {"secrets-db_password", "aws:secretsmanager/getSecretVersion:getSecretVersion"} <= parts
    assert {name for name, texts in clear.items() for text in texts for part in parts if f"{part} " in text} == set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan"],
        ["plan", "--json"],
        ["plan", "--parity"],
        ["render", "ecs"],
        ["render", "eks"],
        ["policy"],
    ],
)
def test_no_command_that_looks_ahead_shows_what_a_secrets_file_holds(tmp_path, capfd, arguments):
    value = f"s3cret{ODD}"
    (tmp_path / "password").write_text(value)
    (tmp_path / "other.yaml").write_text(f"secrets: {{db_password: {{file: {tmp_path}/password}}}}")
    files = ["--file", str(ROOT / "compose.yaml"), "--file", str(tmp_path / "other.yaml")]
    out = ["--out", str(tmp_path / "out")] if arguments[0] == "render" else []
    assert commands.main([*arguments, *files, *out]) == 0
    written = [file.read_text() for file in (tmp_path / "out").rglob("*") if file.is_file()]
    assert not [text for text in (*capfd.readouterr(), *written) if "s3cret" in text]
