"""The program under a plan's mocks for 5 to 200 services: `python -m benchmarks.growth`. It grows with their number."""

import json
import tempfile
from pathlib import Path
from time import process_time

import stackfiles
from planning.recording import record

ROOT = Path(__file__).resolve().parent.parent
COUNTS = (5, 50, 100, 200)


def compose(count: int) -> str:
    """`count` services in a chain, each calling the next by its endpoint variables; JSON is YAML."""
    services: dict[str, dict[str, object]] = {}
    for number in range(count):
        following, name = f"service-{number + 1}", f"SERVICE_{number + 1}"
        address = f"http://${{{name}_HOST:-{following}}}:${{{name}_PORT:-8000}}"
        services[f"service-{number}"] = {
            "image": "portal",
            "user": "10001:10001",
            "read_only": True,
            "expose": ["8000"],
            "environment": {"NEXT_URL": address} if number + 1 < count else {},
            "deploy": {"resources": {"limits": {"cpus": "0.25", "memory": "512M"}}},
            "x-scaling": {"min": 2, "max": 6, "cpu": 60},
        }
    services["service-0"]["x-ingress"] = {"port": 8000}
    return json.dumps({"name": "portal", "services": services})


def main() -> None:
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        for count in (COUNTS[0], *COUNTS):  # the first imports the providers
            file = Path(folder, f"{count}.yaml")
            file.write_text(compose(count))
            changes = [f"workload={json.dumps([str(file.relative_to(ROOT))])}", "managed=[]"]
            project, config = stackfiles.read(ROOT, "dev", changes)
            began = process_time()
            found = record(ROOT / "__main__.py", project=project, stack="dev", config=config)
            seconds = process_time() - began
            size = f"{count:3} services, {len(found.resources):4} resources"
            print(f"{size}: {seconds:5.1f} s, {seconds / count:.2f} s each")


if __name__ == "__main__":
    main()
