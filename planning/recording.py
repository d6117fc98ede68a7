"""Runs the very program that `pulumi up` runs, under Pulumi's mocks, and records what it registers."""

import asyncio
import contextvars
import json
import logging
import os
import runpy
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pulumi
from pulumi.runtime import mocks, rpc, set_all_config
from pulumi.runtime.proto import engine_pb2
from pulumi.runtime.settings import configure, set_root_resource
from pulumi.runtime.stack import run_in_stack

from planning.answers import call, computed, subject
from planning.monitor import Monitor
from planning.resources import Recording, Resource


def record(program: Path, *, project: str, stack: str, config: Mapping[str, object]) -> Recording:
    """What `program` registers for `stack` with `config` (full keys, plain values).

    Raises whatever the program raises: pulumi.RunError when it refuses. Runs of one process do not see each other.
    """
    # A thread of its own, because the caller's may have an event loop already.
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(contextvars.copy_context().run, _record, program, project, stack, config).result()


def _record(program: Path, project: str, stack: str, config: Mapping[str, object]) -> Recording:
    recorder, engine = _Recorder(), _Engine()
    settings = mocks.MockSettings(  # type: ignore[no-untyped-call]  # the SDK's mocks carry no types
        monitor=recorder,
        monitor_features=set(recorder.GetDeploymentInfo(None).supportedFeatures),
        engine=engine,
        project=project,
        stack=stack,
        dry_run=False,
        # Else a run would wait for what a refused one has left, in a loop that is closed.
        outputs=set(),
        lock=threading.Lock(),
    )
    settings.root_directory = str(program.parent)
    configure(settings)
    set_root_resource(None)  # type: ignore[arg-type]  # the SDK's own way to begin anew (reset_options)
    set_all_config({key: value if isinstance(value, str) else json.dumps(value) for key, value in config.items()})

    async def run() -> None:
        runpy.run_path(os.fspath(program), run_name="__main__")
        # Registrations begin here, so that the SDK waits for them; else it looks at every pending output after each.
        await asyncio.sleep(0)

    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    # Once a resource has failed, the tasks that wait for it stay unfinished: asyncio would tell the user of each.
    logging.getLogger("asyncio").setLevel(logging.CRITICAL)
    try:
        loop.run_until_complete(run_in_stack(run))
    finally:
        loop.close()
    # Registration runs in threads, so its order is another one each time.
    resources = tuple(recorder.recorded[urn] for urn in sorted(recorder.recorded))
    return Recording(resources=resources, exports=recorder.exports, warnings=tuple(sorted(engine.warnings)))


class _Answers(mocks.Mocks):
    def call(self, args: mocks.MockCallArgs) -> tuple[dict[str, Any], list[tuple[str, str]]]:
        return call(args.token, args.args), []

    def new_resource(self, args: mocks.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        identity = f"<id of {subject(args.typ, args.name)}>" if args.custom else ""
        return identity, computed(args.typ, args.name, args.inputs)


class _Engine(mocks.MockEngine):
    """Keeps the program's warnings."""

    def __init__(self) -> None:
        super().__init__(None)
        self.warnings: list[str] = []

    def Log(self, request: Any) -> None:  # noqa: ANN401, N802 (gRPC's names and untyped messages)
        if request.severity >= engine_pb2.WARNING:
            self.warnings.append(request.message)


class _Recorder(Monitor):
    """Keeps what the SDK's own monitor forgets: the options, the components' place, the exports."""

    def __init__(self) -> None:
        super().__init__(_Answers())
        self.asked: dict[str, Any] = {}
        self.recorded: dict[str, Resource] = {}
        self.exports: Mapping[str, Any] = {}
        self.stack = ""

    def make_urn(self, parent: str, type_: str, name: str) -> str:
        """As the engine makes it, with the types of all parents, so that two resources of one URN are found."""
        inherited = parent.split("::")[2] if parent and parent != self.stack else ""
        qualified = f"{inherited}${type_}" if inherited else type_
        return f"urn:pulumi:{pulumi.get_stack()}::{pulumi.get_project()}::{qualified}::{name}"

    def RegisterResource(self, request: Any) -> Any:  # noqa: ANN401, N802 (gRPC's names and untyped messages)
        urn = self.make_urn(request.parent, request.type, request.name)
        if request.type == "pulumi:pulumi:Stack":
            self.stack = urn
            return super().RegisterResource(request)  # type: ignore[no-untyped-call]  # as above
        # One step, as the SDK registers in several threads at once.
        if self.asked.setdefault(urn, request) is not request:
            raise pulumi.RunError(f"Two resources would have the URN {urn}")
        response = super().RegisterResource(request)  # type: ignore[no-untyped-call]  # as above
        self.recorded[urn] = Resource(
            urn=urn,
            type=request.type,
            name=request.name,
            id=response.id,
            parent="" if request.parent == self.stack else request.parent,
            inputs=_plain(rpc.deserialize_properties(request.object)),
            custom=request.custom or request.remote,
            protect=request.protect,
            ignore_changes=tuple(request.ignoreChanges),
            depends_on=tuple(sorted(request.dependencies)),
            provider=request.provider.rpartition("::")[0],
        )
        return response

    def RegisterResourceOutputs(self, request: Any) -> Any:  # noqa: ANN401, N802 (gRPC's names and untyped messages)
        if request.urn == self.stack:
            self.exports = _plain(rpc.deserialize_properties(request.outputs))
        return super().RegisterResourceOutputs(request)  # type: ignore[no-untyped-call]  # as above


def _plain(value: Any) -> Any:  # noqa: ANN401 (JSON)
    """The value without the SDK's wrappers: secrets unveiled (they hold no real ones here), assets by their kind."""
    if isinstance(value, Mapping):
        return _plain(value["value"]) if rpc.is_rpc_secret(value) else {k: _plain(v) for k, v in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, pulumi.Asset | pulumi.Archive):
        return f"<{type(value).__name__}>"
    return value
