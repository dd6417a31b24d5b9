"""A threaded server whose handlers call on in every way that a parent can be found, or must not be. usage: links.py PORT LEAF_URL"""

import concurrent.futures
import http.server
import os
import sys
import threading
import time
import urllib.request

PORT, LEAF = int(sys.argv[1]), sys.argv[2]


def call(token):
    with urllib.request.urlopen(f"{LEAF}/leaf/{token}") as response:
        response.read()


def in_the_background():
    """Calls beside all requests, from a thread that serves none."""
    number = 0
    while True:
        call(f"background-{number}")
        number += 1
        time.sleep(0.02)


early_pool = concurrent.futures.ThreadPoolExecutor(1)
early_pool.submit(time.sleep, 0).result()  # its thread is there before any request
late_pool = []  # made while a request is served


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        _, how, token = self.path.split("/")
        after = getattr(self, how)(token)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        if after:
            after()

    def inline(self, token):
        call(token)

    def thread(self, token):
        worker = threading.Thread(target=call, args=(token,))
        worker.start()
        worker.join()

    def fork(self, token):
        child = os.fork()
        if child == 0:
            try:
                call(token)
            finally:
                os._exit(0)
        os.waitpid(child, 0)

    def pool(self, token):
        early_pool.submit(call, token).result()

    def after(self, token):
        return lambda: call(token)

    def makes_pool(self, token):
        """The pool's thread is started for this request, which stays unanswered while another one uses the thread."""
        late_pool.append(concurrent.futures.ThreadPoolExecutor(1))
        late_pool[0].submit(call, token).result()
        time.sleep(1.5)

    def uses_pool(self, token):
        late_pool[0].submit(call, token).result()

    def log_message(self, *_):
        pass


threading.Thread(target=in_the_background, daemon=True).start()
http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
