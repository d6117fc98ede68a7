"""The values of Compose `secrets` on this machine: made when missing, so that a fresh clone runs."""

import os
import secrets
from pathlib import Path

from simulate.local.engine import RunError
from workload import Workload


def generate(workload: Workload) -> list[Path]:
    """Write a random value for every secret whose file is missing; returns the files made.

    Compose mounts the file as it is, so a container's user, whoever that is, has to be able to read it: the file is
    readable by all and its new folder closed to others on this machine.
    """
    made = []
    for secret in workload.secrets.values():
        if secret.file is None or secret.file.exists():
            continue
        try:
            secret.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with secret.file.open("x", encoding="utf-8") as file:
                os.fchmod(file.fileno(), 0o644)
                file.write(secrets.token_urlsafe(24))
        except OSError as error:
            raise RunError(
                f"{secret.at}: the file of secret {secret.name} cannot be made: {error}. "
                f"Write the secret to {secret.file} yourself or make its folder writable."
            ) from error
        made.append(secret.file)
    return made


def materialise(workload: Workload, folder: Path) -> dict[str, Path]:
    """The file of every secret of the workload; one that comes from the environment is written into `folder`.

    Raises RunError for a secret that this machine cannot know.
    """
    files = {}
    for secret in workload.secrets.values():
        if secret.file:
            files[secret.name] = secret.file
        elif secret.environment and secret.environment in os.environ:
            files[secret.name] = folder / secret.name
            files[secret.name].touch(mode=0o600)
            files[secret.name].write_text(os.environ[secret.environment], encoding="utf-8")
        elif secret.environment:
            raise RunError(
                f"{secret.at}: secret {secret.name} comes from the variable {secret.environment}, which is not set. "
                f"Set it: export {secret.environment}=..."
            )
        else:
            raise RunError(
                f"{secret.at}: secret {secret.name} is external, so its value is not on this machine. "
                f"Give it a `file:` for the local run."
            )
    return files
