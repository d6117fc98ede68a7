"""`switchyard plan` against importing exactly the provider modules that it uses; each in processes of its own."""

import resource
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PROVIDERS = ("pulumi", "pulumi_aws", "pulumi_eks", "pulumi_kubernetes", "pulumi_docker_build", "pulumi_random")
ROUNDS = 5
LIMIT = 1.5

USED = """
import sys
from commands import main
main(sys.argv[1:])
print(*sorted(name for name in sys.modules if name.partition(".")[0] in {providers!r}), file=sys.stderr)
"""


def used_modules(arguments: list[str]) -> list[str]:
    """The provider modules that this plan ends with in `sys.modules`."""
    script = USED.format(providers=set(PROVIDERS))
    command = [sys.executable, "-c", script, *arguments]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    return done.stderr.splitlines()[-1].split()


def seconds(*command: str) -> float:
    """The processor time of one process, which other work on the machine changes least."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *command], cwd=ROOT, stdout=subprocess.DEVNULL, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def ratio(stack: str) -> float:
    """The median plan over the median import; both in turn, so that a busy machine is busy for both."""
    arguments = ["plan", "--stack", stack, "--json"]
    imports = "import " + ", ".join(used_modules(arguments))
    plans, baseline = [], []
    for _ in range(ROUNDS):
        baseline.append(seconds("-c", imports))
        plans.append(seconds("-m", "commands", *arguments))
    plan, importing = statistics.median(plans), statistics.median(baseline)
    print(f"plan --stack {stack}: {plan / importing:.2f} times its imports ({plan:.2f} s, {importing:.2f} s)")
    return plan / importing


if __name__ == "__main__":
    ratios = [ratio(stack) for stack in ("dev", "prod")]
    sys.exit(max(ratios) > LIMIT)
