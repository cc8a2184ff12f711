"""Waits for PocketBase, makes a collection of reports in it, and prints a token that may write there."""

import json
import sys
import time
import urllib.error
import urllib.request

base, name, password = sys.argv[1:]


def post(path, body, token=None):
    headers = {"content-type": "application/json"} | ({"authorization": token} if token else {})
    request = urllib.request.Request(base + path, json.dumps(body).encode(), headers)
    return json.load(urllib.request.urlopen(request))


for _ in range(100):
    try:
        urllib.request.urlopen(base + "/api/health")
        break
    except (urllib.error.URLError, ConnectionError):
        time.sleep(0.1)
token = post("/api/collections/_superusers/auth-with-password", {"identity": name, "password": password})["token"]
text = [{"name": name, "type": "text", "required": True} for name in ("campaign", "unit", "day")]
post(
    "/api/collections",
    {
        "name": "tallies",
        "type": "base",
        "fields": [*text, {"name": "body", "type": "json", "maxSize": 100000}],
        "indexes": ["CREATE UNIQUE INDEX idx_tallies ON tallies (campaign, day, unit)"],
    },
    token,
)
print(token)
