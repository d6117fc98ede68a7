"""Services on Amazon ECS, by boto3; a session inside a container is the AWS CLI's, which has the plugin for it."""

import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from foundation.names import Names
from live.aws import asking
from live.base import LiveError, Standing, Target

POLL = 2.0
"""Seconds between two looks at a log that is followed."""
LATE = 30
"""Seconds by which CloudWatch may show a line after later ones."""
AT_ONCE = 10
"""Services that DescribeServices takes in one call (AWS: Amazon ECS API Reference)."""


class EcsLive:
    """Keeps `live.base.Live`."""

    def __init__(self, name: str, services: Mapping[str, Target], names: Names, region: str) -> None:
        self.name, self.services = name, tuple(services)
        self._targets, self._names, self._region = services, names, region
        self._cluster = names.cluster(name)

    def status(self) -> Sequence[Standing]:
        with asking(self._region) as session:
            ecs = session.client("ecs")
            found = {
                service["serviceName"]: service
                for start in range(0, len(self.services), AT_ONCE)
                for service in ecs.describe_services(
                    cluster=self._cluster, services=self.services[start : start + AT_ONCE]
                )["services"]
            }
        return [_standing(name, found.get(name)) for name in self.services]

    def logs(self, service: str, *, seconds: int, follow: bool) -> None:
        with asking(self._region) as session:
            logs, group = session.client("logs"), self._targets[service].log_group
            since = int((time.time() - seconds) * 1000)
            seen: dict[str, int] = {}
            while True:
                for event in _events(logs, group, since):
                    if event["eventId"] not in seen:
                        seen[event["eventId"]] = event["timestamp"]
                        print(_line(event), flush=follow)
                if not follow:
                    return
                since = max([since, *(at - LATE * 1000 for at in seen.values())])
                seen = {id_: at for id_, at in seen.items() if at >= since}
                time.sleep(POLL)

    def exec(self, service: str, command: Sequence[str]) -> int:
        with asking(self._region) as session:
            ecs = session.client("ecs")
            if not _described(ecs, self._cluster, service).get("enableExecuteCommand"):
                raise LiveError(
                    f"{service} lets nobody in. For a while it can:\n"
                    f"    pulumi config set --path ecs.exec true --stack {self._names.stack}\n"
                    f"    pulumi up --stack {self._names.stack}"
                )
            tasks = ecs.list_tasks(cluster=self._cluster, serviceName=service, desiredStatus="RUNNING")["taskArns"]
        if not tasks:
            raise LiveError(f"no task of {service} runs: switchyard status --stack {self._names.stack}")
        for program, repair in (
            ("aws", "install the AWS CLI"),
            ("session-manager-plugin", "install the Session Manager plugin for the AWS CLI"),
        ):
            if shutil.which(program) is None:
                raise LiveError(f"{program} is not on PATH, and the session is its work: {repair}")
        place = ("--cluster", self._cluster, "--task", tasks[0], "--container", service, "--region", self._region)
        asked = ("aws", "ecs", "execute-command", *place, "--interactive", "--command", shlex.join(command))
        return subprocess.run(asked, check=False).returncode

    def rollback(self, service: str) -> str:
        with asking(self._region) as session:
            ecs = session.client("ecs")
            now = _described(ecs, self._cluster, service)["taskDefinition"]
            family, _, number = now.rpartition("/")[2].rpartition(":")
            pages = ecs.get_paginator("list_task_definitions").paginate(familyPrefix=family, sort="DESC")
            kept = (arn for page in pages for arn in page["taskDefinitionArns"])
            before = next((arn for arn in kept if _family(arn) == family and _number(arn) < int(number)), None)
            if before is None:
                raise LiveError(f"{service} has no revision before {family}:{number}")
            ecs.update_service(cluster=self._cluster, service=service, taskDefinition=before)
        return f"{service} goes from {family}:{number} to {family}:{_number(before)}"


def _described(ecs: Any, cluster: str, service: str) -> Mapping[str, Any]:  # noqa: ANN401 - a boto3 client
    found: Sequence[Mapping[str, Any]] = ecs.describe_services(cluster=cluster, services=[service])["services"]
    if not found or found[0]["status"] != "ACTIVE":
        raise LiveError(f"{service} is no longer in cluster {cluster}, although the stack's outputs name it")
    return found[0]


def _standing(name: str, service: Mapping[str, Any] | None) -> Standing:
    if service is None or service["status"] != "ACTIVE":
        return Standing(service=name, running=0, wanted=0, revision="", said="is gone")
    primary = next(d for d in service["deployments"] if d["status"] == "PRIMARY")
    said = "" if primary.get("rolloutState") == "COMPLETED" else str(primary.get("rolloutStateReason", "is on its way"))
    if service["runningCount"] < service["desiredCount"] and service.get("events"):
        # Newest first; what the scheduler last said is why tasks are missing.
        said = service["events"][0]["message"]
    return Standing(
        service=name,
        running=service["runningCount"],
        wanted=service["desiredCount"],
        revision=service["taskDefinition"].rpartition("/")[2],
        said=said,
    )


def _events(logs: Any, group: str, since: int) -> Iterator[Mapping[str, Any]]:  # noqa: ANN401 - a boto3 client
    """The containers' own lines, without those of Service Connect's proxy."""
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, logStreamNamePrefix="ecs/", startTime=since
    )
    for page in pages:
        yield from page["events"]


def _line(event: Mapping[str, Any]) -> str:
    at = datetime.fromtimestamp(event["timestamp"] / 1000, UTC).astimezone()
    task = event["logStreamName"].rpartition("/")[2]
    return f"{at:%H:%M:%S} {task[:8]} {event['message'].rstrip()}"


def _family(arn: str) -> str:
    return arn.rpartition("/")[2].rpartition(":")[0]


def _number(arn: str) -> int:
    return int(arn.rpartition(":")[2])
