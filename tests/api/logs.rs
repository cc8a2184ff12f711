//! The log of the program itself: no secrets, no people, no characters that are none.

use crate::process::pufa;
use crate::support::client;
use reqwest::Method;
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

/// Ends a child with the test.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_names_nobody_and_holds_no_secret() {
    let dir = tempfile::tempdir().unwrap();
    let log = dir.path().join("log");
    let mut command = pufa(&["--log", "debug", "demo", "--listen", "127.0.0.1:0", "--dir"]);
    command.arg(dir.path()).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut child = Ended(command.stderr(std::fs::File::create(&log).unwrap()).spawn().unwrap());
    let mut lines = BufReader::new(child.0.stdout.take().unwrap()).lines();
    let mut logins: Vec<(String, String)> = Vec::new();
    let address = loop {
        let line = lines.next().unwrap().unwrap();
        if let Some(address) = line.strip_prefix("listening on http://") {
            break address.parse().unwrap();
        }
        if let [_, _, name, password] = line.split(' ').collect::<Vec<_>>()[..] {
            logins.push((name.to_owned(), password.to_owned()));
        }
    };
    let nobody = client(address, None);
    let (name, password) = logins.iter().find(|(name, _)| name == "office").unwrap();
    let session =
        nobody.post("/session", &json!({ "username": name, "password": password })).await.expect(201);
    let token = session["token"].as_str().unwrap();
    let office = client(address, Some(token));
    let secrets = [
        "typed-into-the-wrong-field",
        "13912345678",
        "not-the-password",
        "pufa_0123456789abcdef",
        "谁家的秘密",
    ];
    let [wrong_name, phone, wrong, forged, note] = secrets;
    nobody.post("/session", &json!({ "username": wrong_name, "password": wrong })).await.expect(401);
    client(address, Some(forged)).get("/me").await.expect(401);
    office.post("/parse", &json!({ "text": format!("{note}{phone}\u{1b}[31m") })).await;
    office
        .patch("/campaigns/constitution-2025", &json!({ "theme": format!("{note} {phone}") }))
        .await
        .expect(422);
    office.get("/units?q=%0d%0aforged%20line%1b%5b31m").await;
    office.get(&format!("/users/{wrong_name}%0aERROR")).await.expect(404);
    nobody.send(Method::GET, "/nowhere%0a%1b", &[("cookie", &format!("pufa_session={forged}"))], None).await;
    nobody.send(Method::GET, &format!("/r/{forged}"), &[], None).await;
    drop(child);
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(log.lines().count() > 3, "the log is that of this program: {log}");
    for secret in secrets.iter().copied().chain([token, password]).chain(["forged line"]) {
        assert!(!log.contains(secret), "{secret} is in the log: {log}");
    }
    let odd: Vec<char> = log.chars().filter(|c| c.is_control() && *c != '\n').collect();
    assert!(odd.is_empty(), "{odd:?} in {log:?}");
}
