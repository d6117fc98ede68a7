"""The Locust process: follows the stages and writes what happened to standard output as JSON lines.

Each line is `{"requests": [[start, name, seconds, status, error], ...], "users": n}`, twice a second; or
`{"promise": name, "kept": bool, "detail": text}`, when a locustfile calls `keep_promise`. Status 0 means that no
response came. It runs in a process of its own because Locust patches the standard library.
"""

from gevent import monkey

monkey.patch_all()

import argparse  # noqa: E402 - everything that does I/O comes after the patch
import sys  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
from locust import LoadTestShape, User, constant_pacing, events  # noqa: E402
from locust.contrib.fasthttp import FastHttpUser  # noqa: E402
from locust.env import Environment  # noqa: E402
from locust.log import setup_logging  # noqa: E402
from locust.user.task import task  # noqa: E402
from locust.util.load_locustfile import load_locustfile  # noqa: E402

from simulate.load.promises import emit  # noqa: E402
from simulate.load.stages import users_at  # noqa: E402

FLUSH_SECONDS = 0.5


class Visitor(FastHttpUser):
    """The load of a workload without a locustfile: the front page, once a second a user."""

    wait_time = constant_pacing(1)

    @task
    def front_page(self) -> None:
        self.client.get("/")


def shape(seconds: float, peak: int) -> LoadTestShape:
    class Shape(LoadTestShape):
        def tick(self) -> tuple[int, float] | None:
            users = users_at(self.get_run_time(), seconds, peak)
            return None if users is None else (users, max(10.0, peak))

    return Shape()


def main() -> int:
    parser = argparse.ArgumentParser(prog="simulate.load.generator")
    parser.add_argument("--host", required=True)
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--users", type=int, required=True)
    parser.add_argument("--locustfile", type=Path)
    arguments = parser.parse_args()
    setup_logging("WARNING")

    users: list[type[User]] = [Visitor]
    if arguments.locustfile:
        found, _ = load_locustfile(str(arguments.locustfile.resolve()))
        users = list(found.values())
        if not users:
            sys.stderr.write(f"{arguments.locustfile}: no Locust user class stands here\n")
            return 2

    done: list[tuple[float, str, float, int, str]] = []

    def on_request(
        name: str,
        response_time: float,
        response: Any,  # noqa: ANN401 - whatever the client of the user class gives
        exception: object,
        start_time: float,
        **_: object,
    ) -> None:
        status = int(getattr(response, "status_code", 0) or 0)
        done.append((start_time, name, response_time / 1000, status, str(exception) if exception else ""))

    environment = Environment(
        user_classes=users,
        host=arguments.host,
        events=events,
        shape_class=shape(arguments.seconds, arguments.users),
        stop_timeout=10,
    )
    runner = environment.create_local_runner()

    def flush() -> None:
        emit(requests=done[:], users=runner.user_count)
        done.clear()

    def flush_forever() -> None:
        while True:
            gevent.sleep(FLUSH_SECONDS)
            flush()

    events.request.add_listener(on_request)
    events.init.fire(environment=environment, runner=runner, web_ui=None)
    runner.start_shape()
    flusher = gevent.spawn(flush_forever)
    if runner.shape_greenlet is not None:
        runner.shape_greenlet.join()
    runner.quit()
    flusher.kill()
    flush()
    events.quitting.fire(environment=environment)
    flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
