//! Every word that a person reads comes from the locale files: no template and no script has one of its own, every key
//! that is named exists, and every key is used.

use super::root;
use std::collections::BTreeSet;
use std::fs;

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

fn files(dir: &str, ending: &str) -> Vec<String> {
    let named = |entry: fs::DirEntry| entry.file_name().to_str().unwrap().to_owned();
    let names = fs::read_dir(root().join(dir)).unwrap().map(|entry| named(entry.unwrap()));
    let mut names: Vec<String> = names.filter(|name| name.ends_with(ending)).collect();
    names.sort();
    names.into_iter().map(|name| format!("{dir}/{name}")).collect()
}

fn keys(lang: &str) -> BTreeSet<String> {
    let text = read(&format!("web/locales/{lang}.ftl"));
    let lines = text.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_lowercase()));
    lines.filter_map(|line| Some(line.split_once('=')?.0.trim().to_owned())).collect()
}

/// A text without what stands between two marks.
fn without(text: &str, open: &str, close: &str) -> String {
    let mut rest = text;
    let mut kept = String::new();
    while let Some((before, after)) = rest.split_once(open) {
        kept.push_str(before);
        rest = after.split_once(close).map_or("", |(_, after)| after);
    }
    kept + rest
}

/// What stands behind each of these marks up to the next quote.
fn behind<'t>(text: &'t str, marks: &'t [&'t str]) -> impl Iterator<Item = &'t str> {
    marks
        .iter()
        .flat_map(|mark| text.split(mark).skip(1))
        .map(|rest| rest.split('"').next().unwrap_or_default())
}

const SPOKEN: [&str; 5] = [" alt=\"", " title=\"", " placeholder=\"", " aria-label=\"", " data-done=\""];

/// Words that a template says by itself: outside its tags, and in those attributes that are read out.
fn own_words(template: &str) -> Vec<String> {
    let mut text = template.replace("<!doctype html>", "");
    for (open, close) in [("{#", "#}"), ("{{", "}}"), ("{%", "%}")] {
        text = without(&text, open, close);
    }
    let spoken = behind(&text, &SPOKEN).map(ToOwned::to_owned);
    let shown = without(&without(&text, "<", ">"), "&", ";");
    let shown: Vec<String> = shown.split_whitespace().map(ToOwned::to_owned).collect();
    // The name of a kind of file, CSV, is the same in every language.
    spoken
        .chain(shown)
        .filter(|word| word.chars().any(|c| c.is_alphabetic() && !c.is_ascii_uppercase()))
        .collect()
}

/// Lines of a script that hold a Chinese character, or write a text between quotes onto the page.
fn own_lines(script: &str) -> Vec<&str> {
    let code = script.lines().map(|line| line.split("//").next().unwrap_or_default());
    let chinese = |line: &str| line.chars().any(|c| ('\u{3400}'..='\u{9fff}').contains(&c));
    let writes = |line: &str| {
        ["textContent = \"", "innerText = \"", "alert(\"", "confirm(\"", "title = \"", "placeholder = \""]
            .iter()
            .any(|mark| line.split(mark).nth(1).is_some_and(|rest| rest.starts_with(char::is_alphabetic)))
    };
    code.filter(|line| chinese(line) || writes(line)).collect()
}

#[test]
fn no_template_and_no_script_has_words_of_its_own() {
    let templates = files("web/templates", ".html");
    assert!(templates.len() > 10);
    for path in templates {
        assert_eq!(own_words(&read(&path)), Vec::<String>::new(), "{path}");
    }
    let scripts = files("web/assets", ".js");
    assert!(!scripts.is_empty());
    for path in scripts {
        assert_eq!(own_lines(&read(&path)), Vec::<&str>::new(), "{path}");
    }
}

#[test]
fn every_key_is_there_and_every_key_is_used() {
    let (zh, en) = (keys("zh-CN"), keys("en"));
    assert_eq!(zh.symmetric_difference(&en).collect::<Vec<_>>(), Vec::<&String>::new());
    let mut sources = Vec::new();
    super::sources("src", &mut sources);
    sources.extend(files("web/templates", ".html"));
    let text: String = sources.iter().map(|path| read(path)).collect();

    let named = ["f.t(\"", "f.with(\"", "lang.words(\"", "lang.text(\"", "lang().words(\"", "lang().text(\""];
    let unknown: BTreeSet<&str> =
        behind(&text, &named).filter(|key| !key.contains('{') && !zh.contains(*key)).collect();
    assert_eq!(unknown, BTreeSet::new(), "keys without words");

    // A key may be put together from a beginning and a code: `state-{code}`.
    let literals: BTreeSet<&str> = text.split('"').collect();
    let beginnings: BTreeSet<&str> = literals
        .iter()
        .filter_map(|literal| Some(literal.split_once('{')?.0))
        .filter(|start| start.len() > 3 && start.starts_with(|c: char| c.is_ascii_lowercase()))
        .filter(|start| start.bytes().all(|b| b.is_ascii_lowercase() || b == b'-' || b == b'_'))
        .collect();
    // Or from a word and an ending: `{key}-before`.
    let endings: BTreeSet<&str> = literals
        .iter()
        .filter_map(|literal| Some(literal.strip_prefix('{')?.split_once('}')?.1))
        .filter(|ending| ending.len() > 3 && ending.starts_with('-'))
        .collect();
    let used = |key: &&String| {
        literals.contains(key.as_str())
            || beginnings.iter().any(|start| key.starts_with(start))
            || endings.iter().any(|end| key.strip_suffix(end).is_some_and(|start| literals.contains(start)))
    };
    let unused: Vec<&String> = zh.iter().filter(|key| !used(key)).collect();
    assert_eq!(unused, Vec::<&String>::new(), "words that nobody reads");
}

#[test]
fn the_checks_find_what_they_look_for() {
    assert_eq!(
        own_words("<p title=\"{{ x }}\">{% if a %}{{ f.t(\"b\") }}{% endif %} · &amp;</p>"),
        Vec::<String>::new()
    );
    assert_eq!(own_words("<p>保存</p>"), ["保存"]);
    assert_eq!(own_words("<img alt=\"Chart\">"), ["Chart"]);
    assert_eq!(own_lines("tip.textContent = text; // 提示\nlet a = \"b\";"), Vec::<&str>::new());
    assert_eq!(own_lines("tip.textContent = \"Saved\";"), ["tip.textContent = \"Saved\";"]);
    assert_eq!(own_lines("const a = \"已保存\";").len(), 1);
}
