"""Balancer: real sockets on loopback."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from simulate.local.balancer import Balancer
from simulate.local.ports import reserve

Address = tuple[str, int]


class Replica:
    """A server that says its name on each line and holds its connections."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.accepted = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.accepted += 1
        while line := await reader.readline():
            writer.write(f"{self.name} ".encode() + line)
        writer.write(b"bye\n")
        writer.close()


@asynccontextmanager
async def balanced(*names: str) -> AsyncIterator[tuple[Balancer, Address, dict[str, Address]]]:
    balancer, addresses, servers = Balancer(), {}, []
    for name in names:
        server = await asyncio.start_server(Replica(name).serve, "127.0.0.1", 0)
        servers.append(server)
        addresses[name] = server.sockets[0].getsockname()
        balancer.add(addresses[name])
    front = reserve()
    address = front.getsockname()
    await balancer.listen(front)
    try:
        yield balancer, address, addresses
    finally:
        await balancer.close()
        for server in servers:
            server.close()


async def ask(address: Address) -> tuple[str, asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(b"hello\n")
    line = await asyncio.wait_for(reader.readline(), 5)
    return line.decode(), reader, writer


def test_connections_spread_evenly_over_the_replicas() -> None:
    async def run() -> None:
        async with balanced("a", "b", "c") as (_, front, _):
            held = [await ask(front) for _ in range(9)]
            answers = [answer[0] for answer, _, _ in held]
            assert sorted(answers) == sorted("abc" * 3)
            for _, _, writer in held:
                writer.close()

    asyncio.run(run())


def test_a_replica_that_refuses_is_passed_over() -> None:
    async def run() -> None:
        async with balanced("a") as (balancer, front, _):
            with reserve() as closed:
                balancer.add(closed.getsockname())
                answers = {(await ask(front))[0] for _ in range(4)}
            assert answers == {"a hello\n"}

    asyncio.run(run())


def test_dropping_a_replica_resets_its_connections_and_no_others() -> None:
    async def run() -> None:
        async with balanced("a", "b") as (balancer, front, addresses):
            held = {}
            for _ in range(2):
                answer, reader, writer = await ask(front)
                held[answer[0]] = reader, writer
            balancer.drop(addresses["a"])
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(held["a"][0].readline(), 5)
            held["b"][1].write(b"still\n")
            assert await asyncio.wait_for(held["b"][0].readline(), 5) == b"b still\n"

    asyncio.run(run())


def test_draining_keeps_connections_and_takes_no_new_ones() -> None:
    async def run() -> None:
        async with balanced("a", "b") as (balancer, front, addresses):
            balancer.drain(addresses["b"])
            first, reader, writer = await ask(front)
            balancer.drain(addresses["a"])
            balancer.add(addresses["b"])
            writer.write(b"more\n")
            assert (first, await asyncio.wait_for(reader.readline(), 5)) == ("a hello\n", b"a more\n")
            assert (await ask(front))[0] == "b hello\n"

    asyncio.run(run())


def test_without_a_replica_a_connection_is_reset_at_once() -> None:
    async def run() -> None:
        async with balanced() as (balancer, front, _):
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(ask(front), 1)
            assert balancer.refused == 1

    asyncio.run(run())


def test_the_end_of_one_direction_is_passed_on_and_the_other_goes_on() -> None:
    async def run() -> None:
        async with balanced("a") as (_, front, _):
            _, reader, writer = await ask(front)
            writer.write_eof()
            assert await asyncio.wait_for(reader.read(), 5) == b"bye\n"

    asyncio.run(run())


def test_megabytes_arrive_whole_at_a_slow_reader() -> None:
    sent = bytes(range(256)) * 40_000

    async def big(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(sent)
        await writer.drain()
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(big, "127.0.0.1", 0)
        balancer, front = Balancer(), reserve()
        balancer.add(server.sockets[0].getsockname())
        await balancer.listen(front)
        reader, writer = await asyncio.open_connection(*front.getsockname(), limit=4096)
        got = bytearray()
        while chunk := await reader.read(65536):
            got += chunk
            await asyncio.sleep(0)
        assert bytes(got) == sent
        writer.close()
        await balancer.close()
        server.close()

    asyncio.run(run())


def test_closing_gives_the_port_back() -> None:
    async def run() -> Address:
        async with balanced("a") as (_, front, _):
            await ask(front)
            return front

    address = asyncio.run(run())
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(address)
        again.listen()
