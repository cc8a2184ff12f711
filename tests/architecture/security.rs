//! SECURITY.md names tests: each of them is there, and is one.

use crate::{quoted, root, sources};
use std::fs;

/// Whether a file has a test of this name: a function under an attribute of tests, or one that a list like `on_both!` makes
/// tests of.
fn has_test(text: &str, name: &str) -> bool {
    let lines: Vec<&str> = text.lines().map(str::trim).collect();
    let declared = |line: &str| {
        ["fn ", "async fn "].iter().any(|start| {
            line.strip_prefix(start)
                .and_then(|rest| rest.strip_prefix(name))
                .is_some_and(|r| r.starts_with('('))
        })
    };
    let attributes = |at: usize| {
        lines[..at].iter().rev().take_while(|line| line.starts_with("#[") || line.starts_with("///")).copied()
    };
    let listed = lines.contains(&name);
    lines.iter().enumerate().any(|(at, line)| {
        declared(line)
            && (listed
                || attributes(at)
                    .any(|line| line.starts_with("#[test]") || line.starts_with("#[tokio::test")))
    })
}

/// Names of the table of SECURITY.md that are no tests, and its paths that lead nowhere. `files` are those with tests.
fn untested(document: &str, files: &[(String, String)]) -> Vec<String> {
    let mut wrong = Vec::new();
    for row in document.lines().filter(|line| line.starts_with('|')) {
        for word in quoted(row) {
            let plain = word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            if plain && word.matches('_').count() >= 2 {
                // `A:` says that it asks the service from outside, and holds for the names after it.
                let outside = row.split(&format!("`{word}`")).next().unwrap_or_default().contains("A: ");
                let found = files
                    .iter()
                    .filter(|(_, text)| has_test(text, word))
                    .any(|(path, _)| !outside || path.starts_with("tests/api/") || path.starts_with("src/"));
                if !found {
                    wrong.push(format!("`{word}` is no test"));
                }
            } else if (word.contains('/') && word.contains('.') || word.starts_with("scripts/"))
                && !word.contains([' ', '*', '{'])
                && !word.starts_with('/')
                && !root().join(word).exists()
            {
                wrong.push(format!("`{word}` does not exist"));
            }
        }
    }
    wrong
}

#[test]
fn tests_that_the_security_document_names_are_there() {
    let mut paths = Vec::new();
    for dir in ["src", "tests", "charts/src", "charts/tests"] {
        sources(dir, &mut paths);
    }
    let files: Vec<(String, String)> = paths
        .into_iter()
        .map(|path| (path.clone(), fs::read_to_string(root().join(&path)).unwrap()))
        .collect();
    let document = fs::read_to_string(root().join("SECURITY.md")).unwrap();
    let named = document.lines().filter(|line| line.starts_with('|')).flat_map(quoted).count();
    assert!(named > 100, "the table is somewhere else: {named}");
    let wrong = untested(&document, &files);
    assert!(wrong.is_empty(), "SECURITY.md:\n{}", wrong.join("\n"));
}

#[test]
fn a_test_that_is_gone_is_found() {
    let text = "on_both! {\n    one_of_a_list\n}\nasync fn one_of_a_list(engine: Engine) {}\n#[test]\nfn one_by_itself() {}\nfn a_mere_helper() {}";
    let files = [("tests/api/a.rs".to_owned(), text.to_owned())];
    let table = "| 1 | A: `one_of_a_list`, `one_by_itself` |\n| 2 | A: `a_mere_helper`, `gone_for_good`, `tests/api/gone.rs` |";
    assert_eq!(
        untested(table, &files),
        ["`a_mere_helper` is no test", "`gone_for_good` is no test", "`tests/api/gone.rs` does not exist"]
    );
    assert_eq!(untested("`in_prose_only_here`", &files), Vec::<String>::new());
}
