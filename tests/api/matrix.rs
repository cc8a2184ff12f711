//! Who comes in where: every route, for everybody, over every unit, in every form. The rows are in matrix.txt.

use crate::support::{Client, Engine, TestApp, at, password_hash};
use pufa::domain::access::{Grant, Role};
use pufa::http::routes::{Route, Shape, TABLE};
use pufa::store::{NewAccount, SessionRow, StoreError, Transaction};
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

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
    over: String,
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

/// What a role may do, said once more and apart from the program.
fn includes(role: Role, permission: &str) -> bool {
    use Role::{Admin, Auditor, Office, Reporter, Reviewer};
    match permission {
        "read" | "own" | "personal" => true,
        "submit" => matches!(role, Admin | Office | Reporter),
        "review" => matches!(role, Admin | Office | Reviewer),
        "managecampaigns" | "manageunits" | "manageaccounts" | "publish" => matches!(role, Admin | Office),
        "readaudit" => matches!(role, Admin | Office | Auditor),
        other => panic!("tests/api/matrix.txt: no permission is called {other}"),
    }
}

/// How somebody comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Door {
    Session,
    Token,
    Link,
    /// Not at all, with what has expired, or with what was revoked.
    None,
}

/// Somebody who asks.
struct Who {
    name: String,
    role: Role,
    /// The units in scope; `None` is everything.
    scope: Option<&'static [&'static str]>,
    door: Door,
    client: Client,
    cookie: Option<String>,
}

impl Who {
    fn covers(&self, unit: &str) -> bool {
        self.scope.is_none_or(|scope| scope.contains(&unit))
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// The use case does it, or says what is wrong with the request itself.
    In,
    Forbidden,
    Hidden,
    /// Either: which of the two is asked first is nobody's business.
    Refused,
    Nobody,
}

fn expected(who: &Who, row: &Row, route: &Route, unit: &str) -> Fate {
    if row.permission == "public" {
        return match (row.over.as_str(), who.door) {
            ("absent", _) => Fate::Hidden,
            // The first page leads whoever is nobody to where one signs in.
            ("somebody", Door::None | Door::Link) => Fate::Nobody,
            _ => Fate::In,
        };
    }
    match who.door {
        Door::None => return Fate::Nobody,
        Door::Link if !route.opens_to_links() => return Fate::Hidden,
        Door::Link => return if unit == HOME { Fate::In } else { Fate::Hidden },
        Door::Token if row.permission == "manageaccounts" => return Fate::Refused,
        Door::Token if row.permission == "personal" => return Fate::Forbidden,
        Door::Token | Door::Session => {}
    }
    let may = includes(who.role, &row.permission);
    let takes_part = who.covers("371772") || who.covers(HOME);
    let drive = row.pattern.contains("{campaign}")
        || row.path.contains("$CAMPAIGN")
        || row.body.as_ref().is_some_and(|body| body.contains("$CAMPAIGN"));
    match row.over.as_str() {
        "self" => Fate::In,
        "rows" if takes_part || !drive => Fate::In,
        "gate" if !may => Fate::Forbidden,
        // Of one's own unit alone, the whole is not one's to see: there are units below.
        "whole" if who.scope == Some(&["gx-edu"]) => Fate::Hidden,
        "absent" => {
            if may {
                Fate::Hidden
            } else {
                Fate::Refused
            }
        }
        _ if drive && !takes_part => Fate::Hidden,
        "unit" | "gate" | "whole" if !who.covers(unit) => Fate::Hidden,
        "unit" | "gate" | "whole" | "somewhere" => {
            if may {
                Fate::In
            } else {
                Fate::Forbidden
            }
        }
        "hidden" => {
            if may && who.covers(unit) {
                Fate::In
            } else {
                Fate::Refused
            }
        }
        "drive" => {
            if may && who.covers("371772") {
                Fate::In
            } else {
                Fate::Forbidden
            }
        }
        "all" => {
            if may && who.scope.is_none() {
                Fate::In
            } else {
                Fate::Forbidden
            }
        }
        "person" if !may => Fate::Forbidden,
        "person" => {
            if who.covers(unit) {
                Fate::In
            } else {
                Fate::Hidden
            }
        }
        other => panic!("tests/api/matrix.txt: over what is {other}?"),
    }
}

/// What an answer says became of a request.
fn fate(row: &Row, status: u16, location: &str, code: &str) -> Fate {
    // A unit above that lies elsewhere is told as one that is not there.
    let hidden = ["parent_unknown"].contains(&code);
    // A secret typed wrongly, not somebody who may not come in.
    let typed = ["wrong_password", "sign_in_locked", "totp_wrong", "totp_required"].contains(&code);
    match status {
        401 | 429 if typed => Fate::In,
        401 => Fate::Nobody,
        303 if location.starts_with("/login") && row.path != "/logout" => Fate::Nobody,
        403 => Fate::Forbidden,
        404 => Fate::Hidden,
        422 if hidden => Fate::Hidden,
        _ => Fate::In,
    }
}

fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// The world of the matrix.
struct World {
    app: TestApp,
    people: Vec<Who>,
    /// Numbers of what was made for a unit: `hook`, `publication`.
    made: BTreeMap<(&'static str, String), String>,
}

impl World {
    async fn new(engine: Engine) -> Self {
        let app = TestApp::start(engine).await;
        let admin = app.by("admin");
        let class = json!({ "code": "gx-class", "name": "一班", "kind": "school", "parent": "gx-school" });
        admin.post("/units", &class).await.expect(201);
        let mut made = BTreeMap::new();
        for unit in TARGETS.into_iter().filter(|unit| *unit != "371702") {
            let path = format!("/campaigns/{CAMPAIGN}/tallies/{unit}/2025-12-04");
            admin.put(&path, &json!({ "zero": true })).await.expect(201);
            let hook = json!({ "kind": "generic", "url": "https://a.example/x", "unit": unit,
                "secret": "a-very-secret-key", "events": ["tally.created"] });
            let hook = admin.post(&format!("/campaigns/{CAMPAIGN}/hooks"), &hook).await.expect(201);
            made.insert(("hook", unit.to_owned()), hook["id"].to_string());
            let body = json!({ "title": "简报", "unit": unit });
            let publication =
                admin.post(&format!("/campaigns/{CAMPAIGN}/publications"), &body).await.expect(201);
            made.insert(("publication", unit.to_owned()), publication["number"].to_string());
        }
        let accounts = accounts(&app);
        enter(&app, accounts).await.unwrap();
        let mut people: Vec<Who> = Vec::new();
        let below: &[&str] = &["gx-edu", "gx-school", "gx-class"];
        let mut add = |name: &str, role, scope, door, client, cookie| {
            people.push(Who { name: name.to_owned(), role, scope, door, client, cookie });
        };
        for client in ["", "session-of-nobody"] {
            let client = if client.is_empty() { app.nobody() } else { app.bearer(client) };
            add("nobody", Role::Viewer, Some(&[]), Door::None, client, None);
        }
        add("expired", Role::Admin, None, Door::None, app.bearer("expired"), None);
        let owner = app.bearer("office@gx-edu");
        let token = async |role: &str| {
            let body = json!({ "name": "x", "role": role, "unit": HOME, "expires": "2026-01-31" });
            owner.post("/tokens", &body).await.expect(201)
        };
        let revoked = token("office").await;
        owner.delete(&format!("/tokens/{}", revoked["id"])).await.expect(204);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        add(
            "revoked token",
            Role::Office,
            Some(below),
            Door::None,
            app.bearer(&text(&revoked["token"])),
            None,
        );
        let living = token("office").await;
        add("token", Role::Office, Some(below), Door::Token, app.bearer(&text(&living["token"])), None);
        let link =
            admin.post(&format!("/campaigns/{CAMPAIGN}/links"), &json!({ "unit": HOME })).await.expect(201);
        let cookie = format!("pufa_link={}", link["path"].as_str().unwrap().trim_start_matches("/r/"));
        add("link", Role::Reporter, Some(&["gx-edu"]), Door::Link, app.nobody(), Some(cookie));
        for role in Role::ALL {
            let name = format!("{}@gx-edu", role.code());
            add(&name, *role, Some(below), Door::Session, app.bearer(&name), None);
        }
        add(
            "alone@gx-edu",
            Role::Reporter,
            Some(&["gx-edu"]),
            Door::Session,
            app.bearer("alone@gx-edu"),
            None,
        );
        add("mudan", Role::Office, Some(&["371702"]), Door::Session, app.by("mudan"), None);
        // Whoever may most comes last, so that what they change does not hide a refusal.
        add("admin", Role::Admin, None, Door::Session, admin.clone(), None);
        app.set_clock("2025-12-04T10:01:00");
        Self { app, people, made }
    }

    /// The address of a row for a unit; none where nothing was made for it.
    fn address(&self, row: &Row, unit: &str) -> Option<String> {
        let mut path = String::new();
        let (plain, query) = row.path.split_once('?').unwrap_or((&row.path, ""));
        for segment in plain.split('/').skip(1) {
            let segment = match segment.strip_prefix('{').map(|named| named.trim_end_matches('}')) {
                None => segment.to_owned(),
                Some("campaign") => CAMPAIGN.to_owned(),
                Some("unit" | "code") => unit.to_owned(),
                Some("date") => "2025-12-04".to_owned(),
                Some(named) => match named.split_once('=') {
                    Some((_, kind @ ("hook" | "publication"))) => {
                        self.made.iter().find(|((made, of), _)| *made == kind && of == unit)?.1.clone()
                    }
                    Some((_, value)) => value.to_owned(),
                    None => panic!("tests/api/matrix.txt: what stands for {{{named}}} in {plain}?"),
                },
            };
            path.push('/');
            path.push_str(&segment);
        }
        if !query.is_empty() {
            path = format!("{path}?{query}");
        }
        Some(path.replace("$UNIT", unit).replace("$CAMPAIGN", CAMPAIGN))
    }

    async fn ask(&self, who: &Who, row: &Row, path: &str, unit: &str) -> (u16, String, String) {
        let mut headers: Vec<(&str, &str)> = Vec::new();
        let body = row
            .body
            .as_ref()
            .map(|body| body.replace("$UNIT", unit).replace("$CAMPAIGN", CAMPAIGN).replace("\\n", "\n"));
        if let Some(body) = &body {
            headers.push((
                "content-type",
                match body {
                    json if json.starts_with('{') => "application/json",
                    form if form.contains('=') => "application/x-www-form-urlencoded",
                    _ => "text/csv",
                },
            ));
        }
        if let Some(cookie) = &who.cookie {
            headers.push(("cookie", cookie));
        }
        if (path.starts_with("/api/v1/events") || row.pattern.ends_with("/events")) && who.cookie.is_none() {
            // It never ends; the head of the answer says it all.
            let answer = who.client.open(path).await;
            return (answer.status().as_u16(), String::new(), String::new());
        }
        let answer = who.client.send(row.method.clone(), path, &headers, body.map(String::into_bytes)).await;
        let problem: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let code = problem["code"].as_str().unwrap_or_default().to_owned();
        (answer.status, answer.header("location").to_owned(), code)
    }
}

fn accounts(app: &TestApp) -> Vec<(String, Grant)> {
    let catalogue = app.store.catalogue();
    let unit = |code: &str| catalogue.tree.by_code(code).map(|unit| unit.id);
    let grant = |role, code: &str, below| Grant { role, unit: unit(code), below };
    let mut accounts: Vec<(String, Grant)> =
        Role::ALL.iter().map(|role| (format!("{}@gx-edu", role.code()), grant(*role, HOME, true))).collect();
    accounts.push(("alone@gx-edu".into(), grant(Role::Reporter, HOME, false)));
    let viewers = TARGETS.into_iter();
    accounts.extend(viewers.map(|target| (format!("person@{target}"), grant(Role::Viewer, target, true))));
    accounts
}

async fn enter(app: &TestApp, accounts: Vec<(String, Grant)>) -> Result<(), StoreError> {
    let password = password_hash();
    app.store
        .transact(move |tx: &mut Transaction| {
            Box::pin(async move {
                let idle = Duration::from_secs(30 * 24 * 3600);
                let session = |user: i32, token: &str, ends: &str| SessionRow {
                    token_hash: hash(token),
                    user,
                    idle,
                    expires_at: at(ends),
                    address: None,
                };
                for (username, grant) in accounts {
                    let account = NewAccount {
                        username: username.clone(),
                        password_hash: password.clone(),
                        grants: vec![grant],
                    };
                    let user = tx.insert_account(account).await?;
                    tx.insert_session(session(user, &username, "2099-01-01T00:00:00")).await?;
                }
                tx.insert_session(session(1, "expired", "2025-12-04T10:00:30")).await.map(drop)
            })
        })
        .await
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
    let (mut wrong, mut asked) = (Vec::new(), 0);
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
                let (status, location, code) = world.ask(who, row, &path, unit).await;
                asked += 1;
                let found = fate(row, status, &location, &code);
                let same = found == right
                    || (right == Fate::Refused && matches!(found, Fate::Forbidden | Fate::Hidden))
                    // A unit outside of the drive, asked about by whoever may see everything.
                    || (right == Fate::In && *unit == "371702" && who.scope.is_none() && found == Fate::Hidden)
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
    assert!(asked > 3_000, "{asked} are too few: the matrix has lost something");
    world.app.assert_sound().await;
}

/// A small source of numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % n as u64).unwrap()
    }
}

/// Totals are the sum of what the reader may see, over trees of any shape.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn totals_are_the_sum_of_what_one_may_see() {
    for seed in 1..=5_u64 {
        let mut dice = Dice(seed);
        let app = TestApp::start(Engine::Sqlite).await;
        let admin = app.by("admin");
        // 371772 and what grows under it: place of the unit above, code, copies reported.
        let mut units: Vec<(Option<usize>, String, i64)> = vec![(None, "371772".into(), 0)];
        for n in 0..14 {
            let parent = dice.below(units.len());
            let code = format!("u{n}");
            let body = json!({ "code": code, "name": code, "kind": "department", "parent": units[parent].1 });
            admin.post("/units", &body).await.expect(201);
            units.push((Some(parent), code, 0));
        }
        for (_, code, copies) in &mut units {
            if dice.below(4) == 0 {
                continue;
            }
            *copies = 1 + i64::try_from(dice.below(1_000)).unwrap();
            let body = json!({ "items": [{ "measure": "materials", "count": *copies }] });
            admin.put(&format!("/campaigns/{CAMPAIGN}/tallies/{code}/2025-12-04"), &body).await.expect(201);
        }
        let under = |at: usize, top: usize| {
            std::iter::successors(Some(at), |&at| units[at].0).any(|above| above == top)
        };
        let grants: Vec<(usize, bool)> =
            (0..6).map(|_| (dice.below(units.len()), dice.below(2) == 0)).collect();
        let catalogue = app.store.catalogue();
        let account = |(n, (unit, below)): (usize, &(usize, bool))| {
            let unit = catalogue.tree.by_code(&units[*unit].1).map(|unit| unit.id);
            (format!("reader-{seed}-{n}"), Grant { role: Role::Reporter, unit, below: *below })
        };
        enter(&app, grants.iter().enumerate().map(account).collect()).await.unwrap();
        for (n, (own, below)) in grants.iter().enumerate() {
            let reader = app.bearer(&format!("reader-{seed}-{n}"));
            let sees = |at: usize| at == *own || (*below && under(at, *own));
            for (top, (_, code, _)) in units.iter().enumerate() {
                let path = format!("/campaigns/{CAMPAIGN}/totals?unit={code}");
                if !sees(top) {
                    reader.get(&path).await.expect(404);
                    continue;
                }
                let right: i64 =
                    (0..units.len()).filter(|&at| under(at, top) && sees(at)).map(|at| units[at].2).sum();
                let totals = reader.get(&path).await.expect(200);
                let told = crate::support::total(&totals, |item| item["measure"] == "materials").0;
                assert_eq!(told, right, "seed {seed}, {code} by one over {} below {below}", units[*own].1);
                let by_unit = reader.get(&format!("{path}&by=unit")).await.expect(200);
                let parts: i64 = by_unit["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|item| item["measure"] == "materials")
                    .map(|item| item["count"].as_i64().unwrap())
                    .sum();
                assert_eq!(parts, right, "the parts of {code} add up to it: {by_unit}");
            }
        }
    }
}

/// What is kept to be told again is kept for whoever may see as much: the same address, in either order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_is_kept_by_scope() {
    for wide_first in [true, false] {
        let app = TestApp::start(Engine::Sqlite).await;
        enter(&app, accounts(&app)).await.unwrap();
        for (unit, count) in [("gx-edu", 5), ("gx-school", 70_000)] {
            let body = json!({ "items": [{ "measure": "materials", "count": count }] });
            app.by("admin")
                .put(&format!("/campaigns/{CAMPAIGN}/tallies/{unit}/2025-12-04"), &body)
                .await
                .expect(201);
        }
        let mut readers = [("office@gx-edu", 70_005), ("alone@gx-edu", 5)];
        if !wide_first {
            readers.reverse();
        }
        for chart in ["totals.png", "totals.svg", "trend.svg", "summary.svg", "completeness.svg"] {
            let path = format!("/campaigns/{CAMPAIGN}/charts/{chart}?unit=gx-edu");
            let mut seen: Vec<(String, Vec<u8>)> = Vec::new();
            for (who, _) in readers {
                let answer = app.bearer(who).get(&path).await;
                assert_eq!(answer.status, 200, "{chart}: {}", answer.text());
                assert!(
                    answer.header("cache-control").contains("private"),
                    "{}",
                    answer.header("cache-control")
                );
                let tag = answer.header("etag").to_owned();
                for (other, body) in &seen {
                    assert_ne!(*body, answer.body, "{chart} shows one what only the other may see");
                    let again = app.bearer(who).get_with(&path, &[("if-none-match", other)]).await;
                    assert_eq!(
                        (again.status, &again.body),
                        (200, &answer.body),
                        "{chart}: the tag of another scope"
                    );
                }
                seen.push((tag, answer.body));
            }
        }
        for (who, right) in readers {
            let totals =
                app.bearer(who).get(&format!("/campaigns/{CAMPAIGN}/totals?unit=gx-edu")).await.expect(200);
            assert_eq!(crate::support::total(&totals, |item| item["measure"] == "materials").0, right);
        }
    }
}
