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

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_first_account_comes_by_the_link_that_is_printed() {
    let place = Place::new();
    let serve = || Served::start(pufa(&["serve", "--listen", "127.0.0.1:0", "--database", &place.url]));
    let served = serve();
    let line = served.lines.iter().find_map(|line| line.strip_prefix("setup ")).unwrap().to_owned();
    let path = line.strip_prefix(&format!("http://{}", served.address)).unwrap();
    let nobody = client(served.address, None);
    assert_eq!(nobody.send(reqwest::Method::GET, path, &[], None).await.status, 200);
    let form = format!("username=root&password={0}&again={0}", PASSWORD.replace(' ', "+")).into_bytes();
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let made = nobody.send(reqwest::Method::POST, path, &headers, Some(form)).await;
    assert_eq!((made.status, made.header("location")), (303, "/login"), "{}", made.text());
    assert_eq!(nobody.send(reqwest::Method::GET, path, &[], None).await.status, 404);
    assert_eq!(place.run(&["user", "list"], "").out, "root\tactive\tadmin:*\n");
    assert_eq!(served.terminate(), 0);
    let served = serve();
    assert!(served.lines.iter().all(|line| !line.starts_with("setup ")), "{:?}", served.lines);
    assert_eq!(client(served.address, None).send(reqwest::Method::GET, path, &[], None).await.status, 404);
    let wrong = run(pufa(&["serve", "--public-url", "pufa.example/x", "--database", &place.url]), "");
    assert_eq!(wrong.code, 2, "{}", wrong.err);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tokens_are_made_and_revoked_from_the_command_line() {
    let place = Place::new();
    let served = Served::start(pufa(&["serve", "--listen", "127.0.0.1:0", "--database", &place.url]));
    let add = ["user", "add", "root", "--role", "admin", "--password-stdin"];
    assert_eq!(place.run(&add, PASSWORD).code, 0);
    let tomorrow = pufa::clock::Clock::system().today().plus(1).to_string();
    let create = |name: &str, role: &str, expires: &str| {
        place.run(&["token", "create", name, "--role", role, "--expires", expires], "")
    };
    assert_eq!(create("nobody", "admin", &tomorrow).code, 1);
    assert_eq!(create("root", "king", &tomorrow).code, 2);
    assert_eq!(create("root", "viewer", &tomorrow).code, 2, "--unit is missing");
    assert_eq!(create("root", "admin", "2001-01-01").code, 2);
    let made = create("root", "admin", &tomorrow);
    assert_eq!(made.code, 0, "{}", made.err);
    let program = client(served.address, Some(made.out.trim_end()));
    assert_eq!(program.get("/me").await.expect(200)["username"], "root");
    let listed = place.run(&["token", "list"], "").out;
    assert!(
        listed.starts_with("1\tactive\troot\tadmin:*\t") && !listed.contains(made.out.trim_end()),
        "{listed}"
    );
    assert_eq!(place.run(&["token", "revoke", "1"], "").code, 0);
    signed_out(&program).await;
    assert_eq!(place.run(&["token", "revoke", "1"], "").code, 1);
    assert!(place.run(&["token", "list"], "").out.starts_with("1\trevoked\t"));
    // Shut out, let in again; and an authenticator that was lost.
    assert_eq!(place.run(&["user", "disable", "root"], "").code, 0);
    assert_eq!(place.run(&["user", "enable", "root"], "").code, 0);
    assert_eq!(place.run(&["user", "reset-totp", "root"], "").code, 0);
    assert_eq!(place.run(&["user", "reset-totp", "nobody"], "").code, 1);
    let credentials = json!({ "username": "root", "password": PASSWORD });
    client(served.address, None).post("/session", &credentials).await.expect(201);
    assert_eq!(place.run(&["user", "passwd", "root"], "password1\n").code, 2, "a common one");
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
