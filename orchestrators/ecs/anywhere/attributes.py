"""The attributes by which machines of a site are told apart."""


def attribute(volume: str) -> str:
    """What a machine has that keeps the volume, in its agent's `ECS_INSTANCE_ATTRIBUTES`."""
    return f"switchyard.volume.{volume}"
