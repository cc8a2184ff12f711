//! Entering a plan into a database, through the writer like every real report.

use super::{Plan, Report};
use crate::domain::access::{Grant, Role};
use crate::domain::catalogue::Catalogue;
use crate::domain::review;
use crate::domain::tally::Channel;
use crate::domain::unit::UnitId;
use crate::store::{
    Act, NewAccount, NewCampaign, NewUnit, Outcome, Precondition, Store, StoreError, Submission, Transaction,
};
use jiff::Timestamp;
use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

/// An account of the demo: one of each role.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Account {
    /// What it may do.
    pub role: Role,
    /// Name to sign in with.
    pub username: &'static str,
    /// Code of its unit; `None` is everything.
    pub unit: Option<&'static str>,
    /// Whether the units below are included.
    pub below: bool,
}

const fn account(role: Role, username: &'static str, unit: Option<&'static str>, below: bool) -> Account {
    Account { role, username, unit, below }
}

/// The accounts of the demo, in the order of the roles.
pub const ACCOUNTS: [Account; 6] = [
    account(Role::Admin, "admin", None, true),
    account(Role::Office, "office", Some(super::ROOT), true),
    account(Role::Reviewer, "reviewer", Some(super::ROOT), true),
    account(Role::Reporter, "reporter", Some(super::REPORTER_UNIT), false),
    account(Role::Viewer, "viewer", Some(super::ROOT), true),
    account(Role::Auditor, "auditor", Some(super::ROOT), true),
];

/// A password and its hash, made by the caller: the demo knows neither chance nor argon2. Not `Debug`, so that it
/// never gets into a log.
#[derive(Clone)]
pub struct Secret {
    /// As it is typed.
    pub password: String,
    /// argon2id in PHC form.
    pub hash: String,
}

/// What a newcomer signs in with; printed as `login ROLE USER PASSWORD`.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// What it may do.
    pub role: Role,
    /// Name to sign in with.
    pub username: &'static str,
    /// As it is typed.
    pub password: String,
}

/// How many reports wait for the writer at once: far below the usual limit of its queue, and few groups in all.
const WAVE: usize = 256;

/// Enters a plan into an empty database, and gives the logins in the order of [`ACCOUNTS`].
///
/// Nothing is received after `now`: a report that the plan puts later this morning is received now.
///
/// # Errors
/// `Exists` when the database is not empty, `Damaged` when a planned report is refused; otherwise what the database
/// said.
pub async fn fill(
    store: &Store,
    plan: &Plan,
    now: Timestamp,
    secrets: [Secret; ACCOUNTS.len()],
) -> Result<Vec<Login>, StoreError> {
    let units = enter_units(store, plan).await?;
    enter_campaigns(store, plan, &units).await?;
    let senders = enter_accounts(store, plan, &units, &secrets).await?;
    let hall = Hall { plan, units, senders, catalogue: store.catalogue(), now };
    // A correction names the version it replaces, so every first version is durable before the first correction.
    let (first, corrections): (Vec<_>, Vec<_>) = plan.reports.iter().partition(|report| report.version == 1);
    for reports in first.chunks(WAVE).chain(corrections.chunks(WAVE)) {
        let submissions = reports.iter().map(|report| hall.submission(report)).collect::<Result<_, _>>()?;
        send(store, submissions).await?;
    }
    let logins = ACCOUNTS.iter().zip(secrets);
    Ok(logins
        .map(|(account, secret)| Login {
            role: account.role,
            username: account.username,
            password: secret.password,
        })
        .collect())
}

/// Numbers in the database by numbers in the plan.
type Units = HashMap<UnitId, UnitId>;

fn damaged(what: impl std::fmt::Display) -> StoreError {
    StoreError::Damaged(format!("demo: {what}"))
}

async fn enter_units(store: &Store, plan: &Plan) -> Result<Units, StoreError> {
    let units = plan.units.clone();
    store
        .transact(move |transaction: &mut Transaction| {
            Box::pin(async move {
                let mut numbers = Units::new();
                for unit in units {
                    let parent = unit.parent.map(|parent| numbers.get(&parent).copied());
                    let new = NewUnit {
                        code: unit.code,
                        name: unit.name,
                        kind: unit.kind,
                        parent: parent
                            .map(|parent| parent.ok_or_else(|| damaged("a unit before its parent")))
                            .transpose()?,
                        opened_on: unit.opened_on,
                        closed_on: unit.closed_on,
                        order: unit.order,
                    };
                    let entered = transaction.insert_units(vec![new]).await?;
                    numbers.extend(entered.first().map(|&number| (unit.id, number)));
                }
                Ok(numbers)
            })
        })
        .await
}

async fn enter_campaigns(store: &Store, plan: &Plan, units: &Units) -> Result<(), StoreError> {
    let mut campaigns = plan.campaigns.clone();
    for campaign in &mut campaigns {
        campaign.unit = *units.get(&campaign.unit).ok_or_else(|| damaged(&campaign.id))?;
    }
    store
        .transact(move |transaction: &mut Transaction| {
            Box::pin(async move {
                for campaign in campaigns {
                    transaction.insert_campaign(NewCampaign(campaign)).await?;
                }
                Ok(())
            })
        })
        .await
}

/// Who sends the reports, by their numbers in the database.
struct Senders {
    office: i32,
    /// By the unit's number in the plan.
    of_unit: HashMap<UnitId, i32>,
}

/// Enters the accounts that a newcomer signs in with, and a disabled one for every other unit, named by the unit's
/// code: a version says who sent it, and none of these is a person. They have the reporter's hash, so that every hash
/// kept is a real one.
async fn enter_accounts(
    store: &Store,
    plan: &Plan,
    units: &Units,
    secrets: &[Secret; ACCOUNTS.len()],
) -> Result<Senders, StoreError> {
    let hashes = secrets.clone().map(|secret| secret.hash);
    let (tree, units) = (plan.tree(), units.clone());
    store
        .transact(move |transaction: &mut Transaction| {
            Box::pin(async move {
                let number = |code: &str| tree.by_code(code).and_then(|unit| units.get(&unit.id)).copied();
                let mut senders = Senders { office: 0, of_unit: HashMap::new() };
                let mut spare = String::new();
                for (account, hash) in ACCOUNTS.iter().zip(hashes) {
                    let unit =
                        account.unit.map(|code| number(code).ok_or_else(|| damaged(code))).transpose()?;
                    let grant = Grant { role: account.role, unit, below: account.below };
                    let id = transaction.insert_account(new_account(account.username, &hash, grant)).await?;
                    match account.role {
                        Role::Office => senders.office = id,
                        Role::Reporter => {
                            let own = account.unit.and_then(|code| tree.by_code(code));
                            senders.of_unit.extend(own.map(|unit| (unit.id, id)));
                            spare = hash;
                        }
                        _ => {}
                    }
                }
                for unit in tree.all().filter(|unit| unit.above().is_some()) {
                    if senders.of_unit.contains_key(&unit.id) {
                        continue;
                    }
                    let grant =
                        Grant { role: Role::Reporter, unit: units.get(&unit.id).copied(), below: false };
                    let username = unit.code();
                    let username = username.as_str();
                    let id = transaction.insert_account(new_account(username, &spare, grant)).await?;
                    transaction.update_account(username, None, Some(true)).await?;
                    senders.of_unit.insert(unit.id, id);
                }
                Ok(senders)
            })
        })
        .await
}

fn new_account(username: &str, hash: &str, grant: Grant) -> NewAccount {
    NewAccount { username: username.into(), password_hash: hash.into(), grants: vec![grant] }
}

/// What is needed to turn a planned report into a submission.
struct Hall<'a> {
    plan: &'a Plan,
    units: Units,
    senders: Senders,
    catalogue: Arc<Catalogue>,
    now: Timestamp,
}

impl Hall<'_> {
    fn submission(&self, report: &Report) -> Result<Submission, StoreError> {
        let refused = || damaged(format!("report of unit {} on {}", report.unit.0, report.day));
        let planned = self.plan.campaigns.iter().find(|campaign| campaign.key == report.campaign);
        let campaign =
            planned.and_then(|planned| self.catalogue.campaign(planned.id.as_str())).ok_or_else(refused)?;
        let unit = self.units.get(&report.unit).copied().ok_or_else(refused)?;
        let said = review::Report::check(&report.draft, campaign, &self.catalogue.tree, unit);
        let own = self.senders.of_unit.get(&report.unit).copied();
        let actor = if report.on_behalf { Some(self.senders.office) } else { own };
        Ok(Submission {
            epoch: self.catalogue.epoch,
            campaign: campaign.key,
            unit,
            day: report.day,
            act: Act::Report {
                report: said.map_err(|_| refused())?,
                on_behalf: report.on_behalf,
                channel: Channel::Form,
                deadline: campaign.deadline_of(report.day),
                exception: false,
            },
            precondition: match report.version {
                1 => Precondition::Absent,
                version => Precondition::Version(version - 1),
            },
            idempotency: None,
            actor: actor.ok_or_else(refused)?,
            address: None,
            received_at: report.received_at.min(self.now),
        })
    }
}

/// Sends reports all at once, so that the writer commits them in groups, and waits until all are durable.
///
/// One task polls them in their order, so they queue in their order: the same plan gives the same numbers to the same
/// titles every time, and the same pictures.
async fn send(store: &Store, submissions: Vec<Submission>) -> Result<(), StoreError> {
    let mut waiting: Vec<_> =
        submissions.into_iter().map(|submission| Some(Box::pin(store.submit(submission)))).collect();
    poll_fn(|context| {
        for place in &mut waiting {
            let Some(Poll::Ready(outcome)) = place.as_mut().map(|submit| submit.as_mut().poll(context))
            else {
                continue;
            };
            *place = None;
            match outcome {
                Ok(Outcome::Stored { .. }) => {}
                Ok(other) => return Poll::Ready(Err(damaged(format!("not stored: {other:?}")))),
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        if waiting.iter().all(Option::is_none) { Poll::Ready(Ok(())) } else { Poll::Pending }
    })
    .await
}
