//! Reads a source file into what the rules ask about: the paths it names, its modules, its calls.
//!
//! It works on tokens, so comments and string literals are gone, and what stands inside a macro call is seen too.

use proc_macro2::{Delimiter, Ident, TokenStream, TokenTree};

/// What a file says, each with its line, and whether only a test build compiles it.
#[derive(Debug)]
pub(crate) struct Fact {
    pub(crate) line: usize,
    pub(crate) test: bool,
    pub(crate) kind: Kind,
}

#[derive(Debug)]
pub(crate) enum Kind {
    /// A path as written, and the module it stands in below the file's own. A glob ends in `*`.
    Path { segments: Vec<String>, inside: Vec<String>, import: bool },
    /// `async`, `.await`, `.unwrap()`, `.expect(..)`.
    Word(String),
    /// `mod name;`, with the file that an attribute names.
    File(String),
}

/// Everything a file says, or where it is no Rust.
pub(crate) fn facts(text: &str) -> Result<Vec<Fact>, String> {
    let tokens: TokenStream = text.parse().map_err(|error| format!("does not read as Rust: {error}"))?;
    let mut scan = Scan::default();
    scan.walk(tokens, false);
    Ok(scan.facts)
}

#[derive(Default)]
struct Scan {
    facts: Vec<Fact>,
    inside: Vec<String>,
}

impl Scan {
    fn push(&mut self, at: &Ident, test: bool, kind: Kind) {
        self.facts.push(Fact { line: at.span().start().line, test, kind });
    }

    fn path(&mut self, at: &Ident, test: bool, import: bool, segments: Vec<String>) {
        let inside = self.inside.clone();
        self.push(at, test, Kind::Path { segments, inside, import });
    }

    /// One level of tokens. An attribute such as `#[cfg(test)]` holds until its item ends: at its braces, at `;` or
    /// at `,`.
    fn walk(&mut self, tokens: TokenStream, in_test: bool) {
        let tokens: Vec<TokenTree> = tokens.into_iter().collect();
        let (mut test, mut file, mut at) = (in_test, None, 0);
        while at < tokens.len() {
            match &tokens[at] {
                TokenTree::Punct(hash) if hash.as_char() == '#' => {
                    let bang = usize::from(punct(tokens.get(at + 1), '!'));
                    if let Some(attribute) = group(tokens.get(at + 1 + bang), Delimiter::Bracket) {
                        test |= is_test(&attribute);
                        file = named_file(&attribute).or(file);
                        self.walk(attribute, test);
                        at += 1 + bang;
                    }
                }
                TokenTree::Punct(mark) if matches!(mark.as_char(), ';' | ',') => test = in_test,
                TokenTree::Group(inner) => {
                    self.walk(inner.stream(), test);
                    if inner.delimiter() == Delimiter::Brace {
                        test = in_test;
                    }
                }
                TokenTree::Ident(word) => {
                    at = self.word(&tokens, at, word, test, &mut file);
                    // A module was read with its body.
                    if group(tokens.get(at - 1), Delimiter::Brace).is_some() {
                        test = in_test;
                    }
                    continue;
                }
                _ => {}
            }
            at += 1;
        }
    }

    /// What begins with a word; answers where to go on.
    fn word(
        &mut self,
        tokens: &[TokenTree],
        at: usize,
        word: &Ident,
        test: bool,
        file: &mut Option<String>,
    ) -> usize {
        let text = word.to_string();
        let next = tokens.get(at + 1);
        let before = |back: usize, mark| at >= back && punct(tokens.get(at - back), mark);
        match (text.as_str(), next) {
            ("mod", Some(TokenTree::Ident(name))) => {
                if let Some(body) = group(tokens.get(at + 2), Delimiter::Brace) {
                    self.inside.push(name.to_string());
                    self.walk(body, test);
                    self.inside.pop();
                    return at + 3;
                }
                let file = file.take().unwrap_or_else(|| name.to_string());
                self.push(word, test, Kind::File(file));
                return at + 2;
            }
            // Not `impl Trait + use<'a>`.
            ("use", Some(next)) if !punct(Some(next), '<') => {
                let end = tokens[at..].iter().position(|token| punct(Some(token), ';'));
                let end = end.map_or(tokens.len(), |length| at + length);
                self.imports(word, &tokens[at + 1..end], test, &[]);
                return end;
            }
            ("extern", Some(TokenTree::Ident(krate))) if krate == "crate" => {
                if let Some(TokenTree::Ident(name)) = tokens.get(at + 2) {
                    self.path(word, test, true, vec![name.to_string()]);
                }
                return at + 2;
            }
            ("async" | "await", _) => self.push(word, test, Kind::Word(text.clone())),
            ("unwrap" | "expect", call)
                if before(1, '.') && group(call, Delimiter::Parenthesis).is_some() =>
            {
                self.push(word, test, Kind::Word(text.clone()));
            }
            _ => {}
        }
        let (segments, end) = segments(tokens, at);
        // `<T as Trait>::name` goes on from a type, it does not begin a path.
        if segments.len() > 1 && !(before(3, '>') && before(2, ':') && before(1, ':')) {
            if let Some(call @ ("unwrap" | "expect")) = segments.last().map(String::as_str) {
                self.push(word, test, Kind::Word(call.to_owned()));
            }
            self.path(word, test, false, segments);
        }
        end
    }

    /// A tree of imports, one path a leaf.
    fn imports(&mut self, at: &Ident, tokens: &[TokenTree], test: bool, prefix: &[String]) {
        for part in tokens.split(|token| punct(Some(token), ',')) {
            let mut path = prefix.to_vec();
            for token in part {
                match token {
                    TokenTree::Ident(name) if name == "as" => break,
                    // `a::{self}` is `a`.
                    TokenTree::Ident(name) if name == "self" && !path.is_empty() => {}
                    TokenTree::Ident(name) => path.push(name.to_string()),
                    TokenTree::Punct(star) if star.as_char() == '*' => path.push("*".into()),
                    TokenTree::Group(inner) => {
                        let inner: Vec<TokenTree> = inner.stream().into_iter().collect();
                        self.imports(at, &inner, test, &path);
                        path.clear();
                    }
                    _ => {}
                }
            }
            if !path.is_empty() {
                self.path(at, test, true, path);
            }
        }
    }
}

/// The words joined by `::` from a place on, and the place after them.
fn segments(tokens: &[TokenTree], mut at: usize) -> (Vec<String>, usize) {
    let mut segments = Vec::new();
    while let Some(TokenTree::Ident(word)) = tokens.get(at) {
        segments.push(word.to_string());
        at += 1;
        let more = punct(tokens.get(at), ':') && punct(tokens.get(at + 1), ':');
        if !more || !matches!(tokens.get(at + 2), Some(TokenTree::Ident(_))) {
            break;
        }
        at += 2;
    }
    (segments, at)
}

fn punct(token: Option<&TokenTree>, mark: char) -> bool {
    matches!(token, Some(TokenTree::Punct(found)) if found.as_char() == mark)
}

fn group(token: Option<&TokenTree>, delimiter: Delimiter) -> Option<TokenStream> {
    match token {
        Some(TokenTree::Group(group)) if group.delimiter() == delimiter => Some(group.stream()),
        _ => None,
    }
}

/// `#[test]`, `#[cfg(test)]` and `#[cfg(all(test, ..))]`; `not(test)` and `any(test, ..)` are not.
fn is_test(attribute: &TokenStream) -> bool {
    let text: String = attribute.to_string().split_whitespace().collect();
    text == "test" || text == "cfg(test)" || text.starts_with("cfg(all(test,")
}

/// The name in `#[path = "name"]`.
fn named_file(attribute: &TokenStream) -> Option<String> {
    let text = attribute.to_string();
    let name = text.strip_prefix("path")?.trim_start().strip_prefix('=')?;
    Some(name.trim().trim_matches('"').to_owned())
}
