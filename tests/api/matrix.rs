//! Who comes in where: every route, for everybody, over every unit, in every form. The rows are in matrix.txt.

mod expected;
mod sums;
mod world;

use crate::support::{Answer, Engine};
use expected::{Fate, expected, fate};
use pufa::http::routes::{Shape, TABLE};
use reqwest::Method;
use std::collections::BTreeSet;
use std::io::{Cursor, Read};
use world::World;

const ROWS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/api/matrix.txt");
const CAMPAIGN: &str = "constitution-2025";
const HOME: &str = "gx-edu";

/// Units as they lie around [`HOME`]: itself, its child, its grandchild, a sibling, its parent, and a stranger.
const TARGETS: [&str; 6] = ["gx-edu", "gx-school", "gx-class", "371772001", "371772", "371702"];

/// A row of matrix.txt.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub(crate) method: Method,
    /// Pattern of the route.
    pub(crate) pattern: String,
    /// Path and query as asked, with `$UNIT` and the like still in it.
    pub(crate) path: String,
    pub(crate) permission: String,
    pub(crate) over: String,
    pub(crate) body: Option<String>,
}

pub(crate) fn rows() -> Vec<Row> {
    let text = std::fs::read_to_string(ROWS).unwrap();
    text.lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .map(|line| {
            let mut rest = line;
            let mut word = || {
                rest = rest.trim_start();
                let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
                let (word, after) = rest.split_at(end);
                rest = after;
                assert!(!word.is_empty(), "tests/api/matrix.txt: a word is missing in {line:?}");
                word.to_owned()
            };
            let (method, path, permission, over) = (word(), word(), word(), word());
            let body = Some(rest.trim()).filter(|body| !body.is_empty()).map(ToOwned::to_owned);
            let plain = path.split('?').next().unwrap();
            let pattern = plain.split('/').map(|segment| match segment.strip_prefix('{') {
                Some(named) => format!("{{{}}}", named.trim_end_matches('}').split('=').next().unwrap()),
                None => segment.to_owned(),
            });
            let pattern = pattern.collect::<Vec<_>>().join("/");
            Row { method: method.parse().unwrap(), pattern, path, permission, over, body }
        })
        .collect()
}

/// Every route has a row: this needs no database and is the first thing that somebody who adds a route meets.
#[test]
fn every_route_has_a_row() {
    let rows: BTreeSet<(String, String)> =
        rows().into_iter().map(|row| (row.method.to_string(), row.pattern)).collect();
    let routes: BTreeSet<(String, String)> =
        TABLE.iter().map(|route| (route.method.name().to_owned(), route.path.to_owned())).collect();
    let told = |set: Vec<&(String, String)>| {
        set.into_iter().map(|(method, path)| format!("\n  {method} {path}")).collect::<String>()
    };
    let missing: Vec<_> = routes.difference(&rows).collect();
    assert!(
        missing.is_empty(),
        "routes without a row in tests/api/matrix.txt: add a line for each, such as\n  \
         GET /api/v1/things?unit=$UNIT   read   unit\nthe head of that file says what the words mean. Missing:{}",
        told(missing)
    );
    let gone: Vec<_> = rows.difference(&routes).collect();
    assert!(gone.is_empty(), "rows of tests/api/matrix.txt without a route:{}", told(gone));
}

/// Names and codes of units that whoever does not cover them has no reason to be told of; what lies above somebody is named
/// to them as the place where they are.
const NAMES: [(&str, &str); 4] =
    [("实验学校", "gx-school"), ("一班", "gx-class"), ("万福街道", "371772001"), ("牡丹区", "371702")];

/// Whether an answer names a unit, in whatever form it came.
fn names(answer: &Answer, name: &str, code: &str) -> bool {
    let text = match answer.body.starts_with(b"PK") {
        false => answer.text(),
        true => {
            let mut book = zip::ZipArchive::new(Cursor::new(&answer.body)).unwrap();
            let mut parts = Vec::new();
            for at in 0..book.len() {
                book.by_index(at).unwrap().read_to_end(&mut parts).unwrap();
            }
            String::from_utf8_lossy(&parts).into_owned()
        }
    };
    // A code inside of a longer word is another's.
    let alone = |at: usize| {
        let (before, after) = (text[..at].chars().next_back(), text[at + code.len()..].chars().next());
        ![before, after].into_iter().flatten().any(|c| c.is_ascii_alphanumeric())
    };
    text.contains(name) || text.match_indices(code).any(|(at, _)| alone(at))
}

on_both! {
    everybody_comes_in_where_they_may_and_nowhere_else
}

async fn everybody_comes_in_where_they_may_and_nowhere_else(engine: Engine) {
    let world = World::new(engine).await;
    let mut rows = rows();
    // Whoever signs out is out: these come last.
    rows.sort_by_key(|row| {
        (row.path == "/logout", row.method == Method::DELETE && row.path == "/api/v1/session")
    });
    let (mut wrong, mut asked, mut seen) = (Vec::new(), 0, 0);
    for row in &rows {
        let route = TABLE.iter().find(|route| route.path == row.pattern && route.method() == row.method);
        let route = route.unwrap_or_else(|| panic!("{row:?} has no route"));
        let depends = row.path.contains("$UNIT")
            || row.pattern.contains("{unit}")
            || row.pattern.contains("{code}")
            || row.path.contains("=hook}")
            || row.path.contains("=publication}")
            || row.body.as_ref().is_some_and(|body| body.contains("$UNIT"));
        let targets: &[&str] = if depends { &TARGETS } else { &[HOME] };
        for who in &world.people {
            for unit in targets {
                let Some(path) = world.address(row, unit) else { continue };
                let right = expected(who, row, route, unit);
                let answer = world.ask(who, row, &path, unit).await;
                asked += 1;
                let (found, code) = fate(row, &answer);
                let status = answer.status;
                if answer.status == 200 && who.covers(unit) {
                    for (name, code) in NAMES {
                        let told = names(&answer, name, code);
                        seen += usize::from(told && who.scope.is_none());
                        // Whoever reports may say that a neighbour led an event, and is told the neighbours' names for it.
                        let neighbours =
                            row.pattern == "/campaigns/{campaign}/report/{unit}" && code == "371772001";
                        if told && !who.covers(code) && row.permission != "public" && !neighbours {
                            wrong.push(format!("{} {path} tells {} of {code} {name}", row.method, who.name));
                        }
                    }
                }
                let same = found == right
                    || (right == Fate::Refused && matches!(found, Fate::Forbidden | Fate::Hidden))
                    // A unit outside of the drive, asked about by whoever may see everything.
                    || (right == Fate::In && *unit == "371702" && who.scope.is_none() && found == Fate::Hidden)
                    // Opened already by whoever asked before.
                    || (right == Fate::In && code == "lock_unknown")
                    // In scope, and yet there is nothing: no drive of theirs that it could be about.
                    || (right == Fate::In && who.name == "mudan" && ["comparison_empty", "measure_unknown"].contains(&&*code));
                if !same || status >= 500 {
                    wrong.push(format!(
                        "{} {path} by {} over {unit}: {status} {code}, not {right:?}",
                        row.method, who.name
                    ));
                }
                if found == Fate::Hidden
                    && route.shape == Shape::Api
                    && who.cookie.is_none()
                    && !path.starts_with("/api/v1/events")
                {
                    assert!(!code.is_empty(), "{path}: a refusal says why");
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {asked} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    assert!(asked > 8_000, "{asked} are too few: the matrix has lost something");
    assert!(
        seen > 300,
        "{seen}: whoever may see everything is hardly told of a unit, so nobody's silence says a thing"
    );
    world.app.assert_sound().await;
}
