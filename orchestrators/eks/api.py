"""A Kubernetes API by kubeconfig, as far as a rollout's truth needs it. Needs httpx alone."""

import base64
import json
import os
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import httpx

Json = Any
TIMEOUT = 30.0
POLL = 3.0
PATIENCE = 120.0
"""Seconds for an API that is away: EKS replaces the machines of a control plane one after the other."""

_UNAUTHORIZED = 401
_PASSING = {0, 429, 500, 502, 503, 504}


class ApiError(Exception):
    """The API answered with an error, or not at all. `status` is the HTTP status, 0 without an answer."""

    def __init__(self, status: int, message: str) -> None:
        self.status = status
        super().__init__(message)


class Api:
    """The cluster of a kubeconfig's current context: by token, client certificate or the command under `exec`."""

    def __init__(
        self,
        kubeconfig: Mapping[str, Json],
        *,
        patience: float = PATIENCE,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._kubeconfig, self._patience, self._sleep = kubeconfig, patience, sleep
        self._http = _client(kubeconfig)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def get(self, path: str, **query: str) -> Json:
        """The object or list at `path`; it is asked for again while the API is away. Raises ApiError."""
        begun = time.monotonic()
        while True:
            try:
                return self.call("GET", path, **query).json()
            except ApiError as error:
                if error.status not in _PASSING or time.monotonic() - begun >= self._patience:
                    raise
            self._sleep(POLL)

    def text(self, path: str, **query: str) -> str:
        """The plain text at `path`, such as a container's log. Raises ApiError."""
        return self.call("GET", path, **query).text

    def call(
        self, method: str, path: str, body: Json = None, content_type: str = "application/json", **query: str
    ) -> httpx.Response:
        """The answer to one request, which is made once more with a new credential where its own has expired (a token
        of EKS is good for 15 minutes: `aws eks get-token`). Raises ApiError with the API's own message.
        """
        try:
            return self._request(method, path, body, content_type, query)
        except ApiError as error:
            if error.status != _UNAUTHORIZED:
                raise
        self._http.close()
        self._http = _client(self._kubeconfig)
        return self._request(method, path, body, content_type, query)

    def _request(
        self, method: str, path: str, body: Json, content_type: str, query: Mapping[str, str]
    ) -> httpx.Response:
        try:
            answer = self._http.request(
                method,
                path,
                params=query,
                content=None if body is None else json.dumps(body),
                headers={"Content-Type": content_type},
            )
        except httpx.HTTPError as error:
            raise ApiError(0, f"the Kubernetes API at {self._http.base_url} does not answer: {error}") from error
        if answer.is_error:
            raise ApiError(answer.status_code, _message(answer))
        return answer


def _client(kubeconfig: Mapping[str, Json]) -> httpx.Client:
    context = _named(kubeconfig, "contexts", "context", kubeconfig["current-context"])
    cluster = _named(kubeconfig, "clusters", "cluster", context["cluster"])
    user = dict(_named(kubeconfig, "users", "user", context["user"]))
    if command := user.get("exec"):
        user |= _credential(command)
    token = user.get("token")
    return httpx.Client(
        base_url=cluster["server"],
        verify=_tls(cluster, user),
        headers={"Authorization": f"Bearer {token}"} if token else {},
        timeout=TIMEOUT,
        trust_env=False,
    )


def _named(kubeconfig: Mapping[str, Json], kind: str, field: str, name: str) -> Mapping[str, Json]:
    return next(dict(entry[field]) for entry in kubeconfig[kind] if entry["name"] == name)


def _credential(command: Mapping[str, Json]) -> dict[str, str]:
    """What the credential command prints (Kubernetes: client.authentication.k8s.io, ExecCredential)."""
    environment = {entry["name"]: entry["value"] for entry in command.get("env") or ()}
    argv = [command["command"], *(command.get("args") or ())]
    try:
        done = subprocess.run(argv, env={**os.environ, **environment}, capture_output=True, text=True, check=False)
    except OSError as error:
        raise ApiError(0, f"the kubeconfig's command {argv[0]} cannot be run: {error}") from error
    if done.returncode:
        raise ApiError(0, f"the kubeconfig's command {' '.join(argv)} failed: {done.stderr.strip()}")
    status = json.loads(done.stdout)["status"]
    found = {"token": status["token"]} if status.get("token") else {}
    for name, field in (("clientCertificateData", "client-certificate-data"), ("clientKeyData", "client-key-data")):
        if pem := status.get(name):
            found[field] = base64.b64encode(pem.encode()).decode()
    return found


def _tls(cluster: Mapping[str, Json], user: Mapping[str, Json]) -> ssl.SSLContext:
    authority = _content(cluster, "certificate-authority")
    context = ssl.create_default_context(cadata=authority.decode() if authority else None)
    if cluster.get("insecure-skip-tls-verify"):
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    certificate, key = _content(user, "client-certificate"), _content(user, "client-key")
    if certificate and key:
        # OpenSSL reads a key from files only.
        with tempfile.NamedTemporaryFile() as file:
            file.write(certificate + b"\n" + key)
            file.flush()
            context.load_cert_chain(file.name)
    return context


def _content(entry: Mapping[str, Json], name: str) -> bytes | None:
    if data := entry.get(f"{name}-data"):
        return base64.b64decode(data)
    return Path(entry[name]).read_bytes() if entry.get(name) else None


def _message(answer: httpx.Response) -> str:
    try:
        return str(answer.json()["message"])
    except (ValueError, KeyError):
        return f"{answer.status_code} {answer.text[:200]}"
