"""Send again what reached nobody: from the dead letters back into the queue."""

from typing import Any, Protocol

BATCH = 10
"""The most that SQS gives at once (AWS: Amazon SQS API, ReceiveMessage)."""


class Queues(Protocol):
    """What this uses of SQS's client."""

    def receive_message(self, *, QueueUrl: str, MaxNumberOfMessages: int, WaitTimeSeconds: int) -> Any: ...  # noqa: ANN401, N803 -- boto3's
    def send_message(self, *, QueueUrl: str, MessageBody: str) -> object: ...  # noqa: N803 -- boto3's
    def delete_message(self, *, QueueUrl: str, ReceiptHandle: str) -> object: ...  # noqa: N803 -- boto3's


def replay(sqs: Queues, *, undelivered: str, queue: str) -> int:
    """Move every message from `undelivered` to `queue`, both URLs; gives their number.

    A message is taken away once the other queue has it. One that comes twice for that is told once, by the journal.
    """
    moved = 0
    while True:
        answer = sqs.receive_message(QueueUrl=undelivered, MaxNumberOfMessages=BATCH, WaitTimeSeconds=1)
        messages = answer.get("Messages", [])
        for message in messages:
            sqs.send_message(QueueUrl=queue, MessageBody=message["Body"])
            sqs.delete_message(QueueUrl=undelivered, ReceiptHandle=message["ReceiptHandle"])
        moved += len(messages)
        if not messages:
            return moved
