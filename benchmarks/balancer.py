"""Requests per second through the local run's balancer against the same server reached directly, as a ratio.

Server, balancer and client are processes of their own, as in a run. Every request uses a kept connection.
"""

import asyncio
import multiprocessing
import socket
import time
from multiprocessing.connection import Connection

from simulate.local.balancer import Balancer
from simulate.local.ports import reserve

SECONDS = 2.0
ROUNDS = 2
CONNECTIONS = 16
REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2000\r\n\r\n" + b"x" * 2000


class Server(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(ANSWER * data.count(b"\r\n\r\n"))


def serve(ready: Connection) -> None:
    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(Server, "127.0.0.1", 0)
        ready.send(server.sockets[0].getsockname())
        await server.serve_forever()

    asyncio.run(run())


def balance(ready: Connection, behind: tuple[str, int]) -> None:
    async def run() -> None:
        balancer, front = Balancer(), reserve()
        balancer.add(behind)
        await balancer.listen(front)
        ready.send((*front.getsockname(), time.process_time()))
        while not ready.poll():  # noqa: ASYNC110 - another process sets it
            await asyncio.sleep(0.05)
        ready.send(time.process_time())

    asyncio.run(run())


def requests_per_second(address: tuple[str, int]) -> float:
    sockets = [socket.create_connection(address) for _ in range(CONNECTIONS)]
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < SECONDS:
        for sock in sockets:
            sock.sendall(REQUEST)
        for sock in sockets:
            missing = len(ANSWER)
            while missing:
                missing -= len(sock.recv(missing))
            done += 1
    elapsed = time.perf_counter() - began
    for sock in sockets:
        sock.close()
    return done / elapsed


def main() -> None:
    here, there = multiprocessing.Pipe()
    server = multiprocessing.Process(target=serve, args=(there,), daemon=True)
    server.start()
    direct = here.recv()
    ours, theirs = multiprocessing.Pipe()
    balancer = multiprocessing.Process(target=balance, args=(theirs, direct), daemon=True)
    balancer.start()
    host, port, cpu_before = ours.recv()
    rates = [(requests_per_second(direct), requests_per_second((host, port))) for _ in range(ROUNDS)]
    ours.send("report")
    cpu = ours.recv() - cpu_before
    alone, through = (max(column) for column in zip(*rates, strict=True))
    passed = sum(rate for _, rate in rates) * SECONDS
    print(f"balancer: direct {alone:,.0f}/s, through it {through:,.0f}/s, ratio {through / alone:.2f}")
    print(f"balancer: {cpu / passed * 1e6:.0f} microseconds of processor time per request")
    for process in (server, balancer):
        process.terminate()
        process.join()


if __name__ == "__main__":
    main()
