"""Reads the Prometheus endpoints of the agent and the collector."""

import re
import urllib.request

_SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)")
_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def get(port, path):
    """The body of GET http://127.0.0.1:port/path as text. Raises OSError (urllib's errors are OSErrors)."""
    with _DIRECT.open(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
        return answer.read().decode()


def healthy(port):
    """Whether /healthz answers 200."""
    try:
        get(port, "/healthz")
        return True
    except OSError:
        return False


class Samples:
    """One scrape: values by name and labels."""

    def __init__(self, text):
        self._values = {}
        for line in text.splitlines():
            match = _SAMPLE.match(line)
            if match:
                name, labels, value = match.groups()
                key = (name, tuple(sorted(_LABEL.findall(labels or ""))))
                self._values[key] = float(value)

    def total(self, name, **labels):
        """The sum of all samples of that name that carry these labels; 0 when there is none."""
        wanted = set(labels.items())
        return sum(
            value
            for (sample, own), value in self._values.items()
            if sample == name and wanted <= set(own)
        )

    def named(self, pattern):
        """All samples whose name matches the expression: {(name, labels): value}."""
        expression = re.compile(pattern)
        return {key: value for key, value in self._values.items() if expression.search(key[0])}


def scrape(port):
    return Samples(get(port, "/metrics"))
