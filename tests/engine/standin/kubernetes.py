"""The real Kubernetes plugin, but for charts, which it would have to download: those go to the stand-in.

`python -m tests.engine.standin.kubernetes REAL PORT ENGINE`, started by the Pulumi engine: the plugin's executable, the
stand-in's port and the engine's address.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import grpc

CHART = b"kubernetes:helm.sh/v3:Release::"
"""In the URN of a chart's release, which every call about one carries."""
_SIZE = [("grpc.max_receive_message_length", 400 * 1024 * 1024)]


class Divided(grpc.GenericRpcHandler):
    """Passes each call on as it is, and its answer back."""

    def __init__(self, real: str, standin: str) -> None:
        self._real, self._standin = (grpc.insecure_channel(f"127.0.0.1:{port}", _SIZE) for port in (real, standin))

    def service(self, handler_call_details):
        method = handler_call_details.method
        return grpc.unary_unary_rpc_method_handler(lambda request, context: self._pass_on(method, request, context))

    def _pass_on(self, method: str, request: bytes, context: grpc.ServicerContext) -> bytes:
        channel = self._standin if CHART in request else self._real
        try:
            return channel.unary_unary(method)(request)
        except grpc.RpcError as error:
            context.set_trailing_metadata(error.trailing_metadata())
            return context.abort(error.code(), error.details())


if __name__ == "__main__":
    executable, standin, *engine = sys.argv[1:]
    with subprocess.Popen([executable, *engine], stdout=subprocess.PIPE, text=True) as plugin:
        server = grpc.server(
            ThreadPoolExecutor(max_workers=64), [Divided(plugin.stdout.readline().strip(), standin)], options=_SIZE
        )
        print(server.add_insecure_port("127.0.0.1:0"), flush=True)
        server.start()
        plugin.wait()
