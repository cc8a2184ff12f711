"""What a competent team would write first: FastAPI, SQLAlchemy, SQLite in WAL mode with synchronous=FULL.

A report is one transaction: the version with its figures as JSON, and the totals of every unit above it, exact when it is
acknowledged. The same question on the same rows as pufa: PUT /api/v1/campaigns/{campaign}/tallies/{unit}/{date}.
"""

import json
import os

from fastapi import Depends, FastAPI, Header, HTTPException, Response
from pydantic import BaseModel, Field
from sqlalchemy import Column, Integer, MetaData, String, Table, Text, create_engine, event, insert, select
from sqlalchemy.dialects.sqlite import insert as upsert

engine = create_engine(f"sqlite:///{os.environ['PEER_FILE']}", pool_size=16, max_overflow=0)
metadata = MetaData()
tokens = Table("tokens", metadata, Column("token", String, primary_key=True), Column("unit", String))
versions = Table(
    "versions",
    metadata,
    Column("campaign", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("unit", String, primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("body", Text, nullable=False),
)
totals = Table(
    "totals",
    metadata,
    Column("campaign", String, primary_key=True),
    Column("unit", String, primary_key=True),
    Column("day", String, primary_key=True),
    Column("line", String, primary_key=True),
    Column("count", Integer, nullable=False),
)


@event.listens_for(engine, "connect")
def connected(connection, _record):
    connection.isolation_level = None
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("PRAGMA busy_timeout=20000")


@event.listens_for(engine, "begin")
def begun(connection):
    connection.exec_driver_sql("BEGIN IMMEDIATE")


metadata.create_all(engine)
app = FastAPI()


class Item(BaseModel):
    measure: str
    title: str | None = None
    count: int = Field(ge=0, le=10**9)


class Consultation(BaseModel):
    topic: str = "unspecified"
    mode: str = "unspecified"
    person_times: int = Field(ge=0, le=10**9)


class Report(BaseModel):
    items: list[Item] = []
    consultations: list[Consultation] = []


def bearer(authorization: str = Header()) -> str:
    if not authorization.startswith("Bearer "):
        raise HTTPException(401)
    return authorization[7:]


def above(unit: str) -> list[str]:
    return [unit[:9], unit[:6], unit[:2], "CN"]


@app.put("/api/v1/campaigns/{campaign}/tallies/{unit}/{date}", status_code=201)
def put(campaign: str, unit: str, date: str, report: Report, response: Response, token: str = Depends(bearer)):
    lines: dict[str, int] = {}
    for item in report.items:
        lines[f"{item.measure}/{item.title or ''}"] = item.count
    for one in report.consultations:
        key = f"consultations/{one.topic}/{one.mode}"
        lines[key] = lines.get(key, 0) + one.person_times
    with engine.begin() as connection:
        connection.execute(select(tokens.c.unit).where(tokens.c.token == token)).first()
        key = (versions.c.campaign == campaign) & (versions.c.day == date) & (versions.c.unit == unit)
        if connection.execute(select(versions.c.version).where(key)).first():
            raise HTTPException(428)
        body = json.dumps(lines, ensure_ascii=False)
        connection.execute(insert(versions).values(campaign=campaign, day=date, unit=unit, version=1, body=body))
        rows = [
            {"campaign": campaign, "unit": parent, "day": date, "line": line, "count": count}
            for parent in above(unit)
            for line, count in lines.items()
        ]
        statement = upsert(totals)
        change = {"count": totals.c.count + statement.excluded.count}
        connection.execute(
            statement.on_conflict_do_update(index_elements=["campaign", "unit", "day", "line"], set_=change), rows
        )
    response.headers["etag"] = '"1"'
    return {"campaign": campaign, "unit": unit, "date": date, "version": 1, "totals": lines}
