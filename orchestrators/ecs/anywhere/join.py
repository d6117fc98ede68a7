"""The script by which a machine of the site joins the cluster."""

from collections.abc import Sequence
from shlex import quote

from orchestrators.ecs.anywhere.attributes import attribute


def join_script(
    *, region: str, cluster: str, activation_id: str, activation_code: str, expires: str, volumes: Sequence[str]
) -> str:
    """Bash for root; it may run again, as to give the machine a volume. Whoever has it may join until it expires.

    The agent sets the rules for the tasks' credentials (169.254.170.2) itself whenever it starts.
    """
    known = " | ".join(map(quote, volumes))
    return _SCRIPT.format(
        cluster=quote(cluster),
        region=quote(region),
        id=quote(activation_id),
        code=quote(activation_code),
        expires=expires,
        usage=f"[VOLUME ...]   of {', '.join(volumes)}: what this machine alone keeps" if volumes else "",
        take=f'{known}) attributes+=("{attribute("$volume")}") ;;\n      ' if volumes else "",
    )


_SCRIPT = """\
#!/usr/bin/env bash
# Joins this machine to the Amazon ECS cluster of ECS Anywhere. Keep it secret: it holds the activation's code.
# The code lets machines register until {expires}.
# Usage: sudo bash join.sh {usage}
set -euo pipefail

main() {{
  cluster={cluster}
  region={region}

  [ "$(id -u)" = 0 ] || {{ echo "Run this as root." >&2; exit 1; }}
  [ -d /run/systemd/system ] || {{ echo "The agents of ECS Anywhere need systemd." >&2; exit 1; }}

  attributes=()
  for volume in "$@"; do
    case "$volume" in
      {take}*) echo "No service keeps a volume named $volume." >&2; exit 1 ;;
    esac
  done

  # Before the agent starts: it tells the cluster its attributes when it registers.
  config=/etc/ecs/ecs.config
  mkdir -p /etc/ecs
  touch "$config"
  sed -i '/^ECS_INSTANCE_ATTRIBUTES=/d; /^ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=/d' "$config"
  echo "ECS_ENABLE_AWSLOGS_EXECUTIONROLE_OVERRIDE=true" >> "$config"
  if [ "${{#attributes[@]}}" -gt 0 ]; then
    json=""
    for name in "${{attributes[@]}}"; do json+="${{json:+,}}\\"$name\\":\\"kept\\""; done
    echo "ECS_INSTANCE_ATTRIBUTES={{$json}}" >> "$config"
  fi

  if [ -x /usr/libexec/amazon-ecs-init ]; then
    systemctl restart ecs
  else
    installer=$(mktemp)
    trap 'rm -f "$installer"' EXIT
    curl --proto '=https' --tlsv1.2 -fsSL -o "$installer" \\
      https://amazon-ecs-agent.s3.amazonaws.com/ecs-anywhere-install-latest.sh
    bash "$installer" --region "$region" --cluster "$cluster" \\
      --activation-id {id} --activation-code {code}
  fi

  read -r address _ < <(hostname -I)
  echo "Joined $cluster. On the proxy's host, name this machine in /etc/hosts and reload HAProxy, as in:"
  echo "  $address machine-1"
}}

# Read whole before it starts: an installer may read what is left on the standard input.
main "$@"
"""
