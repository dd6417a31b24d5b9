"""Python's own HTTP server, a thread for each connection or a process for each request. usage: standard_library.py thread|fork

Configured by PORT, and as blocking.py says.
"""

import http.server
import os
import socketserver
import sys

import blocking


class Handler(http.server.BaseHTTPRequestHandler):
    disable_nagle_algorithm = True  # head and body are two writes

    def do_GET(self):
        body = blocking.handle(self.path)
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Threads(http.server.ThreadingHTTPServer):
    request_queue_size = 512


class Processes(socketserver.ForkingMixIn, http.server.HTTPServer):
    request_queue_size = 512
    max_children = 200


if __name__ == "__main__":
    forks = sys.argv[1] == "fork"
    # A forked process serves one request; threads keep a connection as long as its client does.
    Handler.protocol_version = "HTTP/1.0" if forks else "HTTP/1.1"
    server = (Processes if forks else Threads)(("127.0.0.1", int(os.environ["PORT"])), Handler)
    blocking.start_background()
    server.serve_forever()
