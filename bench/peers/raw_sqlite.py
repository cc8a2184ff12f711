"""The other ceiling: rows of the same size into SQLite, batched, with nothing around it. Prints rows a second."""

import random
import sqlite3
import sys
import time

file, seconds, batch = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
connection = sqlite3.connect(file, isolation_level=None)
connection.execute("PRAGMA journal_mode=WAL")
connection.execute("PRAGMA synchronous=FULL")
connection.execute("PRAGMA wal_autocheckpoint=20000")
connection.execute(
    "CREATE TABLE versions (campaign INTEGER, day INTEGER, unit INTEGER, version INTEGER, figures TEXT, at INTEGER, "
    "PRIMARY KEY (campaign, day, unit, version)) WITHOUT ROWID"
)
units = list(range(300_000))
random.Random(1).shuffle(units)
figures = "1:1200 2:340 3:12 4:7 5:3 6:280 7:14 8:9 9:5"
begun, rows = time.monotonic(), 0
while time.monotonic() - begun < seconds:
    connection.execute("BEGIN IMMEDIATE")
    chunk = [(1, 20261204 + at // len(units), units[at % len(units)], 1, figures, at) for at in range(rows, rows + batch)]
    connection.executemany("INSERT INTO versions VALUES (?, ?, ?, ?, ?, ?)", chunk)
    connection.execute("COMMIT")
    rows += batch
print(f"raw SQLite, {batch} rows a transaction: {rows / (time.monotonic() - begun):.0f} rows/s")
