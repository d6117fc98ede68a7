"""What a person looks at first, by rule and by what an event calls itself."""

from collections.abc import Mapping
from types import MappingProxyType

FIRST: Mapping[str, str] = MappingProxyType({
    "running": "Why the last replica stopped: its log lines, and the mails about it. "
    "Did something change just before? Roll it back.",
    "restarts": "The last log lines before each restart, and what changed last.",
    "oom": "Whether memory grows steadily (a leak) or in bursts; then raise its limit under deploy.resources.",
    "cpu": "Whether requests grew as well; then raise x-scaling.max, else look for a loop in what changed last.",
    "memory": "Whether it grows steadily (a leak) or with the load; the next step is an out-of-memory kill.",
    "queue_age": "Whether its workers run and what they log; then whether x-scaling.max holds them back.",
    "queue_depth": "Whether its workers run and what they log; then whether x-scaling.max holds them back.",
    "error_lines": "The log lines themselves: is it one request that fails again and again, or all?",
    "unhealthy_targets": "Whether the health check's path answers: its log lines, and what the service waits for.",
    "errors_5xx": "Which service answers with errors: the dashboard, then its log. What changed last?",
    "latency_p95": "Whether the database or a service behind it is slow; then whether there are enough replicas.",
    "certificate_days": "Whether its validation record is still in the DNS: without it AWS does not renew.",
    "db_storage": "What grows (tables, or write-ahead log that a replication slot holds back); then more storage.",
    "db_cpu": "The longest queries in Performance Insights.",
    "db_connections": "Which service opens them: its pool times its replicas must stay below the limit.",
    "cache_memory": "Whether keys have a time to live; then a larger node.",
    "failed_nodes": "The node's conditions (kubectl describe nodes), and whether its pods have found room elsewhere.",
    "spend": "AWS Cost Explorer, grouped by service, for this stack's tag.",
    "EssentialContainerExited": "Its last log lines; 137 is killed, by memory or for not stopping in time.",
    "TaskFailedToStart": "The reason: an image that cannot be pulled, a secret that cannot be read, no capacity.",
    "SpotInterruption": "Nothing, if another task runs by now: Spot capacity is taken back with two minutes' notice.",
    "TerminationNotice": "Nothing, if another task runs by now: its machine was stopped.",
    "InfrastructureHealth": "Nothing, if another task runs by now: its machine was broken.",
    "SERVICE_DEPLOYMENT_FAILED": "Why its new tasks stopped: the mails about them. The old version still runs.",
    "SERVICE_TASK_START_IMPAIRED": "Why its tasks stop again and again: the mails about them.",
    "SERVICE_TASK_PLACEMENT_FAILURE": "Whether a machine has room for one more task, and the network addresses.",
    "EC2 Instance Launch Unsuccessful": "The reason: a quota, no capacity in the zone, or a refused right.",
    "EC2 Instance Terminate Unsuccessful": "The instance in the console: something keeps it from stopping.",
})  # fmt: skip
