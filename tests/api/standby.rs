//! Figures are read from a standby, say how old they are, and are never older than that; what must be exact is not.

use crate::events::Listening;
use crate::flow::WANFU;
use crate::support::{Answer, Client, Database, NOON, Options, Server, TestApp, at, total};
use pufa::store::Follower;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

const TOTALS: &str = "/campaigns/constitution-2025/totals?unit=371772";
const BOARD: &str = "/campaigns/constitution-2025";
const AS_OF: &str = "pufa-data-as-of";
const BOUND: Duration = Duration::from_secs(3);

fn body(count: i64) -> Value {
    json!({ "items": [{ "measure": "materials", "count": count }], "reason": "更正" })
}

/// A service that reads from a standby of its own.
struct Pair {
    app: TestApp,
    standby: Server,
    primary: Server,
}

impl Pair {
    async fn start(bound: Duration) -> Self {
        let primary = Server::primary();
        let standby = primary.standby();
        let database = Database::create_on(&primary.url("postgres")).await;
        let app = on(&database, &standby, bound).await;
        crate::support::enter(&app).await;
        let pair = Self { app, standby, primary };
        pair.app.by("wanfu").put(WANFU, &body(1)).await.expect(201);
        pair.until_used().await;
        pair
    }

    /// Until the standby holds everything that was acknowledged, and is read from.
    async fn until_used(&self) {
        let begun = Instant::now();
        // The header of the primary's answers says the clock's time as well, so monitoring is asked.
        while metric(&self.app, "pufa_standby_used").await != "1" || self.newest().await != self.shown().await
        {
            assert!(begun.elapsed() < Duration::from_secs(15), "nobody reads from the standby");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// What the primary holds.
    async fn newest(&self) -> i64 {
        self.app.by("wanfu").get(WANFU).await.expect(200)["items"][0]["count"].as_i64().unwrap()
    }

    /// What everybody is shown.
    async fn shown(&self) -> i64 {
        materials(&self.app.by("office").get(TOTALS).await)
    }

    async fn pause(&self) {
        let name = self.app.database.name();
        self.standby.until(name, "SELECT pg_wal_replay_pause() IS NOT NULL").await;
        self.standby.until(name, "SELECT pg_get_wal_replay_pause_state() = 'paused'").await;
    }

    async fn resume(&self) {
        self.standby.execute("SELECT pg_wal_replay_resume()").await;
    }
}

async fn on(database: &std::sync::Arc<Database>, standby: &Server, bound: Duration) -> TestApp {
    let follower = Some(Follower { url: standby.url(database.name()), bound });
    TestApp::on(database, Options { follower, ..Options::default() }).await
}

fn materials(answer: &Answer) -> i64 {
    total(&answer.expect(200), |item| item["measure"] == "materials").0
}

async fn metric(app: &TestApp, name: &str) -> String {
    let text = app.nobody().send(Method::GET, "/metrics", &[], None).await.text();
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.unwrap_or("0").to_owned()
}

async fn read_from(app: &TestApp, from: &str) -> u64 {
    metric(app, &format!("pufa_older_reads_total{{from=\"{from}\"}}")).await.parse().unwrap()
}

async fn ready(app: &TestApp) -> u16 {
    app.nobody().send(Method::GET, "/readyz", &[], None).await.status
}

/// A browser of the office's, which keeps the one cookie that matters here.
struct Browser {
    client: Client,
    cookie: String,
}

impl Browser {
    fn of(app: &TestApp) -> Self {
        Self { client: app.nobody(), cookie: "pufa_session=token-of-office".into() }
    }

    async fn send(&mut self, method: Method, path: &str, body: Option<&Value>) -> Answer {
        let body = body.map(|body| body.to_string().into_bytes());
        let headers = [("cookie", self.cookie.as_str()), ("content-type", "application/json")];
        let answer = self.client.send(method, &format!("/api/v1{path}"), &headers, body).await;
        if let Some(seen) = answer.header("set-cookie").split(';').next().filter(|seen| !seen.is_empty()) {
            assert!(seen.starts_with("pufa_seen="), "{seen}");
            self.cookie = format!("pufa_session=token-of-office; {seen}");
        }
        answer
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_are_as_old_as_they_say_and_no_older() {
    let pair = Pair::start(BOUND).await;
    let app = &pair.app;
    let board =
        async || app.by("office").send(Method::GET, BOARD, &[("accept-language", "zh-CN")], None).await;
    assert!(board().await.text().contains("数据截至 10:00:00，至多滞后 3 秒。"), "{}", board().await.text());
    let english = app.by("office").send(Method::GET, BOARD, &[("accept-language", "en")], None).await;
    assert!(english.text().contains("Figures as of 10:00:00, at most 3 s behind."));
    assert_eq!(app.by("office").get(TOTALS).await.header(AS_OF), "2025-12-04T10:00:00.000+08:00");

    pair.pause().await;
    let before = read_from(app, "standby").await;
    // As long as nothing is written, one that does not move is not behind.
    let paused = Instant::now();
    app.by("wanfu").put_over(WANFU, &body(2), 1).await.expect(200);
    let written = Instant::now();
    let old = pair.shown().await;
    assert!(paused.elapsed() < BOUND, "the machine is too slow for this test");
    assert_eq!(old, 1, "what the standby holds");
    assert_eq!(read_from(app, "standby").await, before + 1);
    // A picture of old figures has its own tag, so it is never taken for the newer one, whoever asks with which.
    let (picture, now) = ("/campaigns/constitution-2025/charts/totals.svg", "2025-12-04T10:00:00.001+08:00");
    let office = app.by("office");
    let old = office.get(picture).await;
    let new = office.get_with(picture, &[(AS_OF, now)]).await;
    assert!(old.status == 200 && new.status == 200 && old.header("etag") != new.header("etag"));
    let again = office.get_with(picture, &[("if-none-match", new.header("etag"))]).await;
    assert_eq!((again.status, again.header("etag")), (200, old.header("etag")));
    assert!(again.body == old.body && old.body != new.body);
    assert_eq!(office.get_with(picture, &[("if-none-match", old.header("etag"))]).await.status, 304);
    // Exact meanwhile: a report by itself, whoever says what it has seen, and whoever sent it.
    assert_eq!(pair.newest().await, 2);
    let asked = [(AS_OF, "2025-12-04T10:00:00.001+08:00")];
    assert_eq!(materials(&app.by("office").get_with(TOTALS, &asked).await), 2);
    assert_eq!(materials(&app.by("office").get_with(TOTALS, &[(AS_OF, "no time")]).await), 2);
    let mut browser = Browser::of(app);
    assert_eq!(materials(&browser.send(Method::GET, TOTALS, None).await), 1, "it has sent nothing yet");
    let other = "/campaigns/constitution-2025/tallies/371772100/2025-12-04";
    browser.send(Method::PUT, other, Some(&body(10))).await.expect(201);
    assert!(browser.cookie.contains("pufa_seen="));
    assert_eq!(materials(&browser.send(Method::GET, TOTALS, None).await), 12, "it reads what it wrote");
    assert!(paused.elapsed() < BOUND, "the machine is too slow for this test");
    assert_eq!(pair.shown().await, 1, "others do not yet");

    // Beyond the bound the primary answers, on every road.
    tokio::time::sleep(BOUND.saturating_sub(written.elapsed()) + Duration::from_millis(10)).await;
    assert_eq!(pair.shown().await, 12);
    assert_eq!(metric(app, "pufa_standby_used").await, "0");
    let text = board().await.text();
    assert!(text.contains("数据截至 10:00:00。") && !text.contains("至多滞后"));
    assert_eq!(ready(app).await, 200);

    // It comes back by itself.
    pair.resume().await;
    let begun = Instant::now();
    while metric(app, "pufa_standby_used").await != "1" {
        assert!(begun.elapsed() < Duration::from_secs(10), "the standby is not read from again");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let before = read_from(app, "standby").await;
    assert_eq!(pair.shown().await, 12);
    assert_eq!(read_from(app, "standby").await, before + 1);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_primary_does_not_make_the_standby_old() {
    let pair = Pair::start(Duration::from_secs(1)).await;
    let before = read_from(&pair.app, "primary").await;
    for _ in 0..30 {
        assert_eq!(pair.shown().await, 1);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(read_from(&pair.app, "primary").await, before, "nothing was written for three seconds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn units_and_campaigns_in_memory_are_never_newer_than_the_figures() {
    let pair = Pair::start(Duration::from_secs(60)).await;
    pair.pause().await;
    pair.app.by("wanfu").put_over(WANFU, &body(2), 1).await.expect(200);
    assert_eq!(pair.shown().await, 1);
    let unit = json!({ "code": "gx-new", "name": "新设", "parent": "371772" });
    pair.app.by("admin").post("/units", &unit).await.expect(201);
    assert_eq!(pair.shown().await, 2, "the standby does not know the unit");
    pair.resume().await;
    pair.until_used().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_standby_that_hangs_or_ends_holds_up_nobody() {
    let Pair { app, standby, primary } = Pair::start(BOUND).await;
    let office = app.by("office");
    standby.freeze();
    let reads = (0..24).map(|_| {
        let office = office.clone();
        tokio::spawn(async move {
            let begun = Instant::now();
            (materials(&office.get(TOTALS).await), begun.elapsed())
        })
    });
    let reads: Vec<_> = reads.collect();
    app.by("wanfu").put_over(WANFU, &body(2), 1).await.expect(200);
    for read in reads {
        let (count, took) = read.await.unwrap();
        assert!((1..=2).contains(&count) && took < Duration::from_secs(4), "{count} {took:?}");
    }
    // Now it is known, and nobody waits.
    for _ in 0..20 {
        let begun = Instant::now();
        assert_eq!(materials(&office.get(TOTALS).await), 2);
        assert!(begun.elapsed() < Duration::from_secs(1), "{:?}", begun.elapsed());
        assert_eq!(ready(&app).await, 200);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    standby.thaw();
    let pair = Pair { app, standby, primary };
    pair.until_used().await;

    // The same, for good.
    let Pair { app, standby, primary: _primary } = pair;
    drop(standby);
    app.by("wanfu").put_over(WANFU, &body(3), 2).await.expect(200);
    for _ in 0..20 {
        let begun = Instant::now();
        let count = materials(&office.get(TOTALS).await);
        assert!((2..=3).contains(&count) && begun.elapsed() < Duration::from_secs(3));
        assert_eq!(ready(&app).await, 200);
    }
    tokio::time::sleep(BOUND).await;
    assert_eq!(materials(&office.get(TOTALS).await), 3);
    app.assert_sound().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_that_was_promoted_or_follows_somebody_else_is_left() {
    let primary = Server::primary();
    let rival = primary.standby();
    let database = Database::create_on(&primary.url("postgres")).await;
    let name = database.name();
    let app = on(&database, &rival, BOUND).await;
    crate::support::enter(&app).await;
    app.by("wanfu").put(WANFU, &body(1)).await.expect(201);
    let pair = Pair { app, standby: rival, primary };
    pair.until_used().await;
    // One more, which will follow the rival.
    let second = pair.standby.standby();

    pair.standby.execute("SELECT pg_promote()").await;
    pair.standby.until(name, "SELECT NOT pg_is_in_recovery()").await;
    // It goes its own way, and its figures with it.
    let astray = Database::at(&pair.standby.url(name));
    let other = TestApp::on(&astray, Options::default()).await;
    other.by("wanfu").put_over(WANFU, &body(900), 1).await.expect(200);
    for _ in 0..20 {
        assert_eq!(pair.shown().await, 1);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(metric(&pair.app, "pufa_standby_used").await, "0");

    // A standby of the rival is one indeed, and not of ours: further than the primary at first, then with another audit.
    second.until(name, "SELECT count(*) = 2 FROM tally_versions").await;
    let behind = on(&database, &second, BOUND).await;
    for version in 1..=20 {
        behind.by("wanfu").put_over(WANFU, &body(1 + version), version as u64).await.expect(200);
        let shown = materials(&behind.by("office").get(TOTALS).await);
        assert_eq!(shown, 1 + version, "never the rival's");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(read_from(&behind, "standby").await, 0);
    behind.assert_sound().await;
    other.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn figures_never_go_back_for_a_browser_and_who_is_told_finds_them() {
    let pair = Pair::start(Duration::from_millis(600)).await;
    // The clock goes on as the world's does.
    let (clock, begun) = (pair.app.clock.clone(), Instant::now());
    let ticking = tokio::spawn(async move {
        loop {
            clock.set(at(NOON) + begun.elapsed());
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    });
    let wanfu = pair.app.by("wanfu");
    let writing = tokio::spawn(async move {
        for version in 1..=150 {
            wanfu.put_over(WANFU, &body(1 + version), version as u64).await.expect(200);
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
    });
    let (client, office) = (pair.app.by("office"), pair.app.by("office"));
    let listening = tokio::spawn(async move {
        let mut told = Listening::to(&client, "?campaign=constitution-2025&unit=371772").await;
        let mut last = 0;
        while last < 151 {
            let revision = told.next().await.unwrap()["revision"].as_i64().unwrap();
            assert!(revision > last, "{revision} was told after {last}");
            let found = office.get(TOTALS).await.expect(200)["revision"].as_i64().unwrap();
            assert!(found >= revision, "told of {revision}, and shown {found}");
            last = revision;
        }
    });
    let mut browser = Browser::of(&pair.app);
    let (mut last, mut round) = (0, 0);
    while !writing.is_finished() {
        // Away beyond the bound, and back, again and again.
        match round % 40 {
            10 => pair.pause().await,
            30 => pair.resume().await,
            _ => {}
        }
        round += 1;
        let count = materials(&browser.send(Method::GET, TOTALS, None).await);
        assert!(count >= last, "{last}, then {count}");
        last = count;
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    pair.resume().await;
    writing.await.unwrap();
    listening.await.unwrap();
    pair.until_used().await;
    let (standby, primary) = (read_from(&pair.app, "standby").await, read_from(&pair.app, "primary").await);
    assert!(standby > 10 && primary > 10, "both were read: {standby} {primary}");
    ticking.abort();
    pair.app.assert_sound().await;
}
