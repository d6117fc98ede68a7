"""What ECS is asked for."""

import json
import math

from orchestrators.documents import canonical
from tests.orchestrators.promises import seen


class Ecs(seen.Seen):
    def _definition(self, unit):
        return self.one("ecs/taskDefinition:TaskDefinition", unit).inputs

    def _service(self, unit):
        return self.one("ecs/service:Service", unit).inputs

    def kept(self, unit):
        """The containers that are there again after they have ended, by themselves or with a new task."""
        containers = json.loads(self._definition(unit)["containerDefinitions"])
        return {each["name"] for each in containers if each["essential"] or each["restartPolicy"]["enabled"]}

    def container(self, unit):
        (found,) = json.loads(self._definition(unit)["containerDefinitions"])
        check, rights = found.get("healthCheck"), found["linuxParameters"]["capabilities"]
        command = check and tuple(check["command"][1:])
        return seen.Container(
            image=found["image"],
            user=found["user"],
            read_only=found["readonlyRootFilesystem"],
            dropped=tuple(rights["drop"]),
            added=tuple(rights["add"]),
            reaps=found["linuxParameters"]["initProcessEnabled"],
            health=check and (command, check["interval"], check["timeout"], check["retries"]),
            start=check["startPeriod"] if check else 0,
            stop=found["stopTimeout"],
        )

    def revision(self, unit):
        """The task definition, with the layers that its images are made of."""
        layers = self.of("docker-build:index:Image", f"content-{unit}")
        return canonical([self._definition(unit), *(layer.inputs for layer in layers)])

    def secret_versions(self, unit):
        (found,) = json.loads(self._definition(unit)["containerDefinitions"])
        labels = found["dockerLabels"].items()
        return {
            name.removeprefix("switchyard.secret."): v for name, v in labels if name.startswith("switchyard.secret")
        }

    def truth(self, service):
        return self.one("switchyard:Rollout", f"{service}-rollout")

    def run(self, job):
        return next(iter(self.of("switchyard:JobRun", f"{job}-run")), None)

    def asked_anew(self, job):
        """By what a run is another one: a changed definition is another revision with another ARN."""
        return self.revision(job)

    def schedules(self):
        return {
            self.short(each).removesuffix("-schedule"): each.inputs["scheduleExpression"]
            for each in self.of("scheduler/schedule:Schedule")
        }

    def room(self, service, copies):
        """How many copies there may be more, and how many less, while a new version replaces the old."""
        asked = self._service(service)
        most = math.floor(copies * asked["deploymentMaximumPercent"] / 100)
        least = math.ceil(copies * asked["deploymentMinimumHealthyPercent"] / 100)
        return most - copies, copies - least

    def copies(self, service):
        """How many the program asks for; None where an autoscaler says it."""
        found = self.one("ecs/service:Service", service)
        left = {field.lower().replace("_", "") for field in found.ignore_changes}
        return None if "desiredcount" in left else int(found.inputs["desiredCount"])

    def scaling(self, service):
        """The least, the most, and the target of each kind."""
        bounds = self.one("appautoscaling/target:Target", f"{service}-scaling").inputs
        policies = {self.short(each): each.inputs for each in self.of("appautoscaling/policy:Policy")}
        targets = {
            name.removeprefix(f"{service}-"): policy["targetTrackingScalingPolicyConfiguration"]["targetValue"]
            for name, policy in policies.items()
            if name.startswith(f"{service}-")
        }
        return bounds["minCapacity"], bounds["maxCapacity"], targets

    def stays_in_service(self, service):
        """Seconds for which a task that goes still answers: ECS sends the signal when its targets are deregistered."""
        return self.target_group["deregistrationDelay"]

    def waits_before_it_counts(self, service):
        """Seconds of failing checks of the load balancer that no new copy is stopped for."""
        return self._service(service).get("healthCheckGracePeriodSeconds", math.inf)

    def zones(self, service):
        return self._service(service)["availabilityZoneRebalancing"] == "ENABLED"

    def commands(self):
        """Who may run commands in a container."""
        return [each.name for each in self.of("ecs/service:Service") if each.inputs["enableExecuteCommand"]]
