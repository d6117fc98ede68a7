"""The time that `workload.read` takes for 10, 100 and 1,000 services: python -m benchmarks.read_compose."""

import time
from pathlib import Path
from tempfile import TemporaryDirectory

from workload import read

SERVICE = """\
  service-{n}:
    <<: *common
    image: example/service-{n}:${{TAG:-latest}}
    command: [serve, --port, "${{SERVICE_{n}_PORT:-8000}}"]
    environment:
      <<: *environment
      NAME: service-{n}
      NEXT_URL: http://${{SERVICE_{next}_HOST:-service-{next}}}:${{SERVICE_{next}_PORT:-8000}}/
    expose: ["8000"]
    ports: ["{port}:8000"]
    volumes: ["data-{n}:/data"]
    healthcheck:
      test: [CMD, probe, "http://127.0.0.1:8000/health"]
      interval: 5s
      timeout: 3s
    deploy:
      replicas: 2
      resources:
        limits: {{cpus: "0.5", memory: 512M}}
    x-scaling: {{min: 2, max: 10, cpu: 60}}
"""


def description(services: int) -> str:
    head = (
        "x-common: &common {restart: always, read_only: true, cap_drop: [ALL]}\nx-environment: "
        '&environment {LEVEL: info, ZONE: "a"}\n'
    )
    entries = (SERVICE.format(n=n, next=(n + 1) % services, port=10000 + n) for n in range(services))
    volumes = "".join(f"  data-{n}: {{}}\n" for n in range(services))
    return f"{head}services:\n{''.join(entries)}volumes:\n{volumes}"


def seconds(services: int) -> float:
    """The best of three reads, in seconds."""
    with TemporaryDirectory() as directory:
        path = Path(directory, "compose.yaml")
        path.write_text(description(services))
        times = []
        for _ in range(3):
            start = time.perf_counter()
            workload = read(path, environment={})
            times.append(time.perf_counter() - start)
            if len(workload.services) != services:
                message = f"{len(workload.services)} services were read instead of {services}"
                raise RuntimeError(message)
        return min(times)


def main() -> None:
    """Print the times and the ratio of 1,000 services to 100 (10 is linear)."""
    times = {services: seconds(services) for services in (10, 100, 1000)}
    for services, time_taken in times.items():
        print(f"read {services:>5} services  {time_taken * 1000:8.1f} ms")
    print(f"ratio 1000/100       {times[1000] / times[100]:8.1f}")


if __name__ == "__main__":
    main()
