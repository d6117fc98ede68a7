"""How a plan grows with the number of services, in a chain where each calls the next: as a ratio within one run."""

import json
import tempfile
from pathlib import Path
from time import process_time

import stackfiles
from planning.recording import record

ROOT = Path(__file__).resolve().parent.parent
FEW, MANY = 25, 100


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


def seconds(count: int) -> float:
    """The processor time of the program under a plan's mocks."""
    with tempfile.TemporaryDirectory(dir=ROOT) as folder:
        file = Path(folder, "compose.yaml")
        file.write_text(compose(count))
        changes = [f"workload={json.dumps([str(file.relative_to(ROOT))])}", "managed=[]"]
        project, config = stackfiles.read(ROOT, "dev", changes)
        began = process_time()
        record(ROOT / "__main__.py", project=project, stack="dev", config=config)
        return process_time() - began


def main() -> None:
    seconds(1)  # the first imports the providers
    few, many = seconds(FEW), seconds(MANY)
    print(f"plan: {MANY} services in a chain take {many / few:.1f} times as long as {FEW} ({MANY / FEW:g} is linear)")


if __name__ == "__main__":
    main()
