"""Python's clients: requests, httpx, aiohttp, and a plain blocking socket without TCP_NODELAY. See README.md."""

import asyncio
import json
import socket
import sys
import time
import urllib.parse

kind, url, count, body_file, body_hash, keep = sys.argv[1:]
count, keep = int(count), keep == "1"
with open(body_file, "rb") as file:
    body = file.read()
method = "POST" if body else "GET"
headers = {"X-Hash": body_hash}
if not keep:
    headers["Connection"] = "close"
latencies, failed, changed = [], 0, 0


def account(begin, status, answer):
    global failed, changed
    latencies.append((time.perf_counter() - begin) * 1e6)
    failed += status != 200
    changed += status == 200 and answer != body


def failure(begin, error):
    global failed
    latencies.append((time.perf_counter() - begin) * 1e6)
    failed += 1
    print(repr(error), file=sys.stderr)


def with_requests():
    import requests

    session = requests.Session()
    for _ in range(count):
        begin = time.perf_counter()
        try:
            answer = session.request(method, url, data=body or None, headers=headers)
            account(begin, answer.status_code, answer.content)
        except requests.RequestException as error:
            failure(begin, error)


def with_httpx():
    import httpx

    with httpx.Client(timeout=60) as client:
        for _ in range(count):
            begin = time.perf_counter()
            try:
                answer = client.request(method, url, content=body or None, headers=headers)
                account(begin, answer.status_code, answer.content)
            except httpx.HTTPError as error:
                failure(begin, error)


async def with_aiohttp():
    import aiohttp

    async with aiohttp.ClientSession() as session:
        for _ in range(count):
            begin = time.perf_counter()
            try:
                async with session.request(method, url, data=body or None, headers=headers) as answer:
                    account(begin, answer.status, await answer.read())
            except aiohttp.ClientError as error:
                failure(begin, error)


def read_answer(stream):
    status = stream.readline().split()
    length = 0
    while (line := stream.readline()).strip():
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
    return int(status[1]) if len(status) > 1 else 0, stream.read(length)


def with_socket():
    parts = urllib.parse.urlsplit(url)
    lines = [f"{method} {parts.path} HTTP/1.1", f"Host: {parts.netloc}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    message = ("\r\n".join(lines) + "\r\n\r\n").encode() + body
    connection = stream = None
    for _ in range(count):
        begin = time.perf_counter()
        try:
            if connection is None:
                connection = socket.create_connection((parts.hostname, parts.port))
                stream = connection.makefile("rb")
            connection.sendall(message)
            account(begin, *read_answer(stream))
            if keep:
                continue
        except OSError as error:
            failure(begin, error)
        if connection is not None:
            stream.close()
            connection.close()
            connection = None


if kind == "aiohttp":
    asyncio.run(with_aiohttp())
else:
    {"requests": with_requests, "httpx": with_httpx, "socket": with_socket}[kind]()
print(json.dumps({"latencies_us": [round(value) for value in latencies], "failed": failed, "changed": changed}))
