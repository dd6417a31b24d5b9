"""The order service, a thread per connection: asks the inventory and then the pricing service.

Configured by PORT, INVENTORY_URL and PRICING_URL. Orders.java is the same service for the JVM.
"""

import http.client
import json
import os
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

INVENTORY_URL = os.environ.get("INVENTORY_URL", "http://127.0.0.1:8082")
PRICING_URL = os.environ.get("PRICING_URL", "http://127.0.0.1:8083")

# One open connection per thread and service.
connections = threading.local()


def fetch(base_url, path):
    """GETs a JSON document over this thread's connection to `base_url`, opening it at first use."""
    kept = connections.__dict__.setdefault("by_url", {})
    if base_url not in kept:
        kept[base_url] = http.client.HTTPConnection(
            urllib.parse.urlsplit(base_url).netloc, timeout=30
        )
    connection = kept[base_url]
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        body = answer.read()
    except (OSError, http.client.HTTPException):
        kept.pop(base_url).close()
        raise
    if answer.status != 200:
        raise http.client.HTTPException(f"{base_url}{path}: status {answer.status}")
    return json.loads(body)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes

    def do_GET(self):
        order = self.path.rpartition("/")[2]
        try:
            stock = fetch(INVENTORY_URL, f"/stock/{order}")
            price = fetch(PRICING_URL, f"/price/{order}")
        except (OSError, http.client.HTTPException) as error:
            self.answer(502, json.dumps({"error": str(error)}).encode())
            return
        body = {"order": order, "stock": stock["stock"], "cents": price["cents"]}
        self.answer(200, json.dumps(body).encode())

    def do_POST(self):
        """Checks the stock and gives the body back."""
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            fetch(INVENTORY_URL, "/stock/" + self.path.rpartition("/")[2])
        except (OSError, http.client.HTTPException) as error:
            self.answer(502, str(error).encode())
            return
        self.answer(200, body)

    def answer(self, status, body):
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 512


if __name__ == "__main__":
    Server(("127.0.0.1", int(os.environ.get("PORT", "8081"))), Handler).serve_forever()
