"""What a machine of the site runs to become a node: pure text."""

from collections.abc import Sequence
from shlex import quote
from typing import Any

import yaml

from orchestrators.eks.render.volume import site_folder, site_label


def node_config(*, cluster: str, region: str, activation_id: str, activation_code: str) -> dict[str, Any]:
    """The NodeConfig of nodeadm (Amazon EKS user guide, hybrid nodes nodeadm reference). Pod Identity's agent takes the
    machine's credentials from the file that it asks for, as there is no instance metadata.
    """
    return {
        "apiVersion": "node.eks.aws/v1alpha1",
        "kind": "NodeConfig",
        "spec": {
            "cluster": {"name": cluster, "region": region},
            "hybrid": {
                "enableCredentialsFile": True,
                "ssm": {"activationCode": activation_code, "activationId": activation_id},
            },
        },
    }


def join_script(
    *,
    cluster: str,
    region: str,
    version: str,
    activation_id: str,
    activation_code: str,
    expires: str,
    volumes: Sequence[str],
) -> str:
    """Bash for root, which may run again. Whoever has it may join until it expires.

    `volumes` are those that one machine of the site keeps; their names as arguments say that it is this one.
    """
    config = node_config(cluster=cluster, region=region, activation_id=activation_id, activation_code=activation_code)
    known = "".join(
        f"      {quote(volume)}) labels+=({quote(f'{site_label(volume)}=kept')});"
        f" folders+=({quote(site_folder(volume))}) ;;\n"
        for volume in volumes
    )
    return _SCRIPT.format(
        expires=expires,
        usage=f"[VOLUME ...]   of {', '.join(volumes)}: what this machine alone keeps" if volumes else "",
        known=known,
        region=quote(region),
        version=quote(version),
        config=yaml.safe_dump(config).rstrip(),
        cluster=cluster,
    )


_SCRIPT = """\
#!/usr/bin/env bash
# Joins this machine to the Amazon EKS cluster {cluster} as a hybrid node.
# Keep it secret: it holds the activation's code, which lets machines register until {expires}.
# Usage: sudo bash join.sh {usage}
set -euo pipefail

main() {{
  [ "$(id -u)" = 0 ] || {{ echo "Run this as root." >&2; exit 1; }}
  case "$(uname -m)" in
    x86_64) architecture=amd64 ;;
    aarch64) architecture=arm64 ;;
    *) echo "EKS Hybrid Nodes run on x86_64 and aarch64, this is $(uname -m)." >&2; exit 1 ;;
  esac

  labels=()
  folders=()
  for volume in "$@"; do
    case "$volume" in
{known}      *) echo "No service keeps a volume named $volume." >&2; exit 1 ;;
    esac
  done
  for folder in ${{folders[@]+"${{folders[@]}}"}}; do
    mkdir -p "$folder"
  done

  # Red Hat has no containerd of its own.
  containerd=distro
  if grep -qE '^ID="?rhel"?$' /etc/os-release; then containerd=docker; fi

  if ! command -v nodeadm > /dev/null; then
    downloaded=$(mktemp)
    curl --proto '=https' --tlsv1.2 -fsSL -o "$downloaded" \\
      "https://hybrid-assets.eks.amazonaws.com/releases/latest/bin/linux/$architecture/nodeadm"
    install -m 0755 "$downloaded" /usr/local/bin/nodeadm
    rm -f "$downloaded"
  fi
  nodeadm install {version} --credential-provider ssm --containerd-source "$containerd" --region {region}

  umask 077
  mkdir -p /etc/eks-hybrid
  {{
    cat <<'CONFIG'
{config}
CONFIG
    if [ "${{#labels[@]}}" -gt 0 ]; then
      joined=$(IFS=,; echo "${{labels[*]}}")
      printf '  kubelet:\\n    flags:\\n      - --node-labels=%s\\n' "$joined"
    fi
  }} > /etc/eks-hybrid/node.yaml
  nodeadm init --config-source file:///etc/eks-hybrid/node.yaml
  echo "Joined {cluster}. The node is ready once its network runs, a minute or two from now."
}}

# Read whole before it starts: an installer may read what is left on the standard input.
main "$@"
"""
