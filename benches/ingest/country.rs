//! A country in small: one nation, ten provinces, a hundred counties, a thousand towns and their villages, with a
//! drive of a week and the accounts that report. Its villages report once a day, in no order, today first.

use pufa::clock::Clock;
use pufa::domain::access::{Grant, Role};
use pufa::domain::calendar::{ReportDay, Window};
use pufa::domain::campaign::{Campaign, CampaignId, Expected, Kind, USUAL_DEADLINE, template_measures};
use pufa::domain::unit::{UnitCode, UnitId, UnitKind};
use pufa::store::{
    NewAccount, NewCampaign, NewUnit, SessionRow, Settings, Store, StoreError, Transaction, Work,
};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::atomic::{AtomicUsize, Ordering};

const CAMPAIGN: &str = "constitution-bench";
/// Of the seven days of the drive, those that are not in the future.
const PAST_DAYS: usize = 6;

pub(crate) struct Country {
    /// Identifier of the drive, and on how many days, today and backwards, nobody has reported yet.
    campaign: String,
    open_days: usize,
    /// Code of the unit at the top.
    top: String,
    /// Codes of the villages, in no order, and the token that reports for each.
    villages: Vec<(String, usize)>,
    tokens: Vec<String>,
    today: ReportDay,
    next: AtomicUsize,
    elsewhere: AtomicUsize,
}

/// One report on its way: where to, by whom, what it says.
pub(crate) struct Report<'c> {
    pub(crate) path: String,
    pub(crate) token: &'c str,
    pub(crate) body: String,
}

impl Country {
    /// Enters a country into an empty database.
    pub(crate) async fn enter(url: &str, villages: usize, account_each: bool) -> Self {
        let store = Store::open(&Settings::new(url), Clock::system()).await.unwrap();
        let today = Clock::system().today();
        let work = work(move |transaction| Box::pin(enter(transaction, villages, account_each, today)));
        let (villages, tokens) = store.transact(work).await.unwrap();
        store.close().await;
        Self::new((CAMPAIGN.into(), PAST_DAYS, "CN".into()), villages, tokens, today)
    }

    /// Of a drive, the days on which nobody has reported yet, and the unit at its top.
    fn new(
        (campaign, open_days, top): (String, usize, String),
        mut villages: Vec<(String, usize)>,
        tokens: Vec<String>,
        today: ReportDay,
    ) -> Self {
        shuffle(&mut villages);
        Self {
            campaign,
            open_days,
            top,
            villages,
            tokens,
            today,
            next: AtomicUsize::new(0),
            elsewhere: AtomicUsize::new(0),
        }
    }

    /// A country that `pufa simulate` made: its last drive, and who has not reported for today. Somebody of each province
    /// reports for its villages.
    pub(crate) async fn simulated(url: &str) -> Self {
        let store = Store::open(&Settings::new(url), Clock::system()).await.unwrap();
        let today = Clock::system().today();
        let catalogue = store.catalogue();
        let tree = &catalogue.tree;
        let campaign = catalogue.campaigns.iter().find(|one| one.window.contains(today)).unwrap().clone();
        let provinces: Vec<(UnitId, String)> =
            tree.children(campaign.unit).map(|unit| (unit.id, unit.code().to_string())).collect();
        let leaves: Vec<UnitId> = tree.subtree(campaign.unit).map(|unit| unit.id).collect();
        let reported = store.standing(campaign.key, today, &leaves).await.unwrap();
        let mut villages = Vec::new();
        for (token, (province, _)) in provinces.iter().enumerate() {
            let leaves = tree.subtree(*province).filter(|unit| tree.is_leaf(unit.id, today));
            // What an earlier run has reported is left as it is.
            let leaves = leaves.filter(|unit| !reported.contains_key(&unit.id));
            villages.extend(leaves.map(|unit| (unit.code().to_string(), token)));
        }
        // Every program that is measured in turn has accounts of its own.
        let stamp = Clock::system().now().as_microsecond();
        let work = work(move |transaction| {
            Box::pin(async move {
                let mut tokens = Vec::new();
                for (province, code) in provinces {
                    let name = format!("bench-{stamp}-{code}");
                    tokens.push(account(transaction, Role::Reporter, &name, Some(province)).await?);
                }
                let office = format!("bench-{stamp}-office");
                tokens.push(account(transaction, Role::Office, &office, None).await?);
                Ok(tokens)
            })
        });
        let tokens = store.transact(work).await.unwrap();
        let top = tree.get(campaign.unit).unwrap().code().to_string();
        store.close().await;
        Self::new((campaign.id.to_string(), 1, top), villages, tokens, today)
    }

    /// How many reports have been handed out.
    pub(crate) fn taken(&self) -> u64 {
        self.next.load(Ordering::Relaxed).min(self.villages.len() * self.open_days) as u64
    }

    /// The next report of a village that has not reported that day yet; none when all have.
    pub(crate) fn report(&self) -> Option<Report<'_>> {
        let at = self.next.fetch_add(1, Ordering::Relaxed);
        let ago = at / self.villages.len();
        (ago < self.open_days).then(|| self.report_on(self.today.plus(-i32::try_from(ago).unwrap()), at))
    }

    /// The next report to a peer, which fills a database of its own and has no bounds on days; and its number.
    pub(crate) fn elsewhere(&self) -> (usize, Report<'_>) {
        let at = self.elsewhere.fetch_add(1, Ordering::Relaxed);
        (at, self.report_on(self.day_of(at), at))
    }

    /// Drive, day and village of a report to a peer.
    pub(crate) fn place(&self, at: usize) -> (&str, ReportDay, &str) {
        (&self.campaign, self.day_of(at), self.village(at % self.villages.len()))
    }

    fn day_of(&self, at: usize) -> ReportDay {
        self.today.plus(-i32::try_from(at / self.villages.len()).unwrap())
    }

    /// A report that is read and judged whole, and then refused: its day is tomorrow.
    pub(crate) fn refused(&self, at: usize) -> Report<'_> {
        self.report_on(self.today.plus(1), at)
    }

    /// The code of a village.
    pub(crate) fn village(&self, at: usize) -> &str {
        &self.villages[at].0
    }

    /// A report of a village for today that says a count and no more.
    pub(crate) fn correction(&self, at: usize, count: u32) -> Report<'_> {
        let body =
            format!("{{\"items\":[{{\"measure\":\"materials\",\"count\":{count}}}],\"reason\":\"更正\"}}");
        Report { body, ..self.report_on(self.today, at) }
    }

    fn report_on(&self, day: ReportDay, at: usize) -> Report<'_> {
        let (village, token) = &self.villages[at % self.villages.len()];
        Report {
            path: format!("/api/v1/campaigns/{}/tallies/{village}/{day}", self.campaign),
            token: &self.tokens[*token],
            body: body(at as u64),
        }
    }

    /// What an office looks at: the totals of the whole country.
    pub(crate) fn dashboard(&self) -> (String, &str) {
        let token = self.tokens.last().unwrap();
        (format!("/api/v1/campaigns/{}/totals?unit={}&by=measure", self.campaign, self.top), token)
    }

    /// The page on which it looks at them and that page's pictures: the nation's, or those of the unit two levels above a
    /// village, which many people have each of their own.
    pub(crate) fn board(&self, person: Option<usize>) -> ([String; 4], &str) {
        let unit = match person {
            None => &self.top[..],
            Some(person) => &self.villages[person % self.villages.len()].0[..6],
        };
        let page = format!("/campaigns/{}?unit={unit}", self.campaign);
        let picture = |name| {
            let stem = format!("/api/v1/campaigns/{}/charts/{name}.svg", self.campaign);
            format!("{stem}?unit={unit}&measure=materials&lang=zh-CN")
        };
        let pictures = ["year-over-year", "trend", "totals"].map(picture);
        let [first, second, third] = pictures;
        ([page, first, second, third], self.tokens.last().unwrap())
    }

    /// What tells that page of changes.
    pub(crate) fn events(&self) -> (String, &str) {
        let path = format!("/api/v1/events?campaign={}&unit={}", self.campaign, self.top);
        (path, self.tokens.last().unwrap())
    }
}

/// What a report counts: measure and title, or topic and mode, and the most of it.
pub(crate) const LINES: [(&str, &str, &str, &str, u64); 9] = [
    ("materials", "《宪法》", "", "", 2_000),
    ("materials", "《民法典》", "", "", 900),
    ("banners", "", "", "", 20),
    ("boards", "", "", "", 10),
    ("sessions", "", "", "", 4),
    ("audience", "", "", "", 500),
    ("consultations", "", "labour", "on_site", 40),
    ("consultations", "", "marriage_family", "on_site", 30),
    ("consultations", "", "consumer", "phone", 20),
];

/// The figures of a report, in the order of its lines.
pub(crate) fn counts(seed: u64) -> [u64; 9] {
    let mut chance = Chance(seed + 1);
    LINES.map(|(.., most)| chance.below(most) + 1)
}

/// Six measures and three kinds of consultation, some 430 bytes.
fn body(seed: u64) -> String {
    let [constitution, code, banners, boards, sessions, audience, labour, family, consumer] = counts(seed);
    let mut text = String::with_capacity(512);
    write!(
        text,
        "{{\"items\":[{{\"measure\":\"materials\",\"title\":\"《宪法》\",\"count\":{constitution}}},{{\"measure\":\"materials\",\"title\":\"《民法典》\",\"count\":{code}}},\
         {{\"measure\":\"banners\",\"count\":{banners}}},{{\"measure\":\"boards\",\"count\":{boards}}},{{\"measure\":\"sessions\",\"count\":{sessions}}},\
         {{\"measure\":\"audience\",\"count\":{audience}}}],\"consultations\":[{{\"topic\":\"labour\",\"mode\":\"on_site\",\"person_times\":{labour}}},\
         {{\"topic\":\"marriage_family\",\"mode\":\"on_site\",\"person_times\":{family}}},{{\"topic\":\"consumer\",\"mode\":\"phone\",\"person_times\":{consumer}}}]}}"
    )
    .unwrap();
    text
}

/// splitmix64.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % most
    }
}

fn shuffle<T>(items: &mut [T]) {
    let mut chance = Chance(1);
    for at in (1..items.len()).rev() {
        items.swap(at, usize::try_from(chance.below(at as u64 + 1)).unwrap());
    }
}

/// Tells the compiler that a closure is work for a transaction of any lifetime, which it does not infer by itself.
fn work<T, F>(work: F) -> F
where
    F: for<'t> FnOnce(&'t mut Transaction) -> Work<'t, T>,
{
    work
}

/// Villages with the number of the token that reports for them, and the tokens; the last one is the office's.
type Entered = (Vec<(String, usize)>, Vec<String>);

async fn enter(
    transaction: &mut Transaction,
    villages: usize,
    account_each: bool,
    today: ReportDay,
) -> Result<Entered, StoreError> {
    let (nation, _) = level(transaction, &vec![(None, String::new())], |_, _| "CN".into(), 1).await?;
    let root = nation[0].0;
    let (provinces, _) = level(transaction, &nation, |_, n| format!("{}", 11 + n), 10).await?;
    let (counties, _) =
        level(transaction, &provinces, |above, n| format!("{above}01{:02}", 21 + n), 10).await?;
    let (towns, _) = level(transaction, &counties, |above, n| format!("{above}{:03}", 1 + n), 10).await?;
    let (leaves, towns_of) =
        level(transaction, &towns, |above, n| format!("{above}{:03}", 200 + n), villages).await?;
    let first = today.plus(1 - i32::try_from(PAST_DAYS).unwrap());
    let campaign = Campaign {
        key: 0,
        id: CampaignId::new(CAMPAIGN).unwrap(),
        kind: Kind::Constitution,
        year: today.year(),
        name: "基准".into(),
        ordinal: None,
        theme: String::new(),
        window: Window::new(first, today.plus(1)).unwrap(),
        deadline: USUAL_DEADLINE,
        unit: root.unwrap(),
        expected: Expected::Leaves,
        measures: template_measures(Kind::Constitution),
        locked: false,
        demo: false,
        locks: Default::default(),
    };
    transaction.insert_campaign(NewCampaign(campaign)).await?;
    let mut tokens = Vec::new();
    for (unit, code) in if account_each { &leaves } else { &towns } {
        tokens.push(account(transaction, Role::Reporter, code, *unit).await?);
    }
    tokens.push(account(transaction, Role::Office, "office", root).await?);
    let villages = leaves.into_iter().zip(towns_of).enumerate();
    let villages = villages.map(|(at, ((_, code), town))| (code, if account_each { at } else { town }));
    Ok((villages.collect(), tokens))
}

type Units = Vec<(Option<UnitId>, String)>;

/// Enters so many units under each of some; gives them, and the place of each one's parent.
async fn level(
    transaction: &mut Transaction,
    above: &Units,
    code: impl Fn(&str, usize) -> String,
    each: usize,
) -> Result<(Units, Vec<usize>), StoreError> {
    let mut new = Vec::new();
    let mut parents = Vec::new();
    for (at, (parent, stem)) in above.iter().enumerate() {
        for n in 0..each {
            let code = code(stem, n);
            parents.push(at);
            new.push(NewUnit {
                name: format!("单位{code}"),
                code: UnitCode::new(&code).unwrap(),
                kind: if code.len() == 12 { UnitKind::Village } else { UnitKind::Region },
                parent: *parent,
                opened_on: None,
                closed_on: None,
                order: i32::try_from(n).unwrap(),
            });
        }
    }
    let codes: Vec<String> = new.iter().map(|unit| unit.code.to_string()).collect();
    let ids = transaction.insert_units(new).await?;
    Ok((ids.into_iter().map(Some).zip(codes).collect(), parents))
}

/// Enters an account that is signed in; gives its token.
async fn account(
    transaction: &mut Transaction,
    role: Role,
    username: &str,
    unit: Option<UnitId>,
) -> Result<String, StoreError> {
    let grants = vec![Grant { role, unit, below: true }];
    // No hash of a password: nobody signs in by one here.
    let new = NewAccount { username: username.into(), password_hash: "!".into(), grants };
    let user = transaction.insert_account(new).await?;
    let token = hex::encode(Sha256::digest(username.as_bytes()));
    let token_hash = hex::encode(Sha256::digest(token.as_bytes()));
    let expires_at = transaction.now() + jiff::SignedDuration::from_hours(12);
    let idle = std::time::Duration::from_secs(24 * 3600);
    transaction.insert_session(SessionRow { token_hash, user, idle, expires_at, address: None }).await?;
    Ok(token)
}
