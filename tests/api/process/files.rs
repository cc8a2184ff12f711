//! Files at the command line, and hostile ones at a service whose memory is watched.

use super::{Done, Served, pufa, run};
use crate::import::{forge, post};
use crate::support::{PASSWORD, client};
use serde_json::{Value, json};
use std::path::PathBuf;

struct Place {
    dir: tempfile::TempDir,
    url: String,
}

const UNITS: &str = "code,name\n371772,菏泽高新区\n371772001,万福街道\n371772100,吕陵镇\n";

impl Place {
    /// A database with units from a file, an account and a campaign.
    async fn new() -> (Self, Served, crate::support::Client) {
        let dir = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}?mode=rwc", dir.path().join("pufa.db").display());
        let place = Self { dir, url };
        let done = place.import("units", UNITS, &[]);
        assert_eq!(done.code, 0, "{}", done.err);
        assert_eq!(done.json()["new"], 3);
        let add = ["user", "add", "root", "--role", "admin", "--password-stdin"];
        assert_eq!(place.run(&add, PASSWORD).code, 0);
        let served = Served::start(pufa(&["serve", "--listen", "127.0.0.1:0", "--database", &place.url]));
        let session = json!({ "username": "root", "password": PASSWORD });
        let session = client(served.address, None).post("/session", &session).await.expect(201);
        let root = client(served.address, Some(session["token"].as_str().unwrap()));
        let drive = json!({ "kind": "constitution", "year": 2025, "unit": "371772" });
        root.post("/campaigns", &drive).await.expect(201);
        (place, served, root)
    }

    fn run(&self, arguments: &[&str], input: &str) -> Done {
        run(pufa(&[arguments, &["--database", &self.url]].concat()), input)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.dir.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn import(&self, what: &str, csv: &str, more: &[&str]) -> Done {
        let path = self.file("in.csv", csv.as_bytes());
        self.run(&[&["import", what, path.to_str().unwrap()], more].concat(), "")
    }
}

impl Done {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {} {}", self.out, self.err))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_taken_in_at_the_command_line() {
    let (place, served, _root) = Place::new().await;
    assert_eq!(served.terminate(), 0);
    let sheet = "单位,日期,横幅,咨询人次\n万福街道,2025-12-01,6,3\n吕陵镇,2025年12月2日,7,\n合计,,14,3\n";
    let dry = place.import("tallies", sheet, &["--dry-run"]);
    assert_eq!((dry.code, &dry.json()["new"]), (0, &json!(2)), "{}", dry.err);
    assert!(dry.err.contains("C4: 合计写的是 14，各行相加是 13"), "{}", dry.err);
    let done = place.import("tallies", sheet, &["--campaign", "constitution-2025", "--lang", "en"]);
    assert_eq!((done.code, &done.json()["new"]), (0, &json!(2)), "{}", done.err);
    assert!(done.err.contains("C4: The sum says 14"), "{}", done.err);
    // The campaign is found from the days of the file.
    assert_eq!(place.import("tallies", sheet, &[]).json()["same"], 2);
    let records = "单位,日期,主题,人次\n万福街道,2025-12-01,劳动用工,3\n";
    assert_eq!(place.import("consultations", records, &["--reason", "recount"]).json()["changed"], 1);
    let wrong = place.import("consultations", sheet, &[]);
    assert_eq!((wrong.code, wrong.out.as_str()), (1, ""), "{}", wrong.err);
    let faulty = place.import(
        "tallies",
        "单位,日期,横幅\n万福街道,2025-12-01,x\n无,1/2/2025,1\n",
        &["--campaign", "constitution-2025"],
    );
    assert_eq!((faulty.code, faulty.out.as_str()), (1, ""), "{}", faulty.err);
    for words in ["C2: ", "A3: ", "B3: "] {
        assert!(faulty.err.contains(words), "{words}: {}", faulty.err);
    }
    assert_eq!(place.import("pictures", sheet, &[]).code, 2);
    assert_eq!(place.import("tallies", sheet, &["--date", "1/2/2025"]).code, 2);
    assert_eq!(place.run(&["import", "units", "no-such-file.csv"], "").code, 1);
    let unclear = place.import("tallies", "单位,日期,横幅\n万福街道,2019-12-01,1\n", &[]);
    assert_eq!(unclear.code, 1, "{}", unclear.err);
    let verified = place.run(&["verify"], "");
    assert_eq!(verified.code, 0, "{}", verified.out);
}

/// The most memory that a process has ever held, in MiB.
fn peak(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hostile_workbooks_are_refused_and_take_no_memory() {
    let (place, served, root) = Place::new().await;
    let path = "/api/v1/campaigns/constitution-2025/tallies/import";
    let kind = ("content-type", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet");
    let before = peak(served.pid());
    for (name, bytes, code) in forge::hostile() {
        let problem = post(&root, path, kind, bytes).await;
        assert_eq!(
            (problem.status, &problem.json()["code"]),
            (422, &json!(code)),
            "{name}: {}",
            problem.text()
        );
        assert!(!problem.json()["title"].as_str().unwrap().starts_with("error-"), "{name}");
    }
    let large = vec![b'a'; 8 * 1024 * 1024 + 1];
    post(&root, path, kind, large).await.problem(413, "body_too_large");
    let grown = peak(served.pid()) - before;
    assert!(grown < 200, "{grown} MiB");
    root.get("/campaigns/constitution-2025/totals").await.expect(200);
    assert_eq!(served.terminate(), 0);
    assert_eq!(place.run(&["verify"], "").code, 0);
}
