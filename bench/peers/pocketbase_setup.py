"""Waits for PocketBase, makes its collections, and prints a token that may write there."""

import sys

from asking import Peer


def text(*names, required=True):
    return [{"name": name, "type": "text", "required": required} for name in names]


def numbers(*names):
    return [{"name": name, "type": "number"} for name in names]


def signed_in(base, name, password):
    peer = Peer(base)
    peer.wait("/api/health")
    signed = peer.ask(
        "POST", "/api/collections/_superusers/auth-with-password", {"identity": name, "password": password}
    )
    peer.token = signed["token"]
    return peer


def collection(peer, name, fields, indexes=(), **more):
    body = {"name": name, "type": "base", "fields": fields, "indexes": list(indexes), **more}
    return peer.ask("POST", "/api/collections", body)["id"]


def main(base, name, password):
    peer = signed_in(base, name, password)
    key = text("campaign", "unit", "day")
    one = ["CREATE UNIQUE INDEX idx_tallies ON tallies (campaign, day, unit)"]
    collection(peer, "tallies", [*key, {"name": "body", "type": "json", "maxSize": 100000}], one)
    reports = collection(peer, "reports", key, ["CREATE UNIQUE INDEX idx_reports ON reports (campaign, day, unit)"])
    report = {"name": "report", "type": "relation", "collectionId": reports, "maxSelect": 1, "required": True}
    line = [report, *text("measure"), *text("title", "topic", "mode", required=False), *numbers("count")]
    collection(peer, "lines", line, ["CREATE INDEX idx_lines ON lines (report)"])
    peer.ask("PATCH", "/api/settings", {"batch": {"enabled": True, "maxRequests": 50, "timeout": 60}})
    print(peer.token)


if __name__ == "__main__":
    main(*sys.argv[1:])
