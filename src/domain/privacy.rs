//! The tripwire on free text: personal numbers are refused before anything is stored or logged.
//!
//! Source: PIPL; a record of this service needs no name, phone, identity or bank number, so none may enter.

use super::fault::Fault;

/// What kind of personal number a text holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Personal {
    /// 18-digit resident identity number with a right check digit (GB 11643).
    Identity,
    /// Mainland mobile number.
    Phone,
    /// 16 to 19 digits with a right Luhn check digit.
    BankCard,
}

impl Personal {
    /// The stable name used in error values.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Phone => "phone",
            Self::BankCard => "bank_card",
        }
    }
}

/// Digits of the shortest personal number, a mobile one.
const SHORTEST: usize = 11;

/// The first personal number in a text, full-width digits and digits parted by spaces or hyphens included.
#[must_use]
pub fn find(text: &str) -> Option<Personal> {
    let mut run = String::new();
    let mut separated = false;
    for c in text.chars().chain(['\n']) {
        let c = ascii_digit(c);
        match c {
            '0'..='9' => {
                run.push(c);
                separated = false;
            }
            'x' | 'X' if run.len() == 17 => {
                run.push('X');
                separated = false;
            }
            ' ' | '-' | '\u{a0}' | '\u{3000}' if !run.is_empty() && !separated => separated = true,
            _ => {
                if run.len() >= SHORTEST
                    && let Some(found) = judge(&run)
                {
                    return Some(found);
                }
                run.clear();
                separated = false;
            }
        }
    }
    None
}

/// A line of free words, a name or a title, without the space around it: of at most so many characters, none of them a
/// control character, and without a personal number. Every such line is judged here before it is stored.
///
/// # Errors
/// The code `invalid` for another form, `personal_data` for a personal number.
pub fn line<'t>(
    text: &'t str,
    lengths: std::ops::RangeInclusive<usize>,
    invalid: &'static str,
) -> Result<&'t str, &'static str> {
    let text = text.trim();
    if !lengths.contains(&text.chars().count()) || text.chars().any(char::is_control) {
        return Err(invalid);
    }
    if find(text).is_some() { Err("personal_data") } else { Ok(text) }
}

/// Free words of several lines without the space around them; the codes are those of words that are too long, and of characters that no
/// text has.
pub(super) fn words(
    text: &str,
    pointer: &str,
    limit: usize,
    [too_long, invalid]: [&'static str; 2],
    faults: &mut Vec<Fault>,
) -> String {
    let text = text.trim();
    if text.chars().count() > limit {
        faults.push(Fault::new(pointer, too_long).with("limit", limit));
    } else if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        faults.push(Fault::new(pointer, invalid));
    } else if find(text).is_some() {
        faults.push(Fault::new(pointer, "personal_data"));
    }
    text.to_owned()
}

fn ascii_digit(c: char) -> char {
    match c {
        '０'..='９' => char::from_u32(u32::from(c) - u32::from('０') + u32::from('0')).unwrap_or(c),
        _ => c,
    }
}

fn judge(run: &str) -> Option<Personal> {
    let digits: Vec<u32> = run.chars().map(|c| c.to_digit(10).unwrap_or(10)).collect();
    if digits.len() == 18 && is_identity(&digits) {
        Some(Personal::Identity)
    } else if is_phone(&digits) {
        Some(Personal::Phone)
    } else if (16..=19).contains(&digits.len()) && !digits.contains(&10) && passes_luhn(&digits) {
        Some(Personal::BankCard)
    } else {
        None
    }
}

/// GB 11643: weights 2^(17-i) mod 11, the remainder mapped to 1 0 X 9 8 7 6 5 4 3 2.
fn is_identity(digits: &[u32]) -> bool {
    const WEIGHTS: [u32; 17] = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];
    const CHECKS: [u32; 11] = [1, 0, 10, 9, 8, 7, 6, 5, 4, 3, 2];
    let sum: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    let month = digits[10] * 10 + digits[11];
    digits[0] > 0 && (1..=12).contains(&month) && CHECKS[(sum % 11) as usize] == digits[17]
}

fn is_phone(digits: &[u32]) -> bool {
    let national = match digits {
        [8, 6, rest @ ..] if rest.len() == 11 => rest,
        _ => digits,
    };
    national.len() == 11 && national[0] == 1 && (3..=9).contains(&national[1])
}

fn passes_luhn(digits: &[u32]) -> bool {
    let doubled = |d: u32| if d > 4 { d * 2 - 9 } else { d * 2 };
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, &digit)| if at % 2 == 1 { doubled(digit) } else { digit })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn personal_numbers_are_found_however_they_are_written() {
        // Numbers of the published examples of the standards; nobody's.
        assert_eq!(find("身份证11010519491231002X已登记"), Some(Personal::Identity));
        assert_eq!(find("联系１３８００１３８０００"), Some(Personal::Phone));
        assert_eq!(find("电话 138-0013-8000。"), Some(Personal::Phone));
        assert_eq!(find("+8613800138000"), Some(Personal::Phone));
        assert_eq!(find("卡号 4111 1111 1111 1111"), Some(Personal::BankCard));
    }

    #[test]
    fn figures_codes_and_service_numbers_pass() {
        for text in [
            "",
            "发放40000余份，12348热线",
            "371772001000",
            "2026-12-04 17:30",
            "110105194912310021",
            "共12,345份",
        ] {
            assert_eq!(find(text), None, "{text}");
        }
    }
}
