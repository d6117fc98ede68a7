"""What has been told and what is held back, in DynamoDB: no copy of an event and no killed process mails twice unseen.

Two kinds of item: one per change of state that is mailed, one per group of incidents (`Notification.group`).
"""

import hashlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from alerting.notification import Notification, State
from alerting.rules import Severity

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import UpdateItemInputTypeDef

LEASE = 90
"""Seconds for which nobody else mails what a process has claimed; longer than the function may run."""
WINDOW = {Severity.PAGE: 300, Severity.NOTIFY: 300, Severity.DIGEST: 900}
"""Seconds within which those that follow the first of a group are gathered (AWS: SQS delays at most 900 s)."""
KEPT = 15 * 86_400
"""Seconds that an entry is kept: longer than an event can wait in the dead-letter queue."""
LABELS = ("stack", "place", "subject", "rule", "summary", "reason")


class JournalError(Exception):
    """DynamoDB did not answer, or refused."""


class Claim(Enum):
    FIRST = auto()
    AGAIN = auto()  # a process claimed it and ended without a word: it may have been mailed
    BUSY = auto()
    DONE = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """What a group holds back: `entries` as the item has them, gathered in `told`."""

    entries: tuple[str, ...]
    told: Notification


class Journal:
    """The journal in `table`, whose key is `id` and whose time to live is `expires`. Its methods raise JournalError."""

    def __init__(self, dynamodb: "DynamoDBClient", table: str, *, clock: Callable[[], float] = time.time) -> None:
        self._dynamodb = dynamodb
        self._table = table
        self._clock = clock

    def claim(self, key: str) -> Claim:
        """Take the right to mail `key` for LEASE seconds."""
        found = self._update(
            key,
            "SET #state = :sending, lease = :lease, expires = :expires",
            {":sending": {"S": "sending"}, ":lease": self._in(LEASE), ":now": self._in(0)},
            condition="attribute_not_exists(id) OR (#state = :sending AND lease < :now)",
        )
        if found.changed:
            return Claim.AGAIN if found.before else Claim.FIRST
        return Claim.BUSY if found.before["state"] == {"S": "sending"} else Claim.DONE

    def done(self, key: str, by: str) -> None:
        """`key` has been told; `by` is what took it."""
        self._update(
            key, "SET #state = :sent, told = :by, expires = :expires", {":sent": {"S": "sent"}, ":by": {"S": by}}
        )

    def release(self, key: str) -> None:
        """Give back a claim of which it is certain that nothing was mailed."""
        self._call(lambda: self._dynamodb.delete_item(TableName=self._table, Key={"id": {"S": key}}))

    def opens(self, told: Notification) -> bool:
        """Whether `told` is the first of its group in a while and so is mailed at once."""
        return self._update(
            told.group,
            "SET ends = :until, opener = :key, expires = :expires",
            {":until": self._in(WINDOW[told.severity]), ":key": {"S": told.key}, ":now": self._in(0)},
            condition="attribute_not_exists(ends) OR ends < :now OR opener = :key",
        ).changed

    def hold(self, told: Notification) -> tuple[int, float] | None:
        """Keep `told` for its group's digest. Gives the round of the digest and its delay in seconds when it has to be
        asked for: by the first that is held, and by one that comes again, as then it may not have been.
        """
        labels = {label: {"S": getattr(told, label)} for label in LABELS} | {"severity": {"S": told.severity}}
        entry = _entry(told)
        before = self._update(
            told.group,
            "ADD held :entries SET labels = :labels, expires = :expires",
            {":entries": {"SS": [entry]}, ":labels": {"M": labels}},
        ).before
        held = before.get("held", {}).get("SS", [])
        if held and entry not in held:
            return None
        window = WINDOW[told.severity]
        until = float(before["ends"]["N"]) if "ends" in before else self._clock() + window
        return int(before.get("turn", {"N": "0"})["N"]), min(max(until - self._clock(), 0), window)

    def holds(self, told: Notification) -> bool:
        """Whether the beginning of the incident that `told` ends is held back."""
        opening = _digest(told.incident)
        return any(
            entry.endswith(f":alarm:{opening}") for entry in self._group(told.group).get("held", {}).get("SS", [])
        )

    def held(self, group: str, round_: int) -> Held | None:
        """What `group` holds back in this round; None if it has been told."""
        item = self._group(group)
        entries = sorted(item.get("held", {}).get("SS", []), key=lambda entry: (float(entry.split(":")[0]), entry))
        if not entries or int(item.get("turn", {"N": "0"})["N"]) != round_:
            return None
        labels = {name: value["S"] for name, value in item["labels"]["M"].items()}
        severity = Severity(labels.pop("severity"))
        first, last = entries[0].split(":"), entries[-1].split(":")
        told = Notification(
            incident=group, severity=severity, state=State(last[1]),
            since=_moment(first[0]), at=_moment(last[0]),
            repeats=sum(":alarm:" in entry for entry in entries), **labels,
        )  # fmt: skip
        return Held(entries=tuple(entries), told=told)

    def drop(self, group: str, round_: int, held: Held) -> None:
        """`held` has been told; the next of the group wait for another round."""
        self._update(
            group,
            "SET ends = :until, turn = :next, expires = :expires DELETE held :entries",
            {
                ":until": self._in(WINDOW[held.told.severity]),
                ":next": {"N": str(round_ + 1)},
                ":entries": {"SS": list(held.entries)},
            },
        )

    def told(self, key: str) -> str | None:
        """What took `key`; None if it has not been told."""
        told: dict[str, str] = self._group(key).get("told", {})
        return told.get("S")

    def _group(self, group: str) -> Mapping[str, Any]:
        key = {"id": {"S": group}}
        item: Mapping[str, Any] = self._call(
            lambda: self._dynamodb.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        ).get("Item", {})
        return item

    def _update(self, key: str, update: str, values: Mapping[str, Any], *, condition: str = "") -> "_Updated":
        request: UpdateItemInputTypeDef = {
            "TableName": self._table,
            "Key": {"id": {"S": key}},
            "UpdateExpression": update,
            "ExpressionAttributeValues": {**values, ":expires": self._in(KEPT)},
            "ReturnValues": "ALL_OLD",
        }
        if "#state" in update:
            request["ExpressionAttributeNames"] = {"#state": "state"}
        if condition:
            request["ConditionExpression"] = condition
            request["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        try:
            return _Updated(True, self._dynamodb.update_item(**request).get("Attributes", {}))
        except ClientError as error:
            if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
                raise JournalError(str(error)) from error
            refused: dict[str, Any] = {**error.response}
            return _Updated(False, refused.get("Item", {}))
        except BotoCoreError as error:
            raise JournalError(str(error)) from error

    def _call(self, request: Callable[[], Any]) -> Any:  # noqa: ANN401 -- as the request answers
        try:
            return request()
        except (BotoCoreError, ClientError) as error:
            raise JournalError(str(error)) from error

    def _in(self, seconds: float) -> dict[str, str]:
        return {"N": f"{self._clock() + seconds:.3f}"}


@dataclass(frozen=True, slots=True)
class _Updated:
    changed: bool
    before: Mapping[str, Any]


def _entry(told: Notification) -> str:
    """One change as the group's set has it, short: DynamoDB keeps 400 KB in an item, so about 9,000 of these."""
    return f"{told.at.timestamp():.0f}:{told.state}:{_digest(told.incident)}"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _moment(seconds: str) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
