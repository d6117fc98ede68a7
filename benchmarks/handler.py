"""The alarm handler: its start against boto3's alone, its own work per event, and a storm against moto's AWS."""

import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from alerting.handler import catalogue
from alerting.handler.catalogue import Catalogue, Home

ROOT = Path(__file__).resolve().parent.parent
REGION, SENDER, STACK = "us-east-1", "alarms@example.com", "bench"
CATALOGUE = Catalogue(
    homes=tuple(
        Home(place="ecs", subject=f"unit-{number}", console_url="https://console/", log_group=f"/bench/{number}")
        for number in range(50)
    ),
    changes="/bench/changes",
)
ROUNDS, EVENTS, STORM, INCIDENTS = 7, 1000, 10_000, 50
START_LIMIT, OWN_LIMIT_MS, MEMORY_LIMIT_MB = 1.5, 50, 128
ENVIRONMENT = {
    "STACK": STACK, "SENDER": SENDER, "RECIPIENTS": '{"to": ["on-call@example.com"]}', "CONFIGURATION_SET": "alerts",
    "JOURNAL": "journal", "CONCURRENCY": "2", "QUEUE": f"https://sqs.{REGION}.amazonaws.com/123456789012/queue",
    "FALLBACK": f"arn:aws:sns:{REGION}:123456789012:fallback", "AWS_DEFAULT_REGION": REGION,
    "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x",
}  # fmt: skip

# AWS answers at once here, so that what is measured is the handler's and boto3's own work.
AT_ONCE = """
import botocore.httpsession
from botocore.awsrequest import AWSResponse
class Raw:
    def __init__(self, body): self.body = body
    def stream(self, **_): yield self.body
def send(self, request):
    body = b'{"MessageId": "id", "SendQuota": {"MaxSendRate": -1}}' if "email" in request.url else b"{}"
    return AWSResponse(request.url, 200, {}, Raw(body))
botocore.httpsession.URLLib3Session.send = send
"""
CLIENTS = (
    "import boto3\nfor name in ('sesv2', 'dynamodb', 'sqs', 'sns', 'cloudwatch', 'logs', 'ssm'): boto3.client(name)\n"
)
HANDLER = """
import json, sys, time
import alerting.handler.function as function
class Context:
    def get_remaining_time_in_millis(self): return 60_000
times = []
for line in sys.stdin:
    begin = time.process_time()
    assert function.handle(json.loads(line), Context()) == {"batchItemFailures": []}
    times.append(time.process_time() - begin)
print(json.dumps(times))
"""


def stopped(number: int) -> dict[str, object]:
    """A stopped task of one of INCIDENTS services."""
    detail = {
        "clusterArn": f"arn:aws:ecs:{REGION}:1:cluster/{STACK}-ecs", "taskArn": f"task/{number}",
        "group": f"service:unit-{number % INCIDENTS}", "lastStatus": "STOPPED",
        "stopCode": "EssentialContainerExited", "stoppedReason": "Essential container in task exited",
    }  # fmt: skip
    return {
        "detail-type": "ECS Task State Change",
        "source": "aws.ecs",
        "time": "2026-11-23T10:05:00Z",
        "detail": detail,
    }


def batch(*events: object) -> dict[str, list[dict[str, str]]]:
    return {"Records": [{"messageId": str(n), "body": json.dumps(event)} for n, event in enumerate(events)]}


def process(script: str, lines: str, folder: str) -> tuple[float, float, str]:
    """Processor seconds, peak memory in MB and output of a fresh process."""
    peak = "\nimport resource\nprint(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", AT_ONCE + script + peak], input=lines, text=True, capture_output=True, check=True,
        cwd=ROOT, env={**os.environ, **ENVIRONMENT, "LAMBDA_TASK_ROOT": folder},
    )  # fmt: skip
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    *output, memory = done.stdout.splitlines()
    seconds = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, float(memory), "\n".join(output)


def start(folder: str) -> bool:
    one = json.dumps(batch(stopped(0)))
    boto3s, handlers = [], []
    for _ in range(ROUNDS):
        boto3s.append(process(CLIENTS, "", folder)[0])
        handlers.append(process(HANDLER, one, folder)[0])
    boto3, handler = statistics.median(boto3s), statistics.median(handlers)
    print(f"start: {handler / boto3:.2f} times boto3 and its clients alone, {START_LIMIT} allowed")
    return handler / boto3 <= START_LIMIT


def own_work(folder: str) -> bool:
    lines = "\n".join(json.dumps(batch(stopped(number))) for number in range(EVENTS))
    _, memory, output = process(HANDLER, lines, folder)
    _, least, _ = process(CLIENTS, "", folder)
    times = sorted(1000 * seconds for seconds in json.loads(output)[1:])
    p99 = times[int(0.99 * len(times))]
    print(f"one event, each of them mailed: p99 {p99 / OWN_LIMIT_MS:.2f} of the {OWN_LIMIT_MS} ms allowed")
    print(f"memory above boto3's: {(memory - least) / MEMORY_LIMIT_MB:.2f} of the {MEMORY_LIMIT_MB} MB allowed")
    return p99 < OWN_LIMIT_MS and memory - least <= MEMORY_LIMIT_MB


def storm(folder: str) -> bool:
    """The same batches as from SQS, one function after another, then the digests that they asked for."""
    os.environ |= {**ENVIRONMENT, "LAMBDA_TASK_ROOT": folder}
    import boto3  # noqa: PLC0415 (after its environment)
    from botocore.awsrequest import AWSResponse  # noqa: PLC0415 (as above)
    from moto import mock_aws  # noqa: PLC0415 (as above)
    from moto.ses import ses_backends  # noqa: PLC0415 (as above)
    from moto.sqs import sqs_backends  # noqa: PLC0415 (as above)

    from alerting.handler import function  # noqa: PLC0415 (as above)

    class Context:
        def get_remaining_time_in_millis(self) -> int:
            return 60_000

    with mock_aws():
        # moto has no GetAccount; any rate will do that does not pace.
        answer = AWSResponse("", 200, {}, None), {"SendQuota": {"MaxSendRate": -1}}
        boto3.setup_default_session()
        boto3.DEFAULT_SESSION.events.register("before-call.sesv2.GetAccount", lambda **_: answer)
        boto3.client("sesv2").create_email_identity(EmailIdentity=SENDER)
        boto3.client("sqs").create_queue(QueueName="queue")
        boto3.client("dynamodb").create_table(
            TableName="journal", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )  # fmt: skip
        boto3.client("ssm").put_parameter(Name=CATALOGUE.changes, Value="{}", Type="String")
        for home in CATALOGUE.homes:
            boto3.client("logs").create_log_group(logGroupName=home.log_group)
        account = "123456789012"
        sent = ses_backends[account][REGION].sent_messages
        for first in range(0, STORM, 20):
            assert not function.handle(batch(*map(stopped, range(first, first + 20))), Context())["batchItemFailures"]
        at_once = len(sent)
        delayed = sqs_backends[account][REGION].queues["queue"]._messages  # noqa: SLF001 (no client sees them yet)
        digests = [json.loads(message.body) for message in delayed]
        assert not function.handle(batch(*digests), Context())["batchItemFailures"]
        subjects = Counter(re.search(r"Subject: (.*)", mail.raw_data)[1] for mail in sent)
    held = sum(int(found[1]) for subject in subjects if (found := re.search(r", (\d+) times", subject)))
    print(
        f"storm: {STORM} events of {INCIDENTS} incidents give {at_once} first mails and {len(sent) - at_once} digests "
        f"of {held} more"
    )
    return at_once == INCIDENTS and len(sent) == 2 * INCIDENTS and held == STORM - INCIDENTS


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        Path(temporary, catalogue.FILE).write_text(catalogue.dumps(CATALOGUE))
        kept = [start(temporary), own_work(temporary), storm(temporary)]
    sys.exit(not all(kept))
