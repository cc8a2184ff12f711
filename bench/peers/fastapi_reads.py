"""Totals as a competent team would sum them: FastAPI, SQLAlchemy, SQL's SUM over an index that holds all it needs."""

import os

from fastapi import FastAPI
from sqlalchemy import Column, Integer, MetaData, String, Table, create_engine, func, select

engine = create_engine(f"sqlite:///{os.environ['PEER_FILE']}", pool_size=16, max_overflow=0)
lines = Table(
    "lines",
    MetaData(),
    *(Column(name, String) for name in ("campaign", "day", "province", "measure")),
    *(Column(name, Integer) for name in ("count", "low", "high")),
)
PARTS = {"measure": [], "day": [lines.c.day], "province": [lines.c.province]}
app = FastAPI()


@app.get("/totals/{campaign}")
def totals(campaign: str, by: str = "measure"):
    parts = [*PARTS[by], lines.c.measure]
    sums = [func.sum(lines.c[name]).label(name) for name in ("count", "low", "high")]
    query = select(*parts, *sums).where(lines.c.campaign == campaign).group_by(*parts)
    with engine.connect() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]
