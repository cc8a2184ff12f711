"""Clients that report without pause, and a watch over /readyz. Everything is written down with its moment."""

import http.client
import itertools
import json
import random
import socket
import threading
import time
from collections import Counter

MEASURE = "banners"
# How long a client waits for an answer before it sends again, and how old a connection may be to be used again: the service
# ends one that lies unused.
PATIENCE, FRESH = 10.0, 10.0


class Api:
    """One connection to one replica, opened again when it broke."""

    def __init__(self, address, token, timeout=PATIENCE):
        self.address, self.token, self.timeout = address, token, timeout
        self.connection, self.used = None, 0.0

    def ask(self, method, path, body=None, **headers):
        """Status, headers and JSON of an answer. OSError when there is none."""
        if time.monotonic() - self.used > FRESH:
            self.close()
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.address, timeout=self.timeout)
        headers["Authorization"] = f"Bearer {self.token}"
        if body is not None:
            headers["Content-Type"] = "application/json"
        try:
            self.connection.request(method, path, body, headers)
            answer = self.connection.getresponse()
            text = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise OSError(str(error)) from error
        self.used = time.monotonic()
        return answer.status, answer.headers, json.loads(text) if text else None

    def close(self):
        if self.connection is not None:
            self.connection.close()
        self.connection = None


class Tally:
    """What a client knows of one unit's report: what was acknowledged last."""

    def __init__(self, unit):
        self.unit, self.version, self.count = unit, 0, 0


class Client(threading.Thread):
    """Reports for units of its own, one change after another. A change that got no answer, or 503, is sent again under the same
    key, to the other replica first; it is never given up."""

    numbers = itertools.count(1)

    def __init__(self, load, home, tallies):
        super().__init__(daemon=True)
        self.load, self.home, self.tallies = load, home, tallies
        self.apis = [Api(address, load.token) for address in load.addresses]

    def run(self):
        for tally in itertools.cycle(self.tallies):
            if self.load.ending.is_set():
                return
            self.change(tally)

    def change(self, tally):
        count = next(self.numbers)
        path = f"/api/v1/campaigns/{self.load.campaign}/tallies/{tally.unit}/{self.load.day}"
        # A reason is asked for when a figure changes after the day's deadline.
        body = json.dumps({"items": [{"measure": MEASURE, "count": count}], "reason": "switchover"})
        headers = {"Idempotency-Key": f"{self.load.stamp}-{count}"}
        if tally.version:
            headers["If-Match"] = f'"{tally.version}"'
        for attempt in itertools.count():
            replica = (self.home + attempt) % len(self.apis)
            try:
                status, answered, told = self.apis[replica].ask("PUT", path, body, **headers)
            except OSError as error:
                late = isinstance(error.__cause__, (TimeoutError, socket.timeout))
                status, answered, told = "no answer in time" if late else "connection broke", {}, None
            if status in (200, 201):
                self.load.acknowledge(replica, status, attempt)
                tally.version, tally.count = told["version"], count
                return
            code = told.get("code", "") if told else ""
            self.load.refuse(replica, f"{status} {code}".strip())
            if status != 503 and isinstance(status, int):
                # Nobody else changes this report, so any other answer denies what was, or was not, stored.
                self.load.broken.append(f"{tally.unit} version {tally.version}: {status} {code} at try {attempt + 1}")
                self.load.ending.set()
                return
            pause = float(answered.get("Retry-After", 0.5))
            time.sleep(pause * random.uniform(0.8, 1.2))


class Load:
    def __init__(self, addresses, token, campaign, day, units, clients):
        self.addresses, self.token, self.campaign, self.day = addresses, token, campaign, day
        self.stamp = f"{time.time_ns():x}"
        self.ending = threading.Event()
        self.broken = []
        self.tallies = [Tally(unit) for unit in units]
        # (moment, replica) of each acknowledgement, (moment, replica, what) of everything else.
        self.acknowledged, self.refused = [], []
        # How often an acknowledgement took so many tries.
        self.tries = Counter()
        total = clients * len(addresses)
        self.clients = [Client(self, at % len(addresses), self.tallies[at::total]) for at in range(total)]

    def acknowledge(self, replica, status, attempt):
        self.acknowledged.append((time.monotonic(), replica, str(status)))
        self.tries[attempt + 1] += 1

    def refuse(self, replica, what):
        self.refused.append((time.monotonic(), replica, what))

    def start(self):
        for client in self.clients:
            client.start()

    def stop(self, seconds=60):
        """Lets every client finish its change."""
        self.ending.set()
        end = time.monotonic() + seconds
        for client in self.clients:
            client.join(max(0.0, end - time.monotonic()))
        return sum(client.is_alive() for client in self.clients)

    def answers(self, begun, ended):
        return Counter(what for at, _, what in (*self.acknowledged, *self.refused) if begun <= at < ended)

    def silence(self, begun, ended, replica=None):
        """The longest time without an acknowledgement: its begin and its end."""
        moments = [at for at, by, _ in list(self.acknowledged) if begun <= at < ended and replica in (None, by)]
        moments = [begun, *moments, ended]
        return max(zip(moments, moments[1:]), key=lambda pair: pair[1] - pair[0])


class Watch(threading.Thread):
    """Asks one replica ten times a second whether it is ready."""

    def __init__(self, address):
        super().__init__(daemon=True)
        self.address, self.seen = address, []
        self.ending = threading.Event()

    def run(self):
        while not self.ending.wait(0.1):
            asked = time.monotonic()
            connection = http.client.HTTPConnection(self.address, timeout=5)
            try:
                connection.request("GET", "/readyz")
                ready = connection.getresponse().status == 200
            except (OSError, http.client.HTTPException):
                ready = False
            connection.close()
            # (asked, answered, ready): no answer within 5 s is taken as red, as every load balancer does.
            self.seen.append((asked, time.monotonic(), ready))

    def red(self, begun, ended):
        """When it was first and last told red within a time; nothing when it never was."""
        moments = [(asked, answered) for asked, answered, ready in list(self.seen) if not ready and begun <= answered < ended]
        return (moments[0][1], moments[-1][1]) if moments else None

    def is_green(self):
        return bool(self.seen) and self.seen[-1][2]
