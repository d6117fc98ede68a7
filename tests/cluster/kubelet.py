"""A kubelet as far as `kubectl logs` needs one: it answers over TLS with what a container is said to have written."""

import datetime as dt
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

NODE = "switchyard-logs"


@contextmanager
def kubelet(kube, folder, lines):
    """A node of the name `NODE` whose containers have written `lines`, by (container, previous)."""

    class Logs(BaseHTTPRequestHandler):
        def do_GET(self):
            path, _, query = self.path.partition("?")
            body = "\n".join(lines[path.rpartition("/")[2], "previous=true" in query]).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Logs)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate(folder))
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    kube.nodes(NODE)
    addresses = [{"type": "InternalIP", "address": "127.0.0.1"}]
    status = {"addresses": addresses, "daemonEndpoints": {"kubeletEndpoint": {"Port": server.server_port}}}
    kube.patch(f"/api/v1/nodes/{NODE}/status", {"status": status})
    try:
        yield
    finally:
        kube.api.call("DELETE", f"/api/v1/nodes/{NODE}")
        server.shutdown()
        server.server_close()


def certificate(folder):
    """A self-signed one; the API server of a test cluster does not look closer."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "kubelet.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
