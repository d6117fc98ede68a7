"""Run a Pulumi program without an engine and see what it registered, with the options that plain mocks do not show."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi.runtime import rpc
from pulumi.runtime.mocks import MockCallArgs, MockResourceArgs, Mocks

from planning.answers import call
from planning.monitor import Monitor

ACCOUNT, REGION = "111122223333", "eu-central-1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A resource as the engine would have got it; inputs are camelCase, as on the wire."""

    type: str
    name: str
    inputs: Mapping[str, Any]
    protect: bool
    ignored: Sequence[str]
    depends_on: Sequence[str]
    secret: frozenset[str]
    """The inputs whose whole value is a secret."""

    @property
    def id(self) -> str:
        return f"{self.name}:{self.type.rpartition(':')[2]}"


class Run:
    """Everything that one program registered."""

    def __init__(self, resources: Sequence[Registered]) -> None:
        self.resources = tuple(resources)

    def of(self, type_: str) -> list[Registered]:
        """Resources whose type token ends in `type_`, such as `ec2/subnet:Subnet`."""
        return [each for each in self.resources if each.type.endswith(type_)]

    def one(self, type_: str, name: str | None = None) -> Registered:
        found = [each for each in self.of(type_) if name in (None, each.name)]
        assert len(found) == 1, f"{len(found)} of {type_} {name or ''}: {[each.name for each in found]}"
        return found[0]


class _Aws(Mocks):
    def new_resource(self, args: MockResourceArgs) -> tuple[str, dict[str, Any]]:
        id_ = f"{args.name}:{args.typ.rpartition(':')[2]}"
        computed: dict[str, Any] = {
            "arn": f"arn:aws:mock:{REGION}:{ACCOUNT}:{id_}",
            "arnSuffix": f"suffix/{args.name}",
            "dnsName": f"{args.name}.elb.example",
            "address": f"{args.name}.rds.example",
            "primaryEndpointAddress": f"{args.name}.cache.example",
            "repositoryUrl": f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/{args.inputs.get('name')}",
            "registryId": ACCOUNT,
            "digest": f"sha256:{'0' * 64}",
            "prefixListId": f"pl-{args.name}",
            "ref": f"{args.inputs.get('tag')}@sha256:{'0' * 64}",
            "zoneId": "Z-of-balancers",
            "fqdn": "_p.name",
            "keyId": id_,
            "versionId": f"version-of-{args.name}",
            "activationCode": f"code-of-{args.name}",
            "expirationDate": "2030-01-31T00:00:00Z",
        }
        if args.typ == "aws:eks/cluster:Cluster":
            computed |= {"certificateAuthority": {"data": "QQ=="}, "endpoint": f"https://{args.name}.eks.example"}
        if args.typ == "aws:acm/certificate:Certificate":
            proof = {"resourceRecordName": "_p.name", "resourceRecordType": "CNAME", "resourceRecordValue": "_v.aws"}
            computed |= {"domainValidationOptions": [proof]}
        if args.typ == "random:index/randomPassword:RandomPassword":
            computed["result"] = f"plain-{args.name}"
        if args.typ == "aws:sesv2/emailIdentity:EmailIdentity":
            computed["dkimSigningAttributes"] = {"tokens": ["one", "two", "three"]}
        return id_, {**computed, **args.inputs}

    def call(self, args: MockCallArgs) -> dict[str, Any]:
        match args.token:
            case "aws:index/getAvailabilityZones:getAvailabilityZones":
                return {"names": [f"{REGION}{letter}" for letter in "abcd"]}
            case "aws:index/getCallerIdentity:getCallerIdentity":
                return {"accountId": ACCOUNT}
            case "aws:secretsmanager/getSecret:getSecret":
                name = args.args["name"]
                key = "alias/theirs" if "own-key" in name else ""
                return {"arn": f"arn:aws:secretsmanager:{REGION}:{ACCOUNT}:secret:{name}", "kmsKeyId": key}
            case "aws:kms/getKey:getKey":
                return {"arn": f"arn of {args.args['keyId']}"}
            case "aws:secretsmanager/getSecretVersions:getSecretVersions":
                if "empty" in args.args["secretId"]:
                    return {"versions": []}
                return {"versions": [{"versionId": "1", "versionStages": ["AWSCURRENT"]}]}
            case "aws:secretsmanager/getSecretVersion:getSecretVersion":
                return {"secretString": "plain-external"}
        return call(args.token, args.args)


class _Recorder(Monitor):
    def __init__(self) -> None:
        super().__init__(_Aws())
        self.registered: list[Registered] = []

    def RegisterResource(self, request: Any) -> Any:  # noqa: N802  # gRPC's name
        response = super().RegisterResource(request)
        if request.custom:
            inputs = rpc.deserialize_properties(request.object)
            self.registered.append(
                Registered(
                    type=request.type,
                    name=request.name,
                    inputs={key: rpc.unwrap_rpc_secret(value) for key, value in inputs.items()},
                    protect=request.protect,
                    ignored=tuple(request.ignoreChanges),
                    depends_on=tuple(urn.rpartition("::")[2] for urn in request.dependencies),
                    secret=frozenset(key for key, value in inputs.items() if rpc.is_rpc_secret(value)),
                )
            )
        return response


def run(program: Callable[[], object]) -> Run:
    """What `program` registers, after every Output has been resolved; its errors are raised."""
    asyncio.set_event_loop(asyncio.new_event_loop())  # an earlier test may have closed the thread's
    recorder = _Recorder()
    pulumi.runtime.set_mocks(_Aws(), project="portal", stack="test", preview=False, monitor=recorder)

    @pulumi.runtime.test
    def finished() -> None:
        program()

    finished()
    return Run(recorder.registered)
