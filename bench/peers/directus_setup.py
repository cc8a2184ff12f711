"""Waits for Directus and makes its collections: a report and its lines."""

import sys

from asking import Peer

KEY = {"field": "id", "type": "integer", "schema": {"is_primary_key": True, "has_auto_increment": True}, "meta": {}}


def fields(kind, *names):
    return [{"field": name, "type": kind, "schema": {}, "meta": {}} for name in names]


def collection(peer, name, *columns):
    # Without its journal of activities and revisions, which would cost it two more rows a row.
    body = {"collection": name, "schema": {}, "meta": {"accountability": None}, "fields": [KEY, *columns]}
    peer.ask("POST", "/collections", body)


def main(base, token):
    peer = Peer(base, token)
    peer.wait("/server/ping")
    lines = {"field": "lines", "type": "alias", "meta": {"special": ["o2m"]}}
    collection(peer, "reports", *fields("string", "campaign", "unit", "day"), lines)
    line = [*fields("integer", "report", "count"), *fields("string", "measure", "title", "topic", "mode")]
    collection(peer, "lines", *line)
    peer.ask(
        "POST",
        "/relations",
        {
            "collection": "lines",
            "field": "report",
            "related_collection": "reports",
            "schema": {"on_delete": "CASCADE"},
            "meta": {"one_field": "lines"},
        },
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
