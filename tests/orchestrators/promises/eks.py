"""What the cluster on EKS is asked for."""

from orchestrators.documents import canonical
from planning.scaling import scaler
from tests.orchestrators.promises import seen


class Eks(seen.Seen):
    def _controller(self, unit):
        kinds = ("Deployment", "Job", "CronJob")
        (found,) = [each for kind in kinds for each in self.of(f":{kind}", f"{kind.lower()}-{unit}")]
        return found

    def _pod(self, unit):
        spec = self._controller(unit).inputs["spec"]
        return (spec["jobTemplate"]["spec"] if "jobTemplate" in spec else spec)["template"]["spec"]

    def kept(self, unit):
        """Kubernetes starts every container of a Deployment's pod again."""
        pod = self._pod(unit)
        return {each["name"] for each in pod["containers"]} if pod.get("restartPolicy", "Always") == "Always" else set()

    def container(self, unit):
        pod = self._pod(unit)
        (found,) = pod["containers"]
        ready, rights = found.get("readinessProbe"), found["securityContext"]
        start = found.get("startupProbe")
        assert rights["runAsNonRoot"]
        assert not rights["allowPrivilegeEscalation"]
        return seen.Container(
            image=found["image"],
            user=f"{rights['runAsUser']:g}:{rights['runAsGroup']:g}",
            read_only=rights["readOnlyRootFilesystem"],
            dropped=tuple(rights["capabilities"]["drop"]),
            added=tuple(rights["capabilities"].get("add", ())),
            reaps=pod.get("shareProcessNamespace", False),
            health=ready
            and (
                tuple(ready["exec"]["command"]),
                ready["periodSeconds"],
                ready["timeoutSeconds"],
                ready["failureThreshold"],
            ),
            # As long as the failures last that a container survives beyond those of its health check.
            start=(start["failureThreshold"] - ready["failureThreshold"]) * start["periodSeconds"] if start else 0,
            stop=pod["terminationGracePeriodSeconds"] - self._drain(found),
        )

    def _drain(self, container):
        return container.get("lifecycle", {}).get("preStop", {}).get("sleep", {}).get("seconds", 0)

    def revision(self, unit):
        return canonical(self._controller(unit).inputs["spec"])

    def secret_versions(self, unit):
        names = [volume["secret"]["secretName"] for volume in self._pod(unit).get("volumes", ()) if "secret" in volume]
        return {name.rpartition("-")[0]: name.rpartition("-")[2] for name in names}

    def truth(self, service):
        return self.one("switchyard:KubernetesRollout", f"deployment-{service}-rollout")

    def run(self, job):
        return next(iter(self.of("switchyard:KubernetesRollout", f"job-{job}-rollout")), None)

    def asked_anew(self, job):
        """By what a run is another one: the Job's name."""
        return self._controller(job).inputs["metadata"]["name"]

    def schedules(self):
        return {
            self.short(each).removeprefix("cronjob-"): {"0 */1 * * *": "rate(1 hour)"}[each.inputs["spec"]["schedule"]]
            for each in self.of(":CronJob")
        }

    def room(self, service, copies):
        rolling = self._controller(service).inputs["spec"]["strategy"]["rollingUpdate"]
        return rolling["maxSurge"], rolling["maxUnavailable"]

    def copies(self, service):
        return self._controller(service).inputs["spec"].get("replicas")

    def scaling(self, service):
        (found,) = self.of(":ScaledObject", f"scaledobject-{service}")
        made = scaler(None, found.inputs)
        return made.least, made.most, dict(made.targets)

    def stays_in_service(self, service):
        (found,) = self._pod(service)["containers"]
        return self._drain(found)

    def waits_before_it_counts(self, service):
        """A pod is sent no requests before it is ready, and is stopped for no check of the load balancer."""
        return float("inf")

    def zones(self, service):
        keys = [each["topologyKey"] for each in self._pod(service).get("topologySpreadConstraints", ())]
        return "topology.kubernetes.io/zone" in keys

    def commands(self):
        return [each.name for each in self.of("eks/accessPolicyAssociation:AccessPolicyAssociation")]
