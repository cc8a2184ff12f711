//! What a password must be (OWASP ASVS 5.0, 6.2): long enough, not common, and nothing that the account tells. No rule
//! asks for digits or signs, and nothing is cut off or changed.

use super::fault::Fault;
use std::sync::LazyLock;

/// Shortest and longest password, in characters (ASVS 5.0, 6.2.1 and 6.2.9).
pub const LENGTH: std::ops::RangeInclusive<usize> = 8..=256;

/// The common passwords, sorted (ASVS 5.0, 6.2.4 asks for 3,000 that fit the rules).
static COMMON: LazyLock<Vec<&'static str>> = LazyLock::new(|| {
    include_str!("password_common.txt").lines().filter(|line| !line.starts_with('#')).collect()
});

/// Names shorter than this may be part of a password: `a` is in too many.
const TELLING: usize = 3;

/// Checks a new password of an account. `pointer` names its field.
///
/// # Errors
/// `password_length`, `password_common` or `password_telling`.
pub fn check(password: &str, username: &str, pointer: &str) -> Result<(), Fault> {
    if !LENGTH.contains(&password.chars().count()) {
        let fault = Fault::new(pointer, "password_length");
        return Err(fault.with("least", LENGTH.start()).with("most", LENGTH.end()));
    }
    let lower = password.to_lowercase();
    let mut letters = lower.chars();
    let first = letters.next();
    if COMMON.binary_search(&&*lower).is_ok() || letters.all(|letter| Some(letter) == first) {
        return Err(Fault::new(pointer, "password_common"));
    }
    let name = username.to_lowercase();
    if lower.contains("pufa") || (name.chars().count() >= TELLING && lower.contains(&name)) {
        return Err(Fault::new(pointer, "password_telling"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(password: &str) -> Option<&'static str> {
        check(password, "wanfu", "/password").err().map(|fault| fault.code)
    }

    #[test]
    fn any_long_enough_text_that_tells_nothing_will_do() {
        for fitting in
            ["correct horse battery", "八个汉字就是密码", "aaaaaaaaab", "        x", &"长句".repeat(128)]
        {
            assert_eq!(code(fitting), None, "{fitting}");
        }
        assert_eq!(code("七个汉字也不够"), Some("password_length"));
        assert_eq!(code(&"a".repeat(257)), Some("password_length"));
        for common in ["password1", "PassWord1", "1qaz2wsx", "aaaaaaaa", "88888888", "iloveyou"] {
            assert_eq!(code(common), Some("password_common"), "{common}");
        }
        for telling in ["my Wanfu 2026", "pufa is mine", "PUFA-2026-12"] {
            assert_eq!(code(telling), Some("password_telling"), "{telling}");
        }
        assert_eq!(check("a long enough one", "a", "/password"), Ok(()));
    }

    #[test]
    fn the_list_is_long_and_sorted() {
        assert!(COMMON.len() >= 3_000, "{}", COMMON.len());
        assert!(COMMON.windows(2).all(|pair| pair[0] < pair[1]), "a search by halves needs an order");
        assert!(COMMON.iter().all(|word| word.len() >= *LENGTH.start() && word.to_lowercase() == *word));
    }
}
