"""Requests to a peer that is being set up."""

import json
import time
import urllib.error
import urllib.request


class Peer:
    def __init__(self, base, token=None):
        self.base, self.token = base, token

    def ask(self, method, path, body=None):
        headers = {"content-type": "application/json"}
        if self.token:
            headers["authorization"] = f"Bearer {self.token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.base + path, data, headers, method=method)
        try:
            answer = urllib.request.urlopen(request).read()
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{method} {path}: {error.code} {error.read().decode()}") from error
        return json.loads(answer) if answer else None

    def wait(self, path):
        """Until it answers; a minute at most."""
        for _ in range(600):
            try:
                return urllib.request.urlopen(self.base + path).read()
            except (urllib.error.URLError, ConnectionError):
                time.sleep(0.1)
        raise SystemExit(f"{self.base} does not answer")
