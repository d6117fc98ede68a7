"""A resource plugin over `Cloud`, spoken to by the Pulumi engine: one of these for each package."""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from importlib.metadata import version
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format, struct_pb2
from pulumi.runtime.proto import plugin_pb2, provider_pb2, provider_pb2_grpc
from pulumi.runtime.rpc import UNKNOWN

from tests.engine.standin import aws
from tests.engine.standin.cloud import Cloud, CloudError, Object

Values = dict[str, Any]
_METADATA = ("__defaults", "__provider")


def _plain(struct: struct_pb2.Struct) -> Values:
    return {key: _value(value) for key, value in struct.fields.items() if key not in _METADATA}


def _value(value: struct_pb2.Value) -> Any:
    """As json_format gives it, in a fifth of the time."""
    match value.WhichOneof("kind"):
        case "struct_value":
            return {key: _value(inner) for key, inner in value.struct_value.fields.items()}
        case "list_value":
            return [_value(inner) for inner in value.list_value.values]
        case "null_value" | None:
            return None
        case kind:
            return getattr(value, kind)


def _struct(values: Mapping[str, Any]) -> struct_pb2.Struct:
    return json_format.ParseDict(values, struct_pb2.Struct())


def _state(inputs: struct_pb2.Struct, computed: Mapping[str, Any]) -> struct_pb2.Struct:
    """What a plugin remembers: what was computed, and the inputs but write-only ones, which come first."""
    state = _struct(computed)
    for key, value in inputs.fields.items():
        if key not in _METADATA and not key.endswith("Wo"):
            state.fields[key].CopyFrom(value)
    return state


def _refusing(method: Callable[..., Any]) -> Callable[..., Any]:
    def answer(self: "Plugin", request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(self, request, context)
        except CloudError as error:
            return context.abort(grpc.StatusCode.UNKNOWN, str(error))

    return answer


class Plugin(provider_pb2_grpc.ResourceProviderServicer):
    def __init__(self, package: str, cloud: Cloud) -> None:
        self._package, self._cloud = package, cloud
        self._creating = threading.Lock()

    def GetPluginInfo(self, request, context):  # noqa: N802  # gRPC's name
        return plugin_pb2.PluginInfo(version=version(f"pulumi-{self._package}"))

    def CheckConfig(self, request, context):  # noqa: N802  # gRPC's name
        return provider_pb2.CheckResponse(inputs=request.news)

    def DiffConfig(self, request, context):  # noqa: N802  # gRPC's name
        same = request.olds == request.news
        return provider_pb2.DiffResponse(changes=1 if same else 2)

    def Configure(self, request, context):  # noqa: N802  # gRPC's name
        return provider_pb2.ConfigureResponse(supportsPreview=True)

    def Invoke(self, request, context):  # noqa: N802  # gRPC's name
        try:
            with self._cloud.call("invoke", request.tok, ""):
                answer = aws.invoke(self._cloud, request.tok, _plain(request.args))
            return provider_pb2.InvokeResponse(**{"return": _struct(answer)})
        except LookupError as error:
            return context.abort(grpc.StatusCode.UNIMPLEMENTED, str(error))

    def Check(self, request, context):  # noqa: N802  # gRPC's name
        return provider_pb2.CheckResponse(inputs=request.news)

    def Diff(self, request, context):  # noqa: N802  # gRPC's name
        if request.old_inputs == request.news:
            return provider_pb2.DiffResponse(changes=1)
        old, new, type_ = _plain(request.old_inputs), _plain(request.news), _type(request.urn)
        ignored = set(request.ignoreChanges)
        changed = sorted(key for key in _changes(old, new) if key.partition(".")[0] not in ignored)
        replaces = [key for key in changed if aws.replaces(type_, key)]
        name = aws.name_of(type_, new)
        return provider_pb2.DiffResponse(
            changes=2 if changed else 1,
            diffs=sorted({key.partition(".")[0] for key in changed}),
            replaces=sorted({key.partition(".")[0] for key in replaces}),
            # As the real plugins do: a given name that stays is free only after the old one is gone.
            deleteBeforeReplace=bool(replaces and name and name == aws.name_of(type_, old)),
        )

    @_refusing
    def Create(self, request, context):  # noqa: N802  # gRPC's name
        if request.preview:
            return provider_pb2.CreateResponse(id="", properties=_state(request.properties, {}))
        type_, inputs = _type(request.urn), _plain(request.properties)
        with self._cloud.call("create", type_, request.urn, heard=context.is_active), self._creating:
            aws.check_create(self._cloud, type_, request.urn, inputs)
            id_ = aws.identity(type_, request.urn, inputs, {o.id for o in self._cloud.objects(type_)})
            state = _state(request.properties, aws.computed(self._cloud, type_, id_, inputs))
            self._cloud.put(Object(type_, id_, request.urn, inputs, _plain(state)))
        return provider_pb2.CreateResponse(id=id_, properties=state)

    @_refusing
    def Update(self, request, context):  # noqa: N802  # gRPC's name
        if request.preview:
            state = _state(request.news, _plain(request.olds))
            state.update(dict.fromkeys(aws.ANEW.get(_type(request.urn), ()), UNKNOWN))
            return provider_pb2.UpdateResponse(properties=state)
        type_, inputs = _type(request.urn), _plain(request.news)
        with self._cloud.call("update", type_, request.urn, request.id, heard=context.is_active):
            if self._cloud.get(type_, request.id) is None:
                raise CloudError(f"NotFound: {type_} {request.id}")
            state = _state(request.news, aws.computed(self._cloud, type_, request.id, inputs))
            self._cloud.put(Object(type_, request.id, request.urn, inputs, _plain(state)))
        return provider_pb2.UpdateResponse(properties=state)

    @_refusing
    def Read(self, request, context):  # noqa: N802  # gRPC's name
        type_ = _type(request.urn)
        with self._cloud.call("read", type_, request.urn, request.id):
            found = self._cloud.get(type_, request.id)
        if found is None:
            return provider_pb2.ReadResponse()
        return provider_pb2.ReadResponse(
            id=found.id, properties=_struct(found.outputs), inputs=_struct(dict(found.inputs))
        )

    @_refusing
    def Delete(self, request, context):  # noqa: N802  # gRPC's name
        type_ = _type(request.urn)
        with self._cloud.call("delete", type_, request.urn, request.id, heard=context.is_active):
            aws.check_delete(self._cloud, type_, request.id)
            self._cloud.remove(type_, request.id)
        return empty_pb2.Empty()

    def Cancel(self, request, context):  # noqa: N802  # gRPC's name
        return empty_pb2.Empty()


def _type(urn: str) -> str:
    return urn.split("::")[2].rpartition("$")[2]


def _changes(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """The paths below which the two differ, down the objects but not into lists."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in {*old, *new}:
            yield from _changes(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif old != new:
        yield path


@contextmanager
def serving(cloud: Cloud, packages: Sequence[str]) -> Iterator[dict[str, int]]:
    """By package the port where its plugin answers."""
    servers, ports = [], {}
    for package in packages:
        server = grpc.server(
            ThreadPoolExecutor(max_workers=64), options=[("grpc.max_receive_message_length", 400 * 1024 * 1024)]
        )
        provider_pb2_grpc.add_ResourceProviderServicer_to_server(Plugin(package, cloud), server)
        ports[package] = server.add_insecure_port("127.0.0.1:0")
        server.start()
        servers.append(server)
    try:
        yield ports
    finally:
        for server in servers:
            server.stop(None)
