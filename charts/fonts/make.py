#!/usr/bin/env python3
"""Makes the two embedded faces from Debian's Noto Sans CJK SC, byte for byte the same each time.

    apt-get install fonts-noto-cjk unicode-data
    pip install fonttools
    python3 charts/fonts/make.py

Covers the 8,105 characters of 通用规范汉字表 (Unihan's kTGH) and what statistics are written with:
ASCII, Latin-1, the symbol rows of GB 2312, CJK punctuation, full-width forms, arrows and geometric marks.
CFF hints stay, because vertical hinting is what keeps 13 px Chinese sharp; tables for layout go, because
the charts set each character by its own advance.
"""

import bz2
import gzip
import io
import os
import re
import sys
import zipfile

from fontTools import subset
from fontTools.ttLib import TTCollection

HERE = os.path.dirname(os.path.abspath(__file__))
NOTO = "/usr/share/fonts/opentype/noto"
UNICODE = "/usr/share/unicode"
FAMILY = "Pufa Sans"
# 2020-01-01 in seconds since 1904: any fixed moment does, so that no clock reaches the file.
FIXED_TIME = 3660681600


def unihan():
    """Lines of the Unihan file that holds kTGH, however Debian packs it."""
    for folder, _, names in os.walk(UNICODE):
        for name in sorted(names):
            path = os.path.join(folder, name)
            if name.endswith(".zip") and "nihan" in name:
                with zipfile.ZipFile(path) as archive:
                    for member in sorted(archive.namelist()):
                        yield from io.TextIOWrapper(archive.open(member), "utf-8")
            elif "nihan" in name and (".txt" in name):
                opener = {".bz2": bz2.open, ".gz": gzip.open}.get(os.path.splitext(name)[1], open)
                with opener(path, "rt", encoding="utf-8") as lines:
                    yield from lines


def standard_characters():
    found = set()
    for line in unihan():
        match = re.match(r"U\+([0-9A-F]+)\tkTGH\t", line)
        if match:
            found.add(int(match.group(1), 16))
    if len(found) != 8105:
        sys.exit(f"expected the 8105 characters of kTGH, found {len(found)}")
    return found


def gb2312_symbols():
    found = set()
    for row in range(0xA1, 0xAA):
        for cell in range(0xA1, 0xFF):
            try:
                found.add(ord(bytes([row, cell]).decode("gb2312")))
            except UnicodeDecodeError:
                pass
    return found


def wanted(standard):
    ranges = [(0x20, 0x7E), (0xA0, 0xFF), (0x2010, 0x2027), (0x2030, 0x203B), (0x2190, 0x2193), (0x2460, 0x2473),
              (0x3000, 0x301F), (0x3021, 0x3029), (0xFF01, 0xFF5E), (0xFFE0, 0xFFE5)]
    extra = "−≈≤≥≠±×÷√∞∑■□▲△▼▽◆◇○●◎★☆♀♂€℃№‰〇·•…—–"
    # Traditional forms that reports still write: 條 塊 萬.
    extra += "條塊萬份冊場個戶處億"
    return standard | gb2312_symbols() | {c for a, b in ranges for c in range(a, b + 1)} | {ord(c) for c in extra}


def make(weight, characters):
    collection = TTCollection(os.path.join(NOTO, f"NotoSansCJK-{weight}.ttc"))
    font = next(f for f in collection.fonts if f["name"].getDebugName(1).startswith("Noto Sans CJK SC"))
    # The Chinese face sets U+00B7 a whole em wide, which tears 12·4 apart; the face's narrow dot serves names as well.
    narrow = next(f for f in collection.fonts if f["name"].getDebugName(1).startswith("Noto Sans CJK JP"))
    for table in font["cmap"].tables:
        if table.isUnicode() and 0xB7 in table.cmap:
            table.cmap[0xB7] = narrow.getBestCmap()[0xB7]
    options = subset.Options()
    options.layout_features = []
    options.hinting = True
    options.notdef_outline = True
    options.glyph_names = False
    options.name_IDs = [0, 1, 2, 3, 4, 5, 6, 13, 14]
    options.name_languages = [0x409]
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "BASE", "VORG", "vhea", "vmtx", "DSIG"]
    options.recalc_timestamp = False
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=characters)
    subsetter.subset(font)
    missing = characters - set(font.getBestCmap())
    names = {1: FAMILY, 2: weight, 3: f"{FAMILY} {weight} subset", 4: f"{FAMILY} {weight}", 6: f"PufaSans-{weight}"}
    for record in list(font["name"].names):
        if record.nameID in names:
            record.string = names[record.nameID]
    top = font["CFF "].cff
    top.fontNames[0] = f"PufaSans-{weight}"
    top.topDictIndex[0].FullName = f"{FAMILY} {weight}"
    top.topDictIndex[0].FamilyName = FAMILY
    font["head"].created = font["head"].modified = FIXED_TIME
    font.recalcTimestamp = False
    path = os.path.join(HERE, f"PufaSans-{weight}.otf")
    font.save(path)
    return path, missing


def main():
    standard = standard_characters()
    with open(os.path.join(HERE, "standard-8105.txt"), "w", encoding="utf-8") as out:
        text = "".join(chr(c) for c in sorted(standard))
        out.write("\n".join(text[i:i + 100] for i in range(0, len(text), 100)) + "\n")
    for weight in ("Regular", "Bold"):
        path, missing = make(weight, wanted(standard))
        print(f"{os.path.basename(path)}: {os.path.getsize(path):,} bytes; no glyph for",
              "".join(sorted(chr(c) for c in missing)) or "nothing", f"({len(missing)})")
        if missing & standard:
            sys.exit("a standard character has no glyph")


if __name__ == "__main__":
    main()
