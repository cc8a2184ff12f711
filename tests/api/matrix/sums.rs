//! Totals and whatever is kept to be told again: what one may see and no more.

use super::CAMPAIGN;
use super::world::{accounts, enter};
use crate::support::{Engine, TestApp};
use pufa::domain::access::{Grant, Role};
use serde_json::json;

/// A small source of numbers that are the same each time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % n as u64).unwrap()
    }
}

/// Totals are the sum of what the reader may see, over trees of any shape.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn totals_are_the_sum_of_what_one_may_see() {
    for seed in 1..=5_u64 {
        let mut dice = Dice(seed);
        let app = TestApp::start(Engine::Sqlite).await;
        let admin = app.by("admin");
        // 371772 and what grows under it: place of the unit above, code, copies reported.
        let mut units: Vec<(Option<usize>, String, i64)> = vec![(None, "371772".into(), 0)];
        for n in 0..14 {
            let parent = dice.below(units.len());
            let code = format!("u{n}");
            let body = json!({ "code": code, "name": code, "kind": "department", "parent": units[parent].1 });
            admin.post("/units", &body).await.expect(201);
            units.push((Some(parent), code, 0));
        }
        for (_, code, copies) in &mut units {
            if dice.below(4) == 0 {
                continue;
            }
            *copies = 1 + i64::try_from(dice.below(1_000)).unwrap();
            let body = json!({ "items": [{ "measure": "materials", "count": *copies }] });
            admin.put(&format!("/campaigns/{CAMPAIGN}/tallies/{code}/2025-12-04"), &body).await.expect(201);
        }
        let under = |at: usize, top: usize| {
            std::iter::successors(Some(at), |&at| units[at].0).any(|above| above == top)
        };
        let grants: Vec<(usize, bool)> =
            (0..6).map(|_| (dice.below(units.len()), dice.below(2) == 0)).collect();
        let catalogue = app.store.catalogue();
        let account = |(n, (unit, below)): (usize, &(usize, bool))| {
            let unit = catalogue.tree.by_code(&units[*unit].1).map(|unit| unit.id);
            (format!("reader-{seed}-{n}"), Grant { role: Role::Reporter, unit, below: *below })
        };
        enter(&app, grants.iter().enumerate().map(account).collect()).await.unwrap();
        for (n, (own, below)) in grants.iter().enumerate() {
            let reader = app.bearer(&format!("reader-{seed}-{n}"));
            let sees = |at: usize| at == *own || (*below && under(at, *own));
            for (top, (_, code, _)) in units.iter().enumerate() {
                let path = format!("/campaigns/{CAMPAIGN}/totals?unit={code}");
                if !sees(top) {
                    reader.get(&path).await.expect(404);
                    continue;
                }
                let right: i64 =
                    (0..units.len()).filter(|&at| under(at, top) && sees(at)).map(|at| units[at].2).sum();
                let totals = reader.get(&path).await.expect(200);
                let told = crate::support::total(&totals, |item| item["measure"] == "materials").0;
                assert_eq!(told, right, "seed {seed}, {code} by one over {} below {below}", units[*own].1);
                let by_unit = reader.get(&format!("{path}&by=unit")).await.expect(200);
                let parts: i64 = by_unit["items"]
                    .as_array()
                    .unwrap()
                    .iter()
                    .filter(|item| item["measure"] == "materials")
                    .map(|item| item["count"].as_i64().unwrap())
                    .sum();
                assert_eq!(parts, right, "the parts of {code} add up to it: {by_unit}");
            }
        }
    }
}

/// What is kept to be told again is kept for whoever may see as much: the same address, in either order.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_kept_is_kept_by_scope() {
    for wide_first in [true, false] {
        let app = TestApp::start(Engine::Sqlite).await;
        enter(&app, accounts(&app)).await.unwrap();
        for (unit, count) in [("gx-edu", 5), ("gx-school", 70_000)] {
            let body = json!({ "items": [{ "measure": "materials", "count": count }] });
            app.by("admin")
                .put(&format!("/campaigns/{CAMPAIGN}/tallies/{unit}/2025-12-04"), &body)
                .await
                .expect(201);
        }
        let mut readers = [("office@gx-edu", 70_005), ("alone@gx-edu", 5)];
        if !wide_first {
            readers.reverse();
        }
        for chart in ["totals.png", "totals.svg", "trend.svg", "summary.svg", "completeness.svg"] {
            let path = format!("/campaigns/{CAMPAIGN}/charts/{chart}?unit=gx-edu");
            let mut seen: Vec<(String, Vec<u8>)> = Vec::new();
            for (who, _) in readers {
                let answer = app.bearer(who).get(&path).await;
                assert_eq!(answer.status, 200, "{chart}: {}", answer.text());
                assert!(
                    answer.header("cache-control").contains("private"),
                    "{}",
                    answer.header("cache-control")
                );
                let tag = answer.header("etag").to_owned();
                for (other, body) in &seen {
                    assert_ne!(*body, answer.body, "{chart} shows one what only the other may see");
                    let again = app.bearer(who).get_with(&path, &[("if-none-match", other)]).await;
                    assert_eq!(
                        (again.status, &again.body),
                        (200, &answer.body),
                        "{chart}: the tag of another scope"
                    );
                }
                seen.push((tag, answer.body));
            }
        }
        for (who, right) in readers {
            let totals =
                app.bearer(who).get(&format!("/campaigns/{CAMPAIGN}/totals?unit=gx-edu")).await.expect(200);
            assert_eq!(crate::support::total(&totals, |item| item["measure"] == "materials").0, right);
        }
    }
}
