//! `pufa demo`, and a picture of its data without a server.

use super::{Served, pufa, run};
use crate::support::{client, total};
use pufa::demo::{PAST, ROOT};
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_shows_what_the_newspaper_printed() {
    let dir = tempfile::tempdir().unwrap();
    let place = dir.path().to_str().unwrap();
    // Before the day's deadline, after which a correction wants a reason.
    let served = Served::start(pufa(&["demo", "--listen", "127.0.0.1:0", "--dir", place, "--at", "14:00"]));
    let logins: Vec<Vec<&str>> = served.lines.iter().map(|line| line.split(' ').collect()).collect();
    let roles: Vec<&str> = logins.iter().map(|login| login[1]).collect();
    assert_eq!(roles, ["admin", "office", "reviewer", "reporter", "viewer", "auditor"]);
    let mut tokens = Vec::new();
    for login in &logins {
        assert_eq!((login.len(), login[0]), (4, "login"), "{login:?}");
        let credentials = json!({ "username": login[2], "password": login[3] });
        let session = client(served.address, None).post("/session", &credentials).await.expect(201);
        assert_eq!(session["grants"][0]["role"], login[1]);
        tokens.push(session["token"].as_str().unwrap().to_owned());
    }
    let office = client(served.address, Some(&tokens[1]));
    for (year, printed) in PAST {
        let path = format!("/campaigns/constitution-{year}/totals?unit={ROOT}");
        let totals = office.get(&path).await.expect(200);
        let of = |code: &str| total(&totals, |item| item["measure"] == code);
        let right = (printed.materials, printed.consultations);
        let found = (of("materials").0.unsigned_abs(), of("consultations").0.unsigned_abs());
        assert_eq!(found, right, "{year}");
        if year == 2021 {
            assert_eq!(
                (of("materials"), of("consultations")),
                ((40_213, 40_213, 40_213), (3_062, 3_062, 3_062))
            );
        }
    }
    // A newcomer reports for today at once, whatever day it is.
    let reporter = client(served.address, Some(&tokens[3]));
    let unit = reporter.get("/me").await.expect(200)["grants"][0]["unit"].as_str().unwrap().to_owned();
    let campaigns = reporter.get("/campaigns").await.expect(200);
    let open =
        campaigns["items"].as_array().unwrap().iter().find(|campaign| campaign["state"] == "open").unwrap();
    assert_eq!(open["demo"], true);
    let (id, today) = (open["id"].as_str().unwrap(), open["today"].as_str().unwrap());
    let path = format!("/campaigns/{id}/tallies/{unit}/{today}");
    let known = reporter.get(&path).await.json()["version"].clone();
    let body = json!({ "items": [{ "measure": "materials", "count": 321 }] });
    let answer = match &known {
        Value::Null => reporter.put(&path, &body).await,
        version => reporter.put_over(&path, &body, version.as_u64().unwrap()).await,
    };
    assert!(matches!(answer.status, 200 | 201), "{}", answer.text());
    assert_eq!(served.terminate(), 0);

    let url = format!("sqlite://{}", dir.path().join("pufa-demo.db").display());
    let verified = run(pufa(&["verify", "--database", &url]), "");
    assert_eq!((verified.code, verified.out.as_str()), (0, ""), "{}", verified.err);
    for (file, begins) in [("year.png", &b"\x89PNG\r\n\x1a\n"[..]), ("year.svg", b"<")] {
        let output = dir.path().join(file);
        let arguments = [
            "chart",
            "year-over-year",
            "--campaign",
            "constitution-2025",
            "--scale",
            "2",
            "--database",
            &url,
            "-o",
        ];
        let drawn = run(pufa(&[&arguments[..], &[output.to_str().unwrap()]].concat()), "");
        assert_eq!((drawn.code, drawn.out.as_str()), (0, ""), "{}", drawn.err);
        let bytes = std::fs::read(&output).unwrap();
        assert!(bytes.starts_with(begins) && bytes.len() > 10_000, "{file}: {} bytes", bytes.len());
    }
    let folder = dir.path().join("all");
    let arguments = ["chart", "summary", "--all", "--preset", "phone", "--database", &url, "-o"];
    let drawn = run(pufa(&[&arguments[..], &[folder.to_str().unwrap()]].concat()), "");
    assert_eq!((drawn.code, drawn.out.as_str()), (0, ""), "{}", drawn.err);
    let pages: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert_eq!(pages.len(), campaigns["items"].as_array().unwrap().len(), "a page a campaign");
    for page in pages {
        let bytes = std::fs::read(&page).unwrap();
        // Width and height as the file itself says them.
        assert_eq!(
            (&bytes[16..20], &bytes[20..24]),
            (&1080_u32.to_be_bytes()[..], &1440_u32.to_be_bytes()[..])
        );
    }
    let unknown = dir.path().join("no.png");
    let arguments = ["chart", "pie", "--campaign", "constitution-2025", "--database", &url, "-o"];
    assert_eq!(run(pufa(&[&arguments[..], &[unknown.to_str().unwrap()]].concat()), "").code, 1);
    assert!(!unknown.exists(), "a picture that could not be drawn leaves no file");
}
