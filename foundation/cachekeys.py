"""The keys of a Redis or Valkey in a file and back, as commands of a POSIX shell: a line per key, with what is left of
its life in milliseconds (-1 without an end), and key and value in base64, the value as DUMP gives it and RESTORE takes
it. A key with a line break in its name is not found.

ElastiCache gives its data to nobody as a file, nor as a replica (AWS: restricted commands, Amazon ElastiCache user
guide). `client` is the command of its client with the address.
"""


def save(client: str) -> str:
    """Prints them."""
    return (
        f'{client} --scan | while IFS= read -r key; do echo "$({client} pttl "$key" < /dev/null) '
        f'$(printf %s "$key" | base64 -w0) $({client} -D "" --raw dump "$key" < /dev/null | base64 -w0)"; done'
    )


def load(client: str) -> str:
    """Reads them from its standard input into a store that has none of them."""
    return (
        'while read -r ttl key value; do printf %s "$value" | base64 -d | '
        f'{client} -x restore "$(printf %s "$key" | base64 -d)" "$((ttl > 0 ? ttl : 0))"; done'
    )
