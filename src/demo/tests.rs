use super::*;
use crate::clock::Clock;
use crate::domain::access::Role;
use crate::domain::completeness::Status;
use crate::domain::measure::CONSULTATIONS;
use crate::domain::quantity::Sum;
use crate::domain::tally::{Figures, Version, check_day};
use crate::store::{Settings, Store, StoreError};
use std::collections::{BTreeMap, HashSet};
use std::path::PathBuf;

const TODAYS: [&str; 9] = [
    "2026-01-01",
    "2026-03-01",
    "2026-11-23",
    "2026-12-04",
    "2026-12-31",
    "2027-06-19",
    "2028-02-29",
    "2030-12-07",
    "2025-12-31",
];

fn day(text: &str) -> ReportDay {
    text.parse().unwrap()
}

/// The last version of every report of a campaign.
fn current<'a>(plan: &'a Plan, campaign: &Campaign) -> Vec<&'a Report> {
    let of_campaign = plan.reports.iter().filter(|report| report.campaign == campaign.key);
    let last: BTreeMap<_, _> = of_campaign.map(|report| ((report.day, report.unit), report)).collect();
    last.into_values().collect()
}

fn written(plan: &Plan, campaign: &Campaign) -> BTreeMap<String, Sum> {
    let mut sums = BTreeMap::new();
    for report in current(plan, campaign) {
        for entry in Figures::check(&report.draft, campaign).unwrap().entries() {
            *sums.entry(entry.line.measure().to_owned()).or_insert(Sum::ZERO) += entry.quantity.sum();
        }
    }
    sums
}

#[test]
fn the_same_day_and_seed_give_the_same_plan() {
    let today = day("2026-11-23");
    assert_eq!(plan(today, SEED), plan(today, SEED));
    assert_ne!(plan(today, SEED).reports, plan(today, SEED + 1).reports);
    let (other, past) = (plan(day("2027-03-05"), SEED), |plan: &Plan| {
        plan.reports.iter().filter(|report| report.campaign <= 5).cloned().collect::<Vec<_>>()
    });
    assert_eq!(past(&plan(today, SEED)), past(&other), "the past does not depend on today");
}

#[test]
fn pictures_have_a_glyph_for_every_character_of_the_demo() {
    let plan = plan(day("2026-11-23"), SEED);
    let units = plan.units.iter().map(|unit| unit.name.clone());
    let campaigns =
        plan.campaigns.iter().flat_map(|campaign| [campaign.name.clone(), campaign.theme.clone()]);
    let titles = plan.reports.iter().flat_map(|report| report.draft.items.iter());
    let titles = titles.filter_map(|item| item.title.clone());
    let words: HashSet<String> = units.chain(campaigns).chain(titles).collect();
    assert!(words.len() > plan.units.len());
    let letters: Vec<char> =
        words.iter().flat_map(|word| word.chars()).filter(|c| !c.is_whitespace()).collect();
    // So few at a time that none is left out for want of room.
    for word in letters.chunks(8).map(String::from_iter) {
        let bar = pufa_charts::Bar { label: word.clone(), ..Default::default() };
        let totals = pufa_charts::Totals { bars: vec![bar], ..Default::default() };
        let options = pufa_charts::Options { strict: true, ..Default::default() };
        let svg = pufa_charts::svg(&pufa_charts::Spec::Totals(totals), &options);
        let svg = svg.unwrap_or_else(|error| panic!("{word}: {error}"));
        assert!(word.chars().all(|c| svg.contains(c)), "{word}");
    }
}

#[test]
fn past_drives_add_up_to_the_constants() {
    for seed in [SEED, 1, 2, 3] {
        let plan = plan(day("2026-11-23"), seed);
        for (campaign, (year, totals)) in plan.campaigns.iter().zip(PAST) {
            let sums = written(&plan, campaign);
            assert_eq!(campaign.id.as_str(), format!("constitution-{year}"));
            assert_eq!(sums["materials"].count, i64::try_from(totals.materials).unwrap(), "{year}");
            assert_eq!(sums[CONSULTATIONS], Sum::exact(i64::try_from(totals.consultations).unwrap()));
            assert!(year != 2021 || sums["materials"].is_exact(), "{:?}", sums["materials"]);
        }
    }
}

#[test]
fn every_report_is_one_that_the_service_would_take() {
    for today in TODAYS.map(day).into_iter().chain([day("2025-12-03"), day("2022-12-06")]) {
        let plan = plan(today, SEED);
        let tree = plan.tree();
        for report in &plan.reports {
            let campaign = &plan.campaigns[usize::try_from(report.campaign - 1).unwrap()];
            assert_eq!(campaign.key, report.campaign);
            assert_eq!(check_day(campaign, &tree, report.unit, report.day, report.received_at), Ok(false));
            assert!(campaign.expects(&tree, report.unit, report.day));
            let figures = Figures::check(&report.draft, campaign);
            assert!(figures.is_ok(), "{figures:?} {report:?}");
            assert!(ReportDay::of(report.received_at) >= report.day);
            assert!(ReportDay::of(report.received_at) <= today.plus(1));
        }
    }
}

#[test]
fn one_drive_runs_whatever_today_is() {
    for today in TODAYS.map(day).into_iter().chain((0..80).map(|n| day("2026-11-23").plus(5 * n))) {
        let plan = plan(today, SEED);
        let running = plan.running().unwrap();
        assert_eq!(plan.campaigns.len(), 6);
        assert!(plan.campaigns.iter().all(|c| c.demo && c.name.ends_with("（演示）")));
        assert!(running.window.contains(today) && running.theme.contains("演示"));
        assert_eq!((running.year, running.window.days().count()), (today.year(), 7));
        let ids: HashSet<_> = plan.campaigns.iter().map(|campaign| &campaign.id).collect();
        assert_eq!(ids.len(), 6, "{today}");
        let tree = plan.tree();
        let own = tree.by_code(REPORTER_UNIT).unwrap().id;
        let reported: HashSet<_> =
            current(&plan, running).iter().filter(|r| r.day == today).map(|r| r.unit).collect();
        assert!(running.expects(&tree, own, today) && !reported.contains(&own));
        let expected = tree.all().filter(|unit| running.expects(&tree, unit.id, today)).count();
        assert!(reported.len() >= 3 && reported.len() + 3 <= expected, "{today}: {}", reported.len());
        assert!(plan.reports.iter().all(|report| report.day <= today));
    }
    assert_eq!(plan(day("2025-12-31"), SEED).running().unwrap().id.as_str(), "constitution-2025-demo");
    assert_eq!(plan(day("2026-01-01"), SEED).running().unwrap().id.as_str(), "constitution-2026");
}

#[test]
fn the_demo_shows_every_state_of_a_report() {
    let plan = plan(day("2026-11-23"), SEED);
    let tree = plan.tree();
    for campaign in &plan.campaigns[..5] {
        let reports = current(&plan, campaign);
        let expected: usize = campaign
            .window
            .days()
            .map(|day| tree.all().filter(|unit| campaign.expects(&tree, unit.id, day)).count())
            .sum();
        assert_eq!(expected, 12 * 7, "a chart of twelve units");
        let late = reports.iter().filter(|r| r.received_at > campaign.deadline_of(r.day)).count();
        let zero = reports.iter().filter(|r| r.draft.zero).count();
        assert!(reports.len() < expected && late > 0 && zero > 0, "{}", campaign.id);
    }
    assert!(plan.reports.iter().any(|report| report.on_behalf));
    assert!(plan.reports.iter().filter(|report| report.version == 2).count() >= 3);
    assert!(!written(&plan, &plan.campaigns[4])["materials"].is_exact(), "a chart with an inexact total");
    let reporting = |year: usize| -> HashSet<UnitId> {
        current(&plan, &plan.campaigns[year]).iter().map(|report| report.unit).collect()
    };
    let (first, last) = (reporting(0), reporting(4));
    assert_eq!((first.difference(&last).count(), last.difference(&first).count()), (1, 1));
}

struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("pufa-demo-test-{}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Self(path)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn secrets() -> [Secret; ACCOUNTS.len()] {
    ACCOUNTS.map(|account| Secret {
        password: format!("password of {}", account.username),
        hash: format!("hash of {}", account.username),
    })
}

#[tokio::test]
async fn a_filled_database_holds_what_was_planned() {
    let scratch = Scratch::new();
    let today = day("2026-11-23");
    let now = today.at(jiff::civil::time(9, 0, 0, 0));
    let settings = Settings::new(format!("sqlite://{}?mode=rwc", scratch.0.join("demo.db").display()));
    let store = Store::open(&settings, Clock::fixed(now)).await.unwrap();
    let plan = plan(today, SEED);
    let logins = fill(&store, &plan, now, secrets()).await.unwrap();

    assert_eq!(logins.len(), ACCOUNTS.len());
    assert_eq!(logins[3].password, "password of reporter");
    let accounts = store.accounts().await.unwrap();
    let able: Vec<_> = accounts.iter().filter(|account| !account.disabled).collect();
    assert_eq!(able.len(), ACCOUNTS.len());
    assert!(able.iter().any(|account| account.grants[0].role == Role::Admin));
    assert_eq!(store.verify().await.unwrap(), []);

    let catalogue = store.catalogue();
    let book = store.slots();
    let root = catalogue.tree.by_code(ROOT).unwrap().id;
    let mut stored = 0;
    for planned in &plan.campaigns {
        let campaign = catalogue.campaign(planned.id.as_str()).unwrap();
        let mut sums: BTreeMap<String, Sum> = BTreeMap::new();
        for rollup in store.rollups(&[campaign.key], &[root]).await.unwrap().values() {
            for (slot, sum) in rollup.sums.iter() {
                *sums.entry(book.line(*slot).unwrap().measure().to_owned()).or_default() += *sum;
            }
        }
        assert_eq!(sums, written(&plan, planned), "{}", planned.id);
        if planned.year == 2021 {
            assert_eq!(sums["materials"], Sum::exact(40_213));
            assert_eq!(sums[CONSULTATIONS], Sum::exact(3_062));
        }
        let versions = stored_versions(&store, campaign.key).await;
        assert!(versions.iter().all(|version| version.received_at <= now));
        let late = |version: &&Version| Status::of(true, true, Some(version)) == Status::Late;
        assert!(planned.key == 6 || versions.iter().any(|version| late(&version)));
        stored += versions.iter().map(|version| version.version as usize).sum::<usize>();
    }
    assert_eq!(stored, plan.reports.len());

    let again = fill(&store, &plan, now, secrets()).await;
    assert!(matches!(again, Err(StoreError::Exists(_))));
    store.close().await;
}

async fn stored_versions(store: &Store, campaign: i32) -> Vec<Version> {
    let listing = crate::store::Listing { campaign, ..Default::default() };
    store.list(&listing).await.unwrap()
}
