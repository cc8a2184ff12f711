//! What a made-up report says.

use super::dice::{Dice, share};
use super::units::Profile;
use super::{PAST, units};
use crate::domain::campaign::Kind;
use crate::domain::consultation::{Mode, Topic};
use crate::domain::quantity::Bound;
use crate::domain::tally::{Count, Draft, DraftConsultation, DraftItem};
use crate::domain::unit::UnitKind;

/// What a unit did on a day.
pub(super) struct Work {
    pub(super) profile: &'static units::Profile,
    pub(super) year: i16,
    /// In hundredths of an ordinary working day.
    pub(super) busy: u64,
    pub(super) materials: u64,
    pub(super) consultations: u64,
}

/// The report of a day's work. A day on which nothing can be named is a zero report.
pub(super) fn draft(work: &Work, dice: &mut Dice) -> Draft {
    let mut items = materials(work, dice);
    let consultations = consultations(work, dice);
    items.extend(others(work, dice));
    let zero = items.is_empty() && consultations.is_empty();
    Draft { items, consultations, zero, ..Draft::default() }
}

fn item(measure: &str, title: Option<&str>, count: u64, bound: Bound) -> DraftItem {
    let bound = (bound != Bound::Exact).then(|| bound.code().to_owned());
    DraftItem { measure: measure.into(), title: title.map(Into::into), count: Count::Whole(count), bound }
}

/// Printed matter by title; the titles add up to the day's whole, in what is written.
fn materials(work: &Work, dice: &mut Dice) -> Vec<DraftItem> {
    let titles: Vec<(&str, u64)> = Kind::Constitution
        .titles()
        .iter()
        .filter(|title| exists(title, work.year))
        .map(|title| (*title, dice.from(0, 100)))
        .collect();
    let weights: Vec<u64> = titles
        .iter()
        .map(|&(title, throw)| match title {
            "《宪法》" => 60 + throw,
            // Every other title is handed out on some days only.
            _ if throw < 40 => 0,
            _ => throw / 2,
        })
        .collect();
    let mut counts = share(work.materials, &weights);
    // 2021 is the year whose total was printed: all its copies are counted ones.
    let inexact = work.year > PAST[0].0 && dice.in_hundred(7);
    let rough =
        (1..counts.len()).rev().find(|&at| inexact && counts[at] > 100 && !counts[at].is_multiple_of(100));
    if let Some(at) = rough {
        // What the rounded word no longer says is counted under the first title, so the written whole stays.
        counts[0] += counts[at] % 100;
        counts[at] -= counts[at] % 100;
    }
    titles
        .iter()
        .zip(counts)
        .enumerate()
        .filter(|(_, (_, count))| *count > 0)
        .map(|(at, ((title, _), count))| {
            let bound = if rough == Some(at) { Bound::Over } else { Bound::Exact };
            item("materials", Some(title), count, bound)
        })
        .collect()
}

/// Whether there was such a print: 反电信网络诈骗法 was passed in September 2022, 法律援助法 in August 2021.
fn exists(title: &str, year: i16) -> bool {
    year >= if title == "《反电信网络诈骗法》" { 2022 } else { 2021 }
}

/// Consultation records that add up to the day's person-times.
fn consultations(work: &Work, dice: &mut Dice) -> Vec<DraftConsultation> {
    if work.consultations == 0 {
        return Vec::new();
    }
    let topics = &Topic::ALL[1..];
    let wanted = match work.consultations {
        1..5 => 1,
        5..20 => 3,
        _ => 5,
    };
    let first = dice.from(0, topics.len() as u64 - 1);
    // A step that shares no factor with thirteen topics never names one twice.
    let step = dice.from(1, topics.len() as u64 - 1);
    let place = |n: u64| usize::try_from((first + n * step) % topics.len() as u64).unwrap_or(0);
    let weights: Vec<u64> = (0..wanted).map(|_| dice.from(20, 100)).collect();
    (0..wanted)
        .zip(share(work.consultations, &weights))
        .filter(|(_, person_times)| *person_times > 0)
        .map(|(n, person_times)| DraftConsultation {
            topic: Some(topics[place(n)].code().into()),
            mode: Some(mode(work.profile, dice).code().into()),
            person_times: Count::Whole(person_times),
            bound: None,
        })
        .collect()
}

fn mode(profile: &Profile, dice: &mut Dice) -> Mode {
    match (profile.kind, dice.from(0, 99)) {
        (_, 0..55) => Mode::OnSite,
        (UnitKind::Department | UnitKind::Hospital, 55..80) => Mode::Window,
        (UnitKind::Subdistrict | UnitKind::Town, 55..80) => Mode::HomeVisit,
        (_, 80..92) => Mode::Phone,
        _ => Mode::Online,
    }
}

/// Everything that is not shared out of a total: measure, how often in a hundred days, and how much.
fn others(work: &Work, dice: &mut Dice) -> Vec<DraftItem> {
    let township = work.profile.is_township();
    let crowd = work.profile.kind == UnitKind::School;
    let size = if township { 2 } else { 1 };
    let talks = dice.in_hundred(if work.busy >= 200 { 85 } else { 25 });
    let table: [(&str, u64, u64, u64); 11] = [
        ("banners", 60, 1, 4 * size),
        ("boards", 40, 2, 6 * size),
        ("sessions", if talks { 100 } else { 0 }, 1, size),
        ("audience", if talks { 100 } else { 0 }, 40, if crowd { 900 } else { 220 * size }),
        ("volunteers", 55, 3, 14 * size),
        ("posts", 45, 1, 3),
        ("screens", 35, 1, 6 * size),
        ("desks", if work.consultations > 8 { 90 } else { 0 }, 1, size),
        ("vehicles", if township { 40 } else { 0 }, 1, 2),
        ("gifts", 30, 40, 260 * size),
        ("messages", if crowd { 0 } else { 10 }, 300, 1_800 * size),
    ];
    let mut items = Vec::new();
    for (measure, percent, low, high) in table {
        // Both are thrown in any case, so that one measure's chance does not move the next one's.
        let (happens, count, rough) = (dice.in_hundred(percent), dice.from(low, high), dice.in_hundred(20));
        if !happens {
            continue;
        }
        items.push(match (measure, rough) {
            ("audience" | "gifts" | "messages", true) if count >= 200 => {
                let bound = if count.is_multiple_of(2) { Bound::Over } else { Bound::About };
                item(measure, None, count / 100 * 100, bound)
            }
            _ => item(measure, None, count, Bound::Exact),
        });
    }
    items
}

/// A first version with a slip in it, and the right one that replaces it.
pub(super) fn slip(right: Draft, dice: &mut Dice) -> (Draft, Draft) {
    let mut wrong = right.clone();
    let forgotten = dice.in_hundred(50) && !wrong.items.is_empty() && !wrong.consultations.is_empty();
    let reason = if forgotten {
        wrong.consultations.clear();
        "更正：首次填报漏填法律咨询"
    } else if let Some(DraftItem { count: Count::Whole(count), .. }) = wrong.items.first_mut() {
        *count *= 10;
        "更正：首次填报首项多写一个零"
    } else {
        wrong.note = "待核".into();
        "更正：已核对"
    };
    (wrong, Draft { reason: reason.into(), ..right })
}
