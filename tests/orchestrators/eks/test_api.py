"""The way into a cluster by its kubeconfig, against a server of this test."""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from orchestrators.eks.api import Api, ApiError

FORBIDDEN = (403, "pods is forbidden")
AWAY = (429, "storage is (re)initializing")
EXPIRED = (401, "Unauthorized")


@pytest.fixture
def refused():
    """What the next requests are answered with."""
    return []


@pytest.fixture
def server(refused):
    """Answers with the token that it was shown, if it does not refuse."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            status, message = refused.pop(0) if refused else (200, None)
            shown = {"token": self.headers.get("Authorization"), "path": self.path}
            body = json.dumps({"message": message} if message else shown).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self):
            self.do_GET()

        def log_message(self, *_):
            pass

    listening = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listening.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{listening.server_port}"
    listening.shutdown()
    listening.server_close()


def kubeconfig(server, **user):
    return {
        "current-context": "here",
        "contexts": [{"name": "here", "context": {"cluster": "one", "user": "me"}}],
        "clusters": [{"name": "one", "cluster": {"server": server}}],
        "users": [{"name": "me", "user": user}],
    }


def command(program):
    return {"command": sys.executable, "args": ["-c", program], "env": [{"name": "TOKEN", "value": "made"}]}


def test_a_token_opens_the_cluster(server):
    with Api(kubeconfig(server, token="kept")) as api:
        assert api.get("/api", labelSelector="a=b") == {"token": "Bearer kept", "path": "/api?labelSelector=a%3Db"}


def test_a_command_makes_the_token_as_on_eks(server):
    program = "import json, os; print(json.dumps({'status': {'token': os.environ['TOKEN']}}))"
    with Api(kubeconfig(server, exec=command(program))) as api:
        assert api.get("/api")["token"] == "Bearer made"


def test_a_command_that_fails_says_which_and_why(server):
    with pytest.raises(ApiError, match=r"the kubeconfig's command .* failed: no credentials"):
        Api(kubeconfig(server, exec=command("import sys; sys.exit('no credentials')")))


def test_a_command_that_is_missing_is_named(server):
    with pytest.raises(ApiError, match="the kubeconfig's command no-such-aws cannot be run"):
        Api(kubeconfig(server, exec={"command": "no-such-aws"}))


def test_the_clusters_own_message_is_told(server, refused):
    refused.append(FORBIDDEN)
    with Api(kubeconfig(server)) as api, pytest.raises(ApiError, match="pods is forbidden") as error:
        api.get("/api")
    assert error.value.status == 403


def test_a_cluster_that_is_away_for_a_moment_is_asked_again(server, refused):
    refused += [AWAY, AWAY]
    waits = []
    with Api(kubeconfig(server), sleep=waits.append) as api:
        assert api.get("/api")["path"] == "/api"
    assert len(waits) == 2


def test_what_may_have_been_done_is_not_asked_for_again(server, refused):
    refused.append(AWAY)
    with Api(kubeconfig(server)) as api, pytest.raises(ApiError, match="initializing"):
        api.call("POST", "/api")


def test_a_log_that_cannot_be_had_is_not_waited_for(server, refused):
    refused.append(AWAY)
    with Api(kubeconfig(server)) as api, pytest.raises(ApiError, match="initializing"):
        api.text("/log")


def test_a_token_that_has_expired_is_made_anew(server, refused, tmp_path):
    program = (
        "import json, pathlib; path = pathlib.Path(r'{}'); number = len(path.read_text()) if path.exists() else 0; "
        "path.write_text('.' * (number + 1)); print(json.dumps({{'status': {{'token': f'number {{number}}'}}}}))"
    ).format(tmp_path / "made")
    with Api(kubeconfig(server, exec=command(program))) as api:
        assert api.get("/api")["token"] == "Bearer number 0"
        refused.append(EXPIRED)
        assert api.get("/api")["token"] == "Bearer number 1"


def test_who_is_not_let_in_with_a_new_token_either_is_told(server, refused):
    refused += [EXPIRED, EXPIRED]
    with Api(kubeconfig(server, token="wrong")) as api, pytest.raises(ApiError, match="Unauthorized"):
        api.get("/api")


def test_a_cluster_that_does_not_answer_is_named():
    with (
        Api(kubeconfig("http://127.0.0.1:1"), patience=0) as api,
        pytest.raises(ApiError, match=r"http://127\.0\.0\.1:1/? does not"),
    ):
        api.get("/api")
