//! What the form of a report's figures costs: as the readable text that `tally_versions` holds, as JSON, or packed.
//!
//!     cargo bench --bench figures -- --units 20000 --rounds 5
//!
//! Lets `pufa simulate` make a drive of a week, reads its versions, and enters the same ones anew in each form and in turn: into a
//! table with the same definition, in batches of the writer's size, each a transaction that is flushed, with the
//! writer's own statement, in no order within a day. Prints medians over the rounds: rows a second, processor time of the thread,
//! bytes on disk after a checkpoint, bytes written, and what it takes to make and to read the figures of a row.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a tool for developers")]

use clap::Parser;
use rusqlite::{Connection, params};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

#[derive(Debug, Parser)]
struct Options {
    /// Units that report.
    #[arg(long, default_value_t = 20_000)]
    units: u32,
    /// Every form so many times, in turn.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Rows in a transaction: as many as the writer takes while many wait.
    #[arg(long, default_value_t = 96)]
    batch: usize,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

/// A figure: its slot, its number, and `+`, `-`, `~` or nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Figure {
    slot: u32,
    count: u32,
    bound: Bound,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Bound {
    Exact,
    Over,
    Under,
    About,
}

const BOUNDS: [(Bound, &str); 4] =
    [(Bound::Exact, ""), (Bound::Over, "+"), (Bound::Under, "-"), (Bound::About, "~")];

/// What a slot counts: measure, title, topic, mode.
type Line<'t> = [&'t str; 4];

/// The table `slots`, in both directions.
#[derive(Default)]
struct Slots {
    lines: HashMap<u32, Line<'static>>,
    numbers: HashMap<Line<'static>, u32>,
}

/// What a person expects to see, with the same names as in the API.
#[derive(Serialize, Deserialize)]
struct Named<'t> {
    measure: &'t str,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    title: &'t str,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    topic: &'t str,
    #[serde(default, skip_serializing_if = "str::is_empty")]
    mode: &'t str,
    count: u32,
    #[serde(default = "exact", skip_serializing_if = "is_exact")]
    bound: Bound,
}

const fn exact() -> Bound {
    Bound::Exact
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "as serde calls it")]
fn is_exact(bound: &Bound) -> bool {
    *bound == Bound::Exact
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    NamedSlots,
    JsonOfSlots,
    JsonOfNames,
    Packed,
}

impl Form {
    const ALL: [Self; 5] = [Self::Text, Self::NamedSlots, Self::JsonOfSlots, Self::JsonOfNames, Self::Packed];

    const fn name(self) -> &'static str {
        match self {
            Self::Text => "our text, `1200,,,40000+`",
            Self::NamedSlots => "text that names every slot, `1:1200 4:40000+`",
            Self::JsonOfSlots => "JSON of slots, `[[1,1200],[4,40000,1]]`",
            Self::JsonOfNames => "JSON of names, `[{\"measure\":\"materials\",\"title\":…`",
            Self::Packed => "packed, two varints a figure",
        }
    }

    fn write(self, figures: &[Figure], slots: &Slots) -> Vec<u8> {
        match self {
            Self::Text => write_text(figures),
            Self::NamedSlots => write_named(figures),
            Self::JsonOfSlots => {
                let list = figures.iter().map(|one| match one.bound {
                    Bound::Exact => vec![one.slot, one.count],
                    bound => vec![one.slot, one.count, bound as u32],
                });
                serde_json::to_vec(&list.collect::<Vec<_>>()).unwrap()
            }
            Self::JsonOfNames => {
                let named = |one: &Figure| {
                    let [measure, title, topic, mode] = slots.lines[&one.slot];
                    Named { measure, title, topic, mode, count: one.count, bound: one.bound }
                };
                serde_json::to_vec(&figures.iter().map(named).collect::<Vec<_>>()).unwrap()
            }
            Self::Packed => {
                let mut bytes = Vec::with_capacity(figures.len() * 3);
                let mut before = 0;
                for one in figures {
                    varint(&mut bytes, u64::from(one.slot.wrapping_sub(before)));
                    varint(&mut bytes, u64::from(one.count) << 2 | one.bound as u64);
                    before = one.slot;
                }
                bytes
            }
        }
    }

    fn read(self, bytes: &[u8], slots: &Slots) -> Vec<Figure> {
        match self {
            Self::Text | Self::NamedSlots => read_text(std::str::from_utf8(bytes).unwrap()),
            Self::JsonOfSlots => {
                let list: Vec<Vec<u32>> = serde_json::from_slice(bytes).unwrap();
                let bound = |one: &[u32]| one.get(2).map_or(Bound::Exact, |bound| BOUNDS[*bound as usize].0);
                list.iter().map(|one| Figure { slot: one[0], count: one[1], bound: bound(one) }).collect()
            }
            Self::JsonOfNames => {
                let list: Vec<Named<'_>> = serde_json::from_slice(bytes).unwrap();
                let figure = |one: Named<'_>| {
                    let slot = slots.numbers[&[one.measure, one.title, one.topic, one.mode]];
                    Figure { slot, count: one.count, bound: one.bound }
                };
                list.into_iter().map(figure).collect()
            }
            Self::Packed => {
                let (mut rest, mut before) = (bytes, 0_u32);
                let mut figures = Vec::new();
                while !rest.is_empty() {
                    before = before.wrapping_add(u32::try_from(unvarint(&mut rest)).unwrap());
                    let both = unvarint(&mut rest);
                    let bound = BOUNDS[usize::try_from(both & 3).unwrap()].0;
                    figures.push(Figure { slot: before, count: u32::try_from(both >> 2).unwrap(), bound });
                }
                figures
            }
        }
    }
}

/// As `src/store/figures.rs` does; every row of the simulated database shows that it is the same.
fn write_text(figures: &[Figure]) -> Vec<u8> {
    let mut text = String::with_capacity(figures.len() * 8);
    let mut next = 1;
    for (at, one) in figures.iter().enumerate() {
        if at > 0 {
            text.push(',');
        }
        match one.slot.checked_sub(next) {
            Some(empty) if empty <= 2 => (0..empty).for_each(|_| text.push(',')),
            _ => add_number(&mut text, one.slot).push(':'),
        }
        add_number(&mut text, one.count).push_str(BOUNDS[one.bound as usize].1);
        next = one.slot + 1;
    }
    text.into_bytes()
}

/// As it did before.
fn write_named(figures: &[Figure]) -> Vec<u8> {
    let mut text = String::with_capacity(figures.len() * 12);
    for (at, one) in figures.iter().enumerate() {
        if at > 0 {
            text.push(' ');
        }
        add_number(&mut text, one.slot).push(':');
        add_number(&mut text, one.count).push_str(BOUNDS[one.bound as usize].1);
    }
    text.into_bytes()
}

fn add_number(text: &mut String, number: u32) -> &mut String {
    text.push_str(itoa::Buffer::new().format(number));
    text
}

/// Reads either.
fn read_text(text: &str) -> Vec<Figure> {
    let mut figures = Vec::with_capacity(text.len() / 3);
    let mut next = 1;
    for part in text.as_bytes().split(|byte| matches!(byte, b',' | b' ')) {
        let mut figure = Figure { slot: next, count: 0, bound: Bound::Exact };
        for byte in part {
            match byte {
                b'0'..=b'9' => figure.count = figure.count * 10 + u32::from(byte - b'0'),
                b':' => (figure.slot, figure.count) = (figure.count, 0),
                sign => {
                    figure.bound =
                        BOUNDS[[0, b'+', b'-', b'~'].iter().position(|one| one == sign).unwrap()].0;
                }
            }
        }
        next = figure.slot + 1;
        if !part.is_empty() {
            figures.push(figure);
        }
    }
    figures
}

fn varint(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn unvarint(rest: &mut &[u8]) -> u64 {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = rest[0];
        *rest = &rest[1..];
        number |= u64::from(byte & 0x7f) << shift;
        shift += 7;
        if byte < 0x80 {
            return number;
        }
    }
}

/// A version, but for what is the same in all of them.
struct Row {
    campaign: i64,
    day: i64,
    unit: i64,
    channel: i64,
    zero: bool,
    late: bool,
    received_at: i64,
    figures: Vec<Figure>,
}

/// The versions of a simulated drive in the order in which they come in, and what its slots are.
struct Drive {
    definitions: Vec<String>,
    rows: Vec<Row>,
    slots: Slots,
}

fn main() {
    let options = Options::parse();
    let dir = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let drive = simulated(&options, dir.path());
    println!("{} rows, {} a transaction, {} rounds\n", drive.rows.len(), options.batch, options.rounds);
    let mut measured: Vec<Vec<Measured>> = Form::ALL.map(|_| Vec::new()).into();
    for round in 0..options.rounds {
        // Whoever comes first in a round finds another machine than who comes last.
        for at in 0..Form::ALL.len() {
            let at = (at + round) % Form::ALL.len();
            measured[at].push(enter(&drive, Form::ALL[at], options.batch, &dir.path().join("rows.db")));
        }
    }
    println!("{HEADER}");
    let base = Median::of(&measured[0]);
    for (form, measured) in Form::ALL.iter().zip(&measured) {
        println!("{}", Median::of(measured).row(form.name(), &base));
    }
}

/// Lets the program make a drive, and reads it.
fn simulated(options: &Options, dir: &Path) -> Drive {
    let file = dir.join("simulated.db");
    let url = format!("sqlite://{}?mode=rwc", file.display());
    let units = options.units.to_string();
    let arguments = ["simulate", "--units", &units, "--drives", "1", "--days", "7", "--database", &url];
    assert!(Command::new(env!("CARGO_BIN_EXE_pufa")).args(arguments).status().unwrap().success());
    let database = Connection::open(&file).unwrap();
    let texts = |sql: &str| -> Vec<String> {
        let mut statement = database.prepare(sql).unwrap();
        let rows = statement.query_map((), |row| row.get(0)).unwrap();
        rows.map(Result::unwrap).collect()
    };
    let definitions =
        texts("SELECT sql FROM sqlite_master WHERE tbl_name = 'tally_versions' AND sql IS NOT NULL");
    let mut slots = Slots::default();
    let mut statement = database.prepare("SELECT id, measure, title, topic, mode FROM slots").unwrap();
    let mut found = statement.query(()).unwrap();
    while let Some(row) = found.next().unwrap() {
        // Few, and wanted until the end.
        let line = [1, 2, 3, 4].map(|at| &*row.get::<_, String>(at).unwrap().leak());
        slots.lines.insert(row.get(0).unwrap(), line);
        slots.numbers.insert(line, row.get(0).unwrap());
    }
    // Day by day, within a day in an order that has nothing to do with the key.
    let sql = "SELECT campaign_id, day, unit_id, channel, zero, late, received_at, figures FROM tally_versions \
               ORDER BY day, unit_id * 7919 % 100003, unit_id";
    let mut statement = database.prepare(sql).unwrap();
    let rows = statement.query_map((), |row| {
        let text: String = row.get(7)?;
        let figures = read_text(&text);
        for form in Form::ALL {
            let written = form.write(&figures, &slots);
            assert_eq!(form.read(&written, &slots), figures, "{form:?}");
            assert!(form != Form::Text || written == text.as_bytes(), "{text}");
        }
        Ok(Row {
            campaign: row.get(0)?,
            day: row.get(1)?,
            unit: row.get(2)?,
            channel: row.get(3)?,
            zero: row.get(4)?,
            late: row.get(5)?,
            received_at: row.get(6)?,
            figures,
        })
    });
    let rows = rows.unwrap().map(Result::unwrap).collect();
    Drive { definitions, rows, slots }
}

/// What a round gave, a row each.
struct Measured {
    rows_a_second: f64,
    cpu_us: f64,
    bytes: f64,
    written: f64,
    write_ns: f64,
    read_ns: f64,
}

const COLUMNS: &str = "campaign_id, day, unit_id, version, review, channel, zero, late, on_behalf, actor_id, received_at, figures, note, \
                       facts";

fn enter(drive: &Drive, form: Form, batch: usize, file: &Path) -> Measured {
    let database = Connection::open(file).unwrap();
    for (name, value) in [("journal_mode", "WAL"), ("synchronous", "FULL"), ("wal_autocheckpoint", "20000")] {
        database.pragma_update(None, name, value).unwrap();
    }
    database.pragma_update(None, "cache_size", -16_384).unwrap();
    drive.definitions.iter().for_each(|sql| database.execute_batch(sql).unwrap());
    let empty = size(file);
    let names: Vec<&str> = COLUMNS.split(", ").collect();
    let cells: Vec<String> =
        names.iter().enumerate().map(|(at, name)| format!("?{} AS {name}", at + 1)).collect();
    let picks = COLUMNS.replace("note", "NULLIF(note, '')").replace("facts", "NULLIF(facts, '')");
    let sql =
        format!("INSERT INTO tally_versions ({COLUMNS}) SELECT {picks} FROM (SELECT {}) r", cells.join(", "));
    let mut order: Vec<usize> = Vec::new();
    let (written, cpu, start) = (written(), cpu(), Instant::now());
    for rows in drive.rows.chunks(batch) {
        database.execute_batch("BEGIN IMMEDIATE").unwrap();
        let mut statement = database.prepare_cached(&sql).unwrap();
        // The writer enters a batch in the order of the key.
        order.clear();
        order.extend(0..rows.len());
        order.sort_unstable_by_key(|at| (rows[*at].campaign, rows[*at].day, rows[*at].unit));
        for row in order.iter().map(|at| &rows[*at]) {
            let figures = form.write(&row.figures, &drive.slots);
            let figures: &dyn rusqlite::ToSql = match form {
                Form::Packed => &figures,
                _ => &std::str::from_utf8(&figures).unwrap(),
            };
            let values = params![
                row.campaign,
                row.day,
                row.unit,
                1,
                0,
                row.channel,
                row.zero,
                row.late,
                false,
                0,
                row.received_at,
                figures,
                "",
                ""
            ];
            statement.execute(values).unwrap();
        }
        drop(statement);
        database.execute_batch("COMMIT").unwrap();
    }
    let (seconds, cpu) = (start.elapsed().as_secs_f64(), self::cpu() - cpu);
    database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())).unwrap();
    let written = self::written() - written;
    let (write_ns, read_ns) = convert(drive, form);
    let bytes = size(file) - empty;
    drop(database);
    std::fs::remove_file(file).unwrap();
    let each = |all: u64| all as f64 / drive.rows.len() as f64;
    Measured {
        rows_a_second: drive.rows.len() as f64 / seconds,
        cpu_us: each(cpu) / 1_000.0,
        bytes: each(bytes),
        written: each(written),
        write_ns,
        read_ns,
    }
}

/// Nanoseconds of writing and of reading the figures of a row, without a database.
fn convert(drive: &Drive, form: Form) -> (f64, f64) {
    let each = |start: Instant| start.elapsed().as_nanos() as f64 / drive.rows.len() as f64;
    let start = Instant::now();
    let written: Vec<Vec<u8>> = drive.rows.iter().map(|row| form.write(&row.figures, &drive.slots)).collect();
    let write = each(start);
    let start = Instant::now();
    let figures: usize = written.iter().map(|bytes| form.read(bytes, &drive.slots).len()).sum();
    let read = each(start);
    assert_eq!(figures, drive.rows.iter().map(|row| row.figures.len()).sum::<usize>());
    (write, read)
}

const HEADER: &str = "\
| form of the figures | rows/s (least, most) | against text | CPU µs a row | bytes a row on disk | kB written a row | writing ns | reading ns |\n\
|---|---|---|---|---|---|---|---|";

struct Median {
    rows: (f64, f64, f64),
    others: [f64; 5],
}

impl Median {
    fn of(all: &[Measured]) -> Self {
        let sorted = |what: fn(&Measured) -> f64| {
            let mut values: Vec<f64> = all.iter().map(what).collect();
            values.sort_by(f64::total_cmp);
            values
        };
        let median = |what| {
            let values = sorted(what);
            values[values.len() / 2]
        };
        let rows = sorted(|one| one.rows_a_second);
        Self {
            rows: (rows[rows.len() / 2], rows[0], rows[rows.len() - 1]),
            others: [
                median(|one| one.cpu_us),
                median(|one| one.bytes),
                median(|one| one.written / 1_000.0),
                median(|one| one.write_ns),
                median(|one| one.read_ns),
            ],
        }
    }

    fn row(&self, form: &str, text: &Self) -> String {
        let (rows, least, most) = self.rows;
        let [cpu, bytes, written, write, read] = self.others;
        let mut line = format!("| {form} | {rows:.0} ({least:.0}, {most:.0}) | {:.2} | ", rows / text.rows.0);
        write!(line, "{cpu:.1} | {bytes:.1} | {written:.1} | {write:.0} | {read:.0} |").unwrap();
        line
    }
}

fn size(file: &Path) -> u64 {
    std::fs::metadata(file).map_or(0, |file| file.len())
}

/// Nanoseconds that this thread has run.
fn cpu() -> u64 {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap();
    text.split_ascii_whitespace().next().unwrap().parse().unwrap()
}

/// Bytes that this process has had written to disk.
fn written() -> u64 {
    let text = std::fs::read_to_string("/proc/self/io").unwrap();
    let line = text.lines().find_map(|line| line.strip_prefix("write_bytes: "));
    line.unwrap().parse().unwrap()
}
