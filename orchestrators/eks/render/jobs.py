"""Jobs: once per content, or by the clock."""

import re

from orchestrators.documents import Document, canonical, digest, fill
from orchestrators.eks.render.kubernetes import cron, object_name
from orchestrators.eks.render.pod import pod_template
from orchestrators.eks.render.scene import Scene
from workload.model import Job
from workload.text import Ref


def job(scene: Scene, described: Job) -> Document:
    return cron_job(scene, described) if described.schedule else one_job(scene, described)


def one_job(scene: Scene, described: Job) -> Document:
    """A Job that runs once per content of its pod, the image's digest included: a new one gets a new name."""
    spec = _spec(scene, described)
    unfilled = digest(canonical(fill(spec, lambda ref: f"<{ref.path}>")))
    name = Ref(f"job.{described.name}", default=object_name(described.name, unfilled))
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": scene.metadata(name, described.name),
        "spec": spec,
    }


def cron_job(scene: Scene, described: Job) -> Document:
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": scene.metadata(object_name(described.name), described.name),
        "spec": {
            "schedule": cron(described.schedule or ""),
            "timeZone": "Etc/UTC",
            "concurrencyPolicy": "Forbid",
            "startingDeadlineSeconds": 300,
            "successfulJobsHistoryLimit": 1,
            "failedJobsHistoryLimit": 3,
            "jobTemplate": {"metadata": {"labels": scene.labels(described.name)}, "spec": _spec(scene, described)},
        },
    }


def _spec(scene: Scene, described: Job) -> Document:
    """`restart: on-failure:3` says how often a failed pod is replaced; a job without it gets one attempt."""
    attempts = re.fullmatch(r"on-failure(?::(\d+))?", described.container.restart)
    return {
        "backoffLimit": int(attempts[1] or 6) if attempts else 0,
        "activeDeadlineSeconds": 3600,
        "template": pod_template(scene, described),
    }
