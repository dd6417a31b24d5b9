"""The curl program, many transfers per run so that it can keep its connection. See README.md; KIND is ignored.

usage: curl.py KIND URL COUNT BODY_FILE HASH KEEP
"""

import filecmp
import json
import os
import subprocess
import sys
import tempfile

_, url, count, body_file, body_hash, keep = sys.argv[1:]
AT_ONCE = 20  # the answers of one run lie on the disk until they are compared


def config(transfers, folder):
    """A configuration file of curl for that many transfers over one connection."""
    parts = []
    for number in range(transfers):
        lines = [
            f'url = "{url}"',
            f'output = "{folder}/{number}"',
            f'header = "X-Hash: {body_hash}"',
            'write-out = "%{http_code} %{time_total}\\n"',
        ]
        if os.path.getsize(body_file):
            lines.append(f'data-binary = "@{body_file}"')
        if keep != "1":
            lines.append('header = "Connection: close"')
        parts.append("\n".join(lines))
    return "\nnext\n".join(parts)


result = {"latencies_us": [], "failed": 0, "changed": 0}
left = int(count)
while left > 0:
    transfers = min(left, AT_ONCE)
    left -= transfers
    with tempfile.TemporaryDirectory(dir=os.path.dirname(body_file)) as folder:
        done = subprocess.run(
            ["curl", "-q", "--silent", "--show-error", "--max-time", "60", "--config", "-"],
            input=config(transfers, folder),
            capture_output=True,
            text=True,
            check=False,
        )
        sys.stderr.write(done.stderr)
        for number, line in enumerate(done.stdout.split("\n")[:-1]):
            status, seconds = line.split()
            result["latencies_us"].append(round(float(seconds) * 1e6))
            output = f"{folder}/{number}"
            if status != "200":
                result["failed"] += 1
            elif not os.path.exists(output):  # curl makes no file for an empty answer
                result["changed"] += os.path.getsize(body_file) != 0
            elif not filecmp.cmp(output, body_file, shallow=False):
                result["changed"] += 1
result["failed"] += int(count) - len(result["latencies_us"])
print(json.dumps(result))
