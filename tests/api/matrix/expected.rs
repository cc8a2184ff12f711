//! What should become of a request, said once more and apart from the program; and what an answer says became of it.

use super::world::{Door, Who};
use super::{HOME, Row, TARGETS};
use crate::support::Answer;
use pufa::domain::access::Role;
use pufa::http::routes::Route;
use serde_json::Value;

/// What a role may do, said once more and apart from the program.
fn includes(role: Role, permission: &str) -> bool {
    use Role::{Admin, Auditor, Office, Reporter, Reviewer};
    match permission {
        "read" | "own" | "personal" => true,
        "submit" => matches!(role, Admin | Office | Reporter),
        "review" => matches!(role, Admin | Office | Reviewer),
        "managecampaigns" | "manageunits" | "manageaccounts" | "publish" => matches!(role, Admin | Office),
        "readaudit" => matches!(role, Admin | Office | Auditor),
        other => panic!("tests/api/matrix.txt: no permission is called {other}"),
    }
}

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// The use case does it, or says what is wrong with the request itself.
    In,
    Forbidden,
    Hidden,
    /// Either: which of the two is asked first is nobody's business.
    Refused,
    Nobody,
}

pub(super) fn expected(who: &Who, row: &Row, route: &Route, unit: &str) -> Fate {
    if row.permission == "public" {
        return match (row.over.as_str(), who.door) {
            ("absent", _) => Fate::Hidden,
            // The first page leads whoever is nobody to where one signs in.
            ("somebody", Door::None | Door::Link) => Fate::Nobody,
            _ => Fate::In,
        };
    }
    match who.door {
        Door::None => return Fate::Nobody,
        Door::Link if !route.opens_to_links() => return Fate::Hidden,
        Door::Link => return if unit == HOME { Fate::In } else { Fate::Hidden },
        Door::Token if row.permission == "manageaccounts" => return Fate::Refused,
        Door::Token if row.permission == "personal" => return Fate::Forbidden,
        Door::Token | Door::Session => {}
    }
    let may = includes(who.role, &row.permission);
    let takes_part = TARGETS.iter().any(|target| *target != "371702" && who.covers(target));
    let drive = row.pattern.contains("{campaign}")
        || row.path.contains("$CAMPAIGN")
        || row.body.as_ref().is_some_and(|body| body.contains("$CAMPAIGN"));
    match row.over.as_str() {
        "self" => Fate::In,
        "rows" => {
            if may && who.covers(unit) && (takes_part || !drive) {
                Fate::In
            } else {
                Fate::Refused
            }
        }
        "gate" if !may => Fate::Forbidden,
        // Of one's own unit alone, the whole is not one's to see: there are units below.
        "whole" if who.scope == Some(&["gx-edu"]) => Fate::Hidden,
        "absent" => {
            if may {
                Fate::Hidden
            } else {
                Fate::Refused
            }
        }
        _ if drive && !takes_part => Fate::Hidden,
        "unit" | "gate" | "whole" if !who.covers(unit) => Fate::Hidden,
        "unit" | "gate" | "whole" | "somewhere" => {
            if may {
                Fate::In
            } else {
                Fate::Forbidden
            }
        }
        "hidden" => {
            if may && who.covers(unit) {
                Fate::In
            } else {
                Fate::Refused
            }
        }
        "drive" => {
            if !may || !who.covers("371772") {
                Fate::Forbidden
            } else if who.covers(unit) {
                Fate::In
            } else {
                Fate::Hidden
            }
        }
        "all" => {
            if may && who.scope.is_none() {
                Fate::In
            } else {
                Fate::Forbidden
            }
        }
        "person" if !may => Fate::Forbidden,
        "person" => {
            if who.covers(unit) {
                Fate::In
            } else {
                Fate::Hidden
            }
        }
        other => panic!("tests/api/matrix.txt: over what is {other}?"),
    }
}

/// What an answer says became of a request, and its code.
pub(super) fn fate(row: &Row, answer: &Answer) -> (Fate, String) {
    let (status, location) = (answer.status, answer.header("location"));
    let told: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let code = told["code"].as_str().unwrap_or_default();
    if row.over == "rows" && matches!(status, 200 | 409 | 422) {
        return of_rows(&told);
    }
    // A unit above that lies elsewhere is told as one that is not there.
    let hidden = ["parent_unknown"].contains(&code);
    // A secret typed wrongly, not somebody who may not come in.
    let typed = ["wrong_password", "sign_in_locked", "totp_wrong", "totp_required"].contains(&code);
    let fate = match status {
        401 | 429 if typed => Fate::In,
        401 => Fate::Nobody,
        303 if location.starts_with("/login") && row.path != "/logout" => Fate::Nobody,
        403 => Fate::Forbidden,
        404 => Fate::Hidden,
        422 if hidden => Fate::Hidden,
        _ => Fate::In,
    };
    (fate, code.to_owned())
}

/// What became of the rows of a body, of which each is answered by itself.
fn of_rows(told: &Value) -> (Fate, String) {
    let lists = [&told["errors"], &told["items"], &told["conflicts"]];
    let of_one =
        |row: &Value| ["code", "errorCode"].map(|name| row[name].as_str().unwrap_or_default().to_owned());
    let codes: Vec<String> = lists
        .into_iter()
        .filter_map(Value::as_array)
        .flatten()
        .flat_map(of_one)
        .filter(|c| !c.is_empty())
        .collect();
    let has = |words: &[&str]| codes.iter().any(|code| words.contains(&code.as_str()));
    let fate = if has(&["forbidden", "unit_not_yours"]) {
        Fate::Forbidden
    } else if has(&[
        "unit_out_of_scope",
        "unit_unknown",
        "parent_unknown",
        "unit_outside_campaign",
        "campaign_unknown",
    ]) {
        Fate::Hidden
    } else {
        Fate::In
    };
    (fate, codes.join(" "))
}
