//! The people of the matrix, and what was made for each unit.

use super::{CAMPAIGN, HOME, Row, TARGETS};
use crate::support::{Answer, Client, Engine, TestApp, at, password_hash};
use pufa::domain::access::{Grant, Role};
use pufa::store::{NewAccount, SessionRow, StoreError, Transaction};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::time::Duration;

/// How somebody comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    Session,
    Token,
    Link,
    /// Not at all, with what has expired, or with what was revoked.
    None,
}

/// Somebody who asks.
pub(super) struct Who {
    pub(super) name: String,
    pub(super) role: Role,
    /// The units in scope; `None` is everything.
    pub(super) scope: Option<&'static [&'static str]>,
    pub(super) door: Door,
    client: Client,
    pub(super) cookie: Option<String>,
}

impl Who {
    pub(super) fn covers(&self, unit: &str) -> bool {
        self.scope.is_none_or(|scope| scope.contains(&unit))
    }
}

fn hash(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// The world of the matrix.
pub(super) struct World {
    pub(super) app: TestApp,
    pub(super) people: Vec<Who>,
    /// Numbers of what was made for a unit: `hook`, `publication`.
    made: BTreeMap<(&'static str, String), String>,
}

impl World {
    pub(super) async fn new(engine: Engine) -> Self {
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
        let cookie =
            |link: &Value| format!("pufa_link={}", link["path"].as_str().unwrap().trim_start_matches("/r/"));
        let dead =
            admin.post(&format!("/campaigns/{CAMPAIGN}/links"), &json!({ "unit": HOME })).await.expect(201);
        admin.delete(&format!("/links/{}", dead["id"])).await.expect(204);
        add("revoked link", Role::Reporter, Some(&[]), Door::None, app.nobody(), Some(cookie(&dead)));
        let cookie = cookie(&link);
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
        // From below and from above: where they stand, the same units are a parent, an uncle, grandchildren.
        let name = "reporter@gx-school";
        let scope: &[&str] = &["gx-school", "gx-class"];
        add(name, Role::Reporter, Some(scope), Door::Session, app.bearer(name), None);
        let name = "reviewer@371772001";
        add(name, Role::Reviewer, Some(&["371772001"]), Door::Session, app.bearer(name), None);
        let name = "office@371772";
        let scope: &[&str] = &["371772", "371772001", "gx-edu", "gx-school", "gx-class"];
        add(name, Role::Office, Some(scope), Door::Session, app.bearer(name), None);
        add("mudan", Role::Office, Some(&["371702"]), Door::Session, app.by("mudan"), None);
        // Whoever may most comes last, so that what they change does not hide a refusal.
        add("admin", Role::Admin, None, Door::Session, admin.clone(), None);
        app.set_clock("2025-12-04T10:01:00");
        Self { app, people, made }
    }

    /// The address of a row for a unit; none where nothing was made for it.
    pub(super) fn address(&self, row: &Row, unit: &str) -> Option<String> {
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

    pub(super) async fn ask(&self, who: &Who, row: &Row, path: &str, unit: &str) -> Answer {
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
            let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
            return Answer { status, headers, body: Vec::new() };
        }
        who.client.send(row.method.clone(), path, &headers, body.map(String::into_bytes)).await
    }
}

pub(super) fn accounts(app: &TestApp) -> Vec<(String, Grant)> {
    let catalogue = app.store.catalogue();
    let unit = |code: &str| catalogue.tree.by_code(code).map(|unit| unit.id);
    let grant = |role, code: &str, below| Grant { role, unit: unit(code), below };
    let mut accounts: Vec<(String, Grant)> =
        Role::ALL.iter().map(|role| (format!("{}@gx-edu", role.code()), grant(*role, HOME, true))).collect();
    accounts.push(("alone@gx-edu".into(), grant(Role::Reporter, HOME, false)));
    accounts.push(("reporter@gx-school".into(), grant(Role::Reporter, "gx-school", true)));
    accounts.push(("reviewer@371772001".into(), grant(Role::Reviewer, "371772001", true)));
    accounts.push(("office@371772".into(), grant(Role::Office, "371772", true)));
    let viewers = TARGETS.into_iter();
    accounts.extend(viewers.map(|target| (format!("person@{target}"), grant(Role::Viewer, target, true))));
    accounts
}

pub(super) async fn enter(app: &TestApp, accounts: Vec<(String, Grant)>) -> Result<(), StoreError> {
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
