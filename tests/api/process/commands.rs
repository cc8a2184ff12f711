//! The commands and their exit status: 0 done, 1 the work failed, 2 wrong usage; data to stdout, words to stderr.

use super::{Done, Served, pufa, run};
use crate::support::{PASSWORD, client};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

struct Place {
    _dir: tempfile::TempDir,
    url: String,
}

impl Place {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", dir.path().join("pufa.db").display());
        Self { _dir: dir, url }
    }

    fn run(&self, arguments: &[&str], input: &str) -> Done {
        run(pufa(&[arguments, &["--database", &self.url]].concat()), input)
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn accounts_are_managed_while_the_service_runs() {
    let place = Place::new();
    let served = Served::start(pufa(&["serve", "--listen", "127.0.0.1:0", "--database", &place.url]));
    let nobody = client(served.address, None);
    let sign_in = async |name: &str, password: &str| {
        nobody.post("/session", &json!({ "username": name, "password": password })).await
    };
    sign_in("admin", PASSWORD).await.problem(401, "wrong_password");

    let add = ["user", "add", "root", "--role", "admin", "--password-stdin"];
    assert_eq!(place.run(&add, &format!("{PASSWORD}\n")).code, 0);
    let twice = place.run(&add, PASSWORD);
    assert_eq!((twice.code, twice.out.as_str()), (1, ""), "{}", twice.err);
    let session = sign_in("root", PASSWORD).await.expect(201);
    let root = client(served.address, Some(session["token"].as_str().unwrap()));
    root.post("/units", &json!({ "code": "371772", "name": "菏泽高新区" })).await.expect(201);
    let reporter = ["user", "add", "wang", "--role", "reporter", "--unit", "371772", "--password-stdin"];
    assert_eq!(place.run(&reporter, PASSWORD).code, 0, "without a line end too");
    let listed = place.run(&["user", "list"], "");
    assert_eq!(
        (listed.code, listed.out.as_str()),
        (0, "root\tactive\tadmin:*\nwang\tactive\treporter:371772\n")
    );

    let session = sign_in("wang", PASSWORD).await.expect(201);
    let wang = client(served.address, Some(session["token"].as_str().unwrap()));
    wang.get("/me").await.expect(200);
    assert_eq!(place.run(&["user", "passwd", "wang"], "another password\n").code, 0);
    signed_out(&wang).await;
    sign_in("wang", PASSWORD).await.problem(401, "wrong_password");
    sign_in("wang", "another password").await.expect(201);
    assert_eq!(place.run(&["user", "disable", "wang"], "").code, 0);
    sign_in("wang", "another password").await.problem(401, "wrong_password");
    let listed = place.run(&["user", "list"], "").out;
    assert!(listed.contains("wang\tdisabled\treporter:371772"), "{listed}");
    assert_eq!(served.terminate(), 0);
    let verified = place.run(&["verify"], "");
    assert_eq!(verified.code, 0, "{}", verified.out);
}

async fn signed_out(client: &crate::support::Client) {
    let begun = Instant::now();
    while client.get("/me").await.status == 200 {
        assert!(begun.elapsed() < Duration::from_secs(10), "the session outlives its password");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[test]
fn a_command_that_cannot_do_its_work_says_so() {
    let place = Place::new();
    assert_eq!(place.run(&["migrate", "up"], "").code, 0);
    let named = |name: &str| ["user", "add", name, "--role", "office"].map(ToOwned::to_owned);
    let add = |name: &str, more: &[&str]| {
        let mut arguments = named(name).to_vec();
        arguments.extend(more.iter().map(|more| (*more).to_owned()));
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        place.run(&arguments, PASSWORD).code
    };
    let short = ["user", "add", "x", "--role", "admin", "--password-stdin"];
    assert_eq!(place.run(&short, "short\n").code, 2, "a password of five characters");
    assert_eq!(add("x", &[]), 2, "--password-stdin is missing");
    assert_eq!(add("x", &["--password-stdin"]), 2, "--unit is missing");
    assert_eq!(add("x", &["--unit", "nowhere", "--password-stdin"]), 2);
    assert_eq!(add("x y", &["--unit", "nowhere", "--password-stdin"]), 2);
    for (arguments, code) in [
        (&["user", "add", "x", "--role", "king", "--password-stdin"][..], 2),
        (&["user", "disable", "nobody"], 1),
        (&["chart", "totals", "--campaign", "nothing", "-o", "/nonexistent/x.png"], 1),
        (&["chart", "totals", "--campaign", "nothing", "-o", "x.gif"], 2),
        (&["chart", "totals", "--campaign", "nothing"], 2),
    ] {
        let done = place.run(arguments, PASSWORD);
        assert_eq!((done.code, done.out.as_str()), (code, ""), "{arguments:?}: {}", done.err);
        assert!(!done.err.is_empty(), "{arguments:?}");
    }
    for (arguments, code) in [
        (&["dance"][..], 2),
        (&[], 2),
        (&["verify", "--database", "mysql://localhost/x"], 2),
        (&["serve", "--database", "sqlite::memory:"], 2),
        (&["verify", "--database", "sqlite:///nonexistent/pufa.db"], 1),
        (&["serve", "--database", "sqlite:///nonexistent/pufa.db?mode=rwc"], 1),
        (&["serve", "--lane", "-1"], 2),
        (&["--version"], 0),
        (&["--help"], 0),
    ] {
        let done = run(pufa(arguments), "");
        assert_eq!(done.code, code, "{arguments:?}: {}{}", done.out, done.err);
    }
    assert_eq!(place.run(&["user", "list"], "").out, "", "nobody got in");
    // An address that is taken.
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    assert_eq!(place.run(&["serve", "--listen", &address], "").code, 1);
}

#[test]
fn the_schema_is_told_and_brought_up_to_date() {
    let place = Place::new();
    let status = place.run(&["migrate", "status"], "");
    assert_eq!(status.code, 1, "{}", status.err);
    assert!(status.out.lines().count() >= 4 && status.out.contains("accounts"), "{}", status.out);
    let up = place.run(&["migrate", "up"], "");
    assert_eq!((up.code, up.out.as_str()), (0, ""), "{}", up.err);
    let status = place.run(&["migrate", "status"], "");
    assert_eq!((status.code, status.out.as_str()), (0, ""), "{}", status.err);
    assert_eq!(place.run(&["config", "check"], "").code, 0);
}

#[test]
fn the_description_is_printed_without_a_database() {
    let done = run(pufa(&["openapi"]), "");
    assert_eq!(done.code, 0, "{}", done.err);
    let printed: Value = serde_json::from_str(&done.out).unwrap();
    let agreed: Value = serde_json::from_str(include_str!("../openapi.json")).unwrap();
    assert_eq!(printed, agreed);
}
