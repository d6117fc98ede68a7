"""The workload's secrets in AWS Secrets Manager."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
import pulumi_aws as aws
import pulumi_random as random

from foundation.ledger import Owned, ignored
from foundation.names import Names
from workload.model import Secret, Workload

_RECOVERY_DAYS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretRef:
    """A secret by reference; its value never passes through the program's outputs."""

    arn: pulumi.Output[str]
    key_arn: pulumi.Output[str]
    version: pulumi.Output[str]
    """Changes with the value, so that clients roll."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Password:
    """What a managed service is told, write-only: Pulumi's state keeps it encrypted, the provider does not at all."""

    value: pulumi.Output[str]
    version: pulumi.Output[int]
    """Changes with the value, as nobody can compare what is write-only."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SecretsArgs:
    workload: Workload
    names: Names
    key_arn: pulumi.Input[str]
    protect: bool
    tags: Mapping[str, str]


class Secrets(pulumi.ComponentResource):
    """An entry in Secrets Manager for each secret of the workload, encrypted with the stack's key.

    A `file:` or `environment:` secret is what this machine uses; in the cloud its value is generated, and changes when
    its `RandomPassword` is replaced. An `external` one exists in Secrets Manager under its name, and is only read.

    The version that clients are told is the current one, whoever wrote it: they roll with the `up` after a new value.
    """

    refs: Mapping[str, SecretRef]
    ledger: Sequence[Owned]

    def __init__(self, name: str, args: SecretsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("switchyard:foundation:Secrets", name, None, opts)
        self._args = args
        self._generated: dict[str, random.RandomPassword] = {}
        self._key_arn = pulumi.Output.from_input(args.key_arn)
        self.ledger = [
            Owned(
                resource=f"{name}-{secret.name}",
                field="versionStages",
                owner="`switchyard secrets set`",
                why="the current value may be another than the generated one; an `up` tells the clients of it",
            )
            for secret in args.workload.secrets.values()
            if not secret.external
        ]
        self.refs = {
            secret.name: self._existing(secret) if secret.external else self._new(f"{name}-{secret.name}", secret)
            for secret in args.workload.secrets.values()
        }
        self.register_outputs({})

    def password(self, name: str) -> Password:
        """The value of the secret `name`, for the resource whose password it is."""
        if name in self._generated:
            value = self._generated[name].result
        else:
            current = aws.secretsmanager.get_secret_version_output(
                secret_id=self.refs[name].arn, opts=pulumi.InvokeOutputOptions(parent=self)
            )
            value = pulumi.Output.secret(current.secret_string)
        return Password(value=value, version=value.apply(_fingerprint))

    def _new(self, name: str, secret: Secret) -> SecretRef:
        password = random.RandomPassword(
            name,
            length=40,
            special=False,  # such a value needs no escape in a URL and suits RDS and ElastiCache
            opts=pulumi.ResourceOptions(parent=self, protect=self._args.protect),
        )
        self._generated[secret.name] = password
        entry = aws.secretsmanager.Secret(
            name,
            name=self._args.names.secret(secret.name),
            kms_key_id=self._key_arn,
            # Without protection the name is free again at once, so that a stack can be destroyed and made anew.
            recovery_window_in_days=_RECOVERY_DAYS if self._args.protect else 0,
            tags=dict(self._args.tags),
            opts=pulumi.ResourceOptions(parent=self, protect=self._args.protect),
        )
        version = aws.secretsmanager.SecretVersion(
            name,
            secret_id=entry.id,
            secret_string_wo=password.result,
            secret_string_wo_version=password.result.apply(_fingerprint),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=ignored(self.ledger, name)),
        )
        # Asked once ours is written, so that a preview knows that a new value comes.
        written = pulumi.Output.all(entry.id, version.version_id).apply(lambda known: str(known[0]))
        return SecretRef(arn=entry.arn, key_arn=self._key_arn, version=self._current_version(secret, written))

    def _existing(self, secret: Secret) -> SecretRef:
        opts = pulumi.InvokeOutputOptions(parent=self)
        entry = aws.secretsmanager.get_secret_output(name=secret.key or secret.name, opts=opts)
        return SecretRef(
            arn=entry.arn,
            # AWS's own key for Secrets Manager admits every reader of the secret; a statement on ours changes nothing.
            key_arn=entry.kms_key_id.apply(
                lambda key: aws.kms.get_key_output(key_id=key, opts=opts).arn if key else self._key_arn
            ),
            version=self._current_version(secret, entry.arn),
        )

    def _current_version(self, secret: Secret, id_: pulumi.Input[str]) -> pulumi.Output[str]:
        opts = pulumi.InvokeOutputOptions(parent=self)
        versions = aws.secretsmanager.get_secret_versions_output(secret_id=id_, opts=opts)
        return versions.versions.apply(lambda found: _current(secret, found))


def _current(secret: Secret, versions: Sequence[Any]) -> str:
    for version in versions:
        if "AWSCURRENT" in version.version_stages:
            return str(version.version_id)
    name = secret.key or secret.name
    raise pulumi.RunError(
        f"{secret.at}: the external secret {name} has no value in Secrets Manager. "
        f"Repair: aws secretsmanager put-secret-value --secret-id {name} --secret-string file:///dev/stdin"
    )


def _fingerprint(value: str) -> int:
    """31 bits that change with the value: the provider compares versions of write-only fields, never their values."""
    return int.from_bytes(hashlib.sha256(value.encode()).digest()[:4]) >> 1
