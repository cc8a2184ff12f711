//! The units, accounts and the drive that most tests begin with.
//!
//! ```text
//! 371772 菏泽高新区 ─ 371772001 万福街道, 371772100 吕陵镇, 371772108 马岭岗镇, gx-edu 教体局 ─ gx-school 实验学校
//! 371702 牡丹区     ─ 371702001 东城街道
//! ```
//! The drive is Constitution Week 2025 of 菏泽高新区, 1 to 7 December, and it is the 4th, 10 o'clock: four units are
//! expected every day (the three townships and the school).

use super::TestApp;
use jiff::Timestamp;
use pufa::domain::access::{Grant, Role};
use pufa::domain::unit::{UnitCode, UnitId, UnitKind};
use pufa::service::session::hash_password;
use pufa::store::{NewAccount, NewUnit, SessionRow, Store, StoreError, Transaction};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashMap;
use std::sync::OnceLock;
use std::time::Duration;

/// Now, as Shanghai's clocks show it.
pub(crate) const NOON: &str = "2025-12-04T10:00:00";

/// Everybody's password.
pub(crate) const PASSWORD: &str = "correct horse battery";

/// An instant by Shanghai's clocks.
pub(crate) fn at(shanghai: &str) -> Timestamp {
    format!("{shanghai}+08:00").parse().unwrap()
}

/// The hash of [`PASSWORD`], made once: argon2 is slow on purpose.
pub(crate) fn password_hash() -> String {
    static HASH: OnceLock<String> = OnceLock::new();
    HASH.get_or_init(|| hash_password(PASSWORD, "").unwrap()).clone()
}

/// The token of an account's session.
pub(crate) fn token(username: &str) -> String {
    format!("token-of-{username}")
}

type New = (&'static str, &'static str, UnitKind, Option<&'static str>);

const UNITS: [New; 8] = [
    ("371772", "菏泽高新区", UnitKind::Region, None),
    ("371772001", "万福街道", UnitKind::Subdistrict, Some("371772")),
    ("371772100", "吕陵镇", UnitKind::Town, Some("371772")),
    ("371772108", "马岭岗镇", UnitKind::Town, Some("371772")),
    ("gx-edu", "教体局", UnitKind::Department, Some("371772")),
    ("gx-school", "实验学校", UnitKind::School, Some("gx-edu")),
    ("371702", "牡丹区", UnitKind::Region, None),
    ("371702001", "东城街道", UnitKind::Subdistrict, Some("371702")),
];

type Who = (&'static str, Role, Option<&'static str>, bool);

const ACCOUNTS: [Who; 8] = [
    ("admin", Role::Admin, None, true),
    ("office", Role::Office, Some("371772"), true),
    ("reviewer", Role::Reviewer, Some("371772"), true),
    ("viewer", Role::Viewer, Some("371772"), true),
    ("wanfu", Role::Reporter, Some("371772001"), false),
    ("edu", Role::Reporter, Some("gx-edu"), true),
    ("mudan", Role::Office, Some("371702"), true),
    ("auditor", Role::Auditor, Some("371772"), true),
];

pub(crate) async fn enter(app: &TestApp) {
    let units = enter_units(&app.store).await.unwrap();
    enter_accounts(app, units).await.unwrap();
    let body = json!({ "kind": "constitution", "year": 2025, "unit": "371772" });
    app.by("admin").post("/campaigns", &body).await.expect(201);
}

async fn enter_units(store: &Store) -> Result<HashMap<&'static str, UnitId>, StoreError> {
    store
        .transact(|tx: &mut Transaction| {
            Box::pin(async move {
                let mut ids = HashMap::new();
                for (order, (code, name, kind, parent)) in (0..).zip(UNITS) {
                    let unit = NewUnit {
                        code: UnitCode::new(code).unwrap(),
                        name: name.into(),
                        kind,
                        parent: parent.map(|parent| ids[parent]),
                        opened_on: None,
                        closed_on: None,
                        order,
                    };
                    ids.insert(code, tx.insert_units(vec![unit]).await?[0]);
                }
                Ok(ids)
            })
        })
        .await
}

/// Accounts with a session each, so that a test need not sign in to be somebody.
async fn enter_accounts(app: &TestApp, units: HashMap<&'static str, UnitId>) -> Result<(), StoreError> {
    let hash = password_hash();
    let expires_at = at("2099-01-01T00:00:00");
    app.store
        .transact(move |tx: &mut Transaction| {
            Box::pin(async move {
                for (username, role, unit, below) in ACCOUNTS {
                    let grants = vec![Grant { role, unit: unit.map(|unit| units[unit]), below }];
                    let account =
                        NewAccount { username: username.into(), password_hash: hash.clone(), grants };
                    let user = tx.insert_account(account).await?;
                    let token_hash = hex::encode(Sha256::digest(token(username)));
                    // It outlasts every test that moves the clock.
                    let idle = Duration::from_secs(100 * 366 * 24 * 3600);
                    let row = SessionRow { token_hash, user, idle, expires_at, address: None };
                    tx.insert_session(row).await?;
                }
                Ok(())
            })
        })
        .await
}
