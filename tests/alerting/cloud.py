"""The handler between moto's servers, with a clock of its own, faults on demand, and a queue that brings back."""

import base64
import email
import heapq
import json
import logging
import os
from collections import Counter
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import default
from functools import cache

import boto3
from botocore.awsrequest import AWSResponse
from botocore.config import Config
from moto.dynamodb import dynamodb_backends
from moto.logs import logs_backends
from moto.server import ThreadedMotoServer
from moto.ses import ses_backends
from moto.sns import sns_backends
from moto.sqs import sqs_backends
from moto.ssm import ssm_backends

from alerting.handler import function
from alerting.handler.delivery import Delivery
from alerting.handler.evidence import Evidence
from alerting.handler.journal import Journal
from alerting.handler.mailer import Mailer
from alerting.handler.quota import Quota
from alerting.handler.redelivery import TRIES, VISIBILITY
from tests.alerting import samples

ACCOUNT, REGION = "123456789012", "us-east-1"
SENDER, TEAM = "alarms@example.com", ["on-call@example.com"]
START = 1_790_000_000.0
PICTURE = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
"""One dot as PNG."""
Fault = Callable[[str, str, int], None]
"""Called with `before` or `after`, an operation and how many calls there were; the call raises what it raises."""


PLAYING: list["Cloud"] = []


@cache
def clients(endpoint: str):
    """Made once, as that takes longer than a whole story."""
    made = {
        service: boto3.client(
            service, endpoint_url=endpoint, region_name=REGION, aws_access_key_id="x", aws_secret_access_key="x",
            config=Config(retries={"total_max_attempts": 1}),
        )
        for service in ("sesv2", "dynamodb", "sqs", "sns", "logs", "ssm", "cloudwatch")
    }  # fmt: skip
    # What moto lacks.
    made["cloudwatch"].meta.events.register(
        "before-call.cloudwatch.GetMetricWidgetImage",
        lambda **_: (AWSResponse("", 200, {}, None), {"MetricWidgetImage": PICTURE}),
    )
    made["sesv2"].meta.events.register(
        "before-call.sesv2.GetAccount",
        lambda **_: (AWSResponse("", 200, {}, None), {"SendQuota": PLAYING[0].quota}),
    )
    for client in made.values():
        client.meta.events.register("before-call.*", _before)
        client.meta.events.register("after-call.*", _after)
    return made


def _before(model, **_) -> None:
    for cloud in PLAYING:
        cloud.calls.append(model.name)
        cloud.fault("before", model.name, len(cloud.calls))


def _after(model, **_) -> None:
    for cloud in PLAYING:
        cloud.fault("after", model.name, len(cloud.calls))


class Killed(BaseException):
    """The process is gone: nothing of the handler may catch this."""


class Context:
    def get_remaining_time_in_millis(self) -> int:
        return 60_000


class Cloud:
    def __init__(self, endpoint: str, monkeypatch, fault: Fault = lambda *_: None) -> None:
        self.now = START
        self.fault = fault
        self.calls: list[str] = []
        self.quota = {"MaxSendRate": 14.0, "Max24HourSend": 50_000.0, "SentLast24Hours": 0.0}
        self.delivery = self._delivery(endpoint)
        monkeypatch.setattr(function, "_delivery", lambda: self.delivery)
        monkeypatch.setattr(function, "_alarms", lambda: samples.ALARMS)
        monkeypatch.setenv("STACK", samples.STACK)

    def _delivery(self, endpoint: str) -> Delivery:
        made = clients(endpoint)
        made["dynamodb"].create_table(
            TableName="journal", BillingMode="PAY_PER_REQUEST",
            KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
            AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        )  # fmt: skip
        made["sesv2"].create_email_identity(EmailIdentity=SENDER)
        queue = made["sqs"].create_queue(QueueName="queue")["QueueUrl"]
        topic = made["sns"].create_topic(Name="fallback")["TopicArn"]
        PLAYING[:] = [self]
        mailer = Mailer(made["sesv2"], sender=SENDER, recipients=TEAM, sleep=self._sleep)
        self.journal = Journal(made["dynamodb"], "journal", clock=lambda: self.now)
        evidence = Evidence(samples.CATALOGUE, cloudwatch=made["cloudwatch"], logs=made["logs"], parameters=made["ssm"])
        quota = Quota(made["sesv2"], clock=lambda: self.now)
        return Delivery(
            self.journal, mailer, made["sqs"], made["sns"], evidence, quota=quota, queue=queue, fallback=topic
        )

    def _sleep(self, seconds: float) -> None:
        self.now += seconds

    def handle(self, *events: object, received: int = 1) -> list[str]:
        """The bodies that have to come again."""
        count = {"ApproximateReceiveCount": str(received)}
        records = [
            {"messageId": str(n), "body": json.dumps(event), "attributes": count} for n, event in enumerate(events)
        ]
        failed = function.handle({"Records": records}, Context())["batchItemFailures"]
        return [records[int(each["itemIdentifier"])]["body"] for each in failed]

    def play(self, *events: object) -> list[object]:
        """Let the queue bring the events, again what was not settled; gives those that end as dead letters."""
        received: Counter[int] = Counter()
        bodies: dict[int, object] = dict(enumerate(events))
        due = [(START + number, number) for number in bodies]
        lost = []
        while due:
            at, number = heapq.heappop(due)
            self.now = max(self.now, at)
            received[number] += 1
            try:
                again = bool(self.handle(bodies[number], received=received[number]))
            except Killed:
                again = True
            if again and received[number] == TRIES:
                lost.append(bodies[number])
            elif again:
                heapq.heappush(due, (self.now + VISIBILITY, number))
            for delay, body in self.asked_for():
                heapq.heappush(due, (self.now + delay, len(bodies)))
                bodies[len(bodies)] = body
        return lost

    def asked_for(self) -> list[tuple[float, object]]:
        queue = sqs_backends[ACCOUNT][REGION].queues["queue"]
        asked = [((m.delayed_until - m.sent_timestamp) / 1000, json.loads(m.body)) for m in queue._messages]
        queue._messages.clear()
        return asked

    @property
    def mails(self) -> list[EmailMessage]:
        sent = ses_backends[ACCOUNT][REGION].sent_messages
        return [email.message_from_string(message.raw_data, policy=default) for message in sent]

    @property
    def told_by_sns(self) -> list[str]:
        (topic,) = sns_backends[ACCOUNT][REGION].topics.values()
        return [subject for _, _, subject, _, _ in topic.sent_notifications]


def serve():
    """The address of moto's server, for a fixture."""
    os.environ.setdefault("NO_PROXY", "127.0.0.1")
    logging.getLogger("werkzeug").setLevel(logging.WARNING)
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


def reset() -> None:
    PLAYING.clear()
    for backends in (dynamodb_backends, logs_backends, ses_backends, sns_backends, sqs_backends, ssm_backends):
        backends[ACCOUNT][REGION].reset()
