"""Services on Amazon EKS, by kubectl: following many pods, a terminal in one and the way back are its own work, which
the Kubernetes API alone does not have.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from foundation.names import Names
from live.base import LiveError, Standing, Target

Kubectl = tuple[str, ...]


class EksLive:
    """Keeps `live.base.Live`."""

    def __init__(self, name: str, services: Mapping[str, Target], names: Names, region: str) -> None:
        self.name, self.services = name, tuple(services)
        self._targets, self._names, self._region = services, names, region

    def status(self) -> Sequence[Standing]:
        with self._kubectl() as kubectl:
            found = json.loads(_said(*kubectl, "get", "deployments,statefulsets", "--output", "json"))["items"]
        objects = {each["metadata"]["name"]: each for each in found}
        return [_standing(name, objects.get(target.target)) for name, target in self._targets.items()]

    def logs(self, service: str, *, seconds: int, follow: bool) -> None:
        which = (
            "--selector",
            f"app.kubernetes.io/name={self._targets[service].target}",
            "--all-containers",
            "--prefix",
        )
        how = (
            f"--since={seconds}s",
            "--tail=-1",
            "--max-log-requests=50",
            "--timestamps",
            f"--follow={follow}".lower(),
        )
        with self._kubectl() as kubectl:
            self._found(kubectl, service)
            _shown(*kubectl, "logs", *which, *how)

    def exec(self, service: str, command: Sequence[str]) -> int:
        with self._kubectl() as kubectl:
            terminal = ("--tty",) if sys.stdin.isatty() else ()
            name = self._targets[service].target
            inside = ("exec", "--stdin", *terminal, self._found(kubectl, service), "--container", name)
            return subprocess.run((*kubectl, *inside, "--", *command), check=False).returncode

    def rollback(self, service: str) -> str:
        with self._kubectl() as kubectl:
            found = self._found(kubectl, service)
            before = _revision(json.loads(_said(*kubectl, "get", found, "--output", "json")))
            said = _said(*kubectl, "rollout", "undo", found)
        return f"{service} goes from revision {before} to the one before: {said.strip()}"

    def _found(self, kubectl: Kubectl, service: str) -> str:
        """`deployment.apps/web`, or that it is gone."""
        name = self._targets[service].target
        for found in _said(*kubectl, "get", "deployments,statefulsets", "--output", "name").split():
            if found.rpartition("/")[2] == name:
                return found
        raise LiveError(f"{service} is no longer in {self._names.namespace}, although the stack's outputs name it")

    @contextmanager
    def _kubectl(self) -> Iterator[Kubectl]:
        """The command in the stack's namespace, by a kubeconfig that goes afterwards: the user's own stays as it is."""
        for program in ("kubectl", "aws"):
            if shutil.which(program) is None:
                raise LiveError(f"{program} is not on PATH, and {self.name} is reached with it: install {program}")
        with TemporaryDirectory() as folder:
            config = str(Path(folder, "kubeconfig"))
            cluster = ("--name", self._names.cluster(self.name), "--region", self._region)
            _said("aws", "eks", "update-kubeconfig", *cluster, "--kubeconfig", config)
            try:
                yield ("kubectl", "--kubeconfig", config, "--namespace", self._names.namespace)
            except LiveError as error:
                if "Unable to connect to the server" not in str(error):
                    raise
                doctor = f"switchyard doctor --stack {self._names.stack}"
                raise LiveError(f"{error}\n    {doctor}     says from where it can be reached") from None


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise LiveError(f"{command[0]}: {done.stderr.strip() or done.stdout.strip()}")
    return done.stdout


def _shown(*command: str) -> None:
    """The command says itself, on this terminal, what it found and what went wrong."""
    if status := subprocess.run(command, check=False).returncode:
        raise LiveError(f"{command[0]} ended with status {status}")


def _standing(name: str, found: Mapping[str, Any] | None) -> Standing:
    if found is None:
        return Standing(service=name, running=0, wanted=0, revision="", said="is gone")
    status, wanted = found.get("status", {}), found["spec"].get("replicas", 1)
    return Standing(
        service=name,
        running=status.get("availableReplicas", 0),
        wanted=wanted,
        revision=_revision(found),
        said=_missing(found, status, wanted),
    )


def _revision(found: Mapping[str, Any]) -> str:
    if found["kind"] == "StatefulSet":
        return str(found.get("status", {}).get("updateRevision", ""))
    return str(found["metadata"].get("annotations", {}).get("deployment.kubernetes.io/revision", ""))


def _missing(found: Mapping[str, Any], status: Mapping[str, Any], wanted: int) -> str:
    if status.get("observedGeneration", 0) < found["metadata"].get("generation", 1):
        return "is on its way"
    conditions = {c["type"]: c for c in status.get("conditions", ())}
    for kind, ill in (("ReplicaFailure", "True"), ("Progressing", "False"), ("Available", "False")):
        if conditions.get(kind, {}).get("status") == ill:
            return str(conditions[kind]["message"])
    new = status.get("updatedReplicas", 0)
    return f"{new} of {wanted} pods are of the newest revision" if new < wanted else ""
