//! One drive: who does how much on which day, who is late, who says nothing.

use super::dice::{Dice, share};
use super::units::{PROFILES, Profile, REPORTER_UNIT};
use super::{Report, Totals, draft};
use crate::domain::calendar::{self, ReportDay};
use crate::domain::campaign::Campaign;
use crate::domain::tally::Draft;
use crate::domain::unit::{UnitId, UnitTree};
use jiff::Timestamp;
use jiff::ToSpan;
use jiff::civil::Time;

/// What a unit does with a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// It does something and reports it.
    Works,
    /// It does nothing and says so.
    Zero,
    /// It does not report.
    Silent,
}

struct Cell {
    profile: &'static Profile,
    unit: UnitId,
    day: ReportDay,
    turn: Turn,
    /// How busy the day is for it, in hundredths of an ordinary working day.
    busy: u64,
}

/// Every report of a drive up to today. Days to come are planned too and then left out, so that what is shown of a
/// running drive is the beginning of a whole one.
pub(super) fn reports(
    campaign: &Campaign,
    totals: Totals,
    tree: &UnitTree,
    today: ReportDay,
    seed: u64,
) -> Vec<Report> {
    let mut dice = Dice::new(seed, u64::from(campaign.key.unsigned_abs()));
    let cells = cells(campaign, tree, &mut dice);
    let weights = |of: fn(&Profile) -> u64, dice: &mut Dice| -> Vec<u64> {
        cells.iter().map(|cell| of(cell.profile) * cell.busy * dice.from(75, 125)).collect()
    };
    let materials = share(totals.materials, &weights(|profile| profile.print, &mut dice));
    let consultations = share(totals.consultations, &weights(|profile| profile.advice, &mut dice));
    let mut reports = Vec::new();
    for (cell, (materials, consultations)) in cells.iter().zip(materials.into_iter().zip(consultations)) {
        // The dice are thrown for every cell, shown or not, so that the past does not change from day to day.
        let work = draft::Work {
            profile: cell.profile,
            year: campaign.year,
            busy: cell.busy,
            materials,
            consultations,
        };
        let draft = match cell.turn {
            Turn::Works => draft::draft(&work, &mut dice),
            Turn::Zero | Turn::Silent => Draft { zero: true, ..Draft::default() },
        };
        let made = versions(cell, draft, campaign, today, &mut dice);
        let due = cell.day < today || (cell.day == today && reports_early(cell));
        if due && cell.turn != Turn::Silent {
            reports.extend(made);
        }
    }
    reports
}

fn cells(campaign: &Campaign, tree: &UnitTree, dice: &mut Dice) -> Vec<Cell> {
    let peak = peak(campaign);
    let mut cells = Vec::new();
    for day in campaign.window.days() {
        for profile in &PROFILES {
            let Some(unit) = tree.by_code(profile.code) else { continue };
            if !campaign.expects(tree, unit.id, day) {
                continue;
            }
            let share_of_day = if is_weekend(day) && day != peak { profile.weekend() } else { 100 };
            let turn = turn(share_of_day, day == peak, dice);
            let busy = if turn == Turn::Works { share_of_day * rush(day, peak) / 100 } else { 0 };
            cells.push(Cell { profile, unit: unit.id, day, turn, busy });
        }
    }
    cells
}

/// The day of the great stalls: 12·4, or the middle of a drive that is placed around another day.
fn peak(campaign: &Campaign) -> ReportDay {
    let window = campaign.window;
    let middle = window.first().plus(window.last().since(window.first()) / 2);
    calendar::constitution_day_in(window).unwrap_or(middle)
}

/// How busy a day is by its distance to the peak, in hundredths.
fn rush(day: ReportDay, peak: ReportDay) -> u64 {
    match day.since(peak).abs() {
        0 => 250,
        1 => 130,
        2 => 105,
        _ => 90,
    }
}

fn is_weekend(day: ReportDay) -> bool {
    // 2000-01-01 was a Saturday.
    ReportDay::from_number(20_000_101).is_ok_and(|saturday| day.since(saturday).rem_euclid(7) < 2)
}

fn turn(share_of_day: u64, peak: bool, dice: &mut Dice) -> Turn {
    let (zero, silent) = match share_of_day {
        _ if peak => (0, 0),
        0 => (75, 25),
        1..50 => (25, 10),
        _ => (4, 4),
    };
    let throw = dice.from(0, 99);
    if throw < zero {
        Turn::Zero
    } else if throw < zero + silent {
        Turn::Silent
    } else {
        Turn::Works
    }
}

/// Whether a unit has reported for today already. The reporter's has not: that report is the newcomer's to send.
fn reports_early(cell: &Cell) -> bool {
    cell.profile.code != REPORTER_UNIT && cell.unit.0 % 2 == 1
}

/// The versions of one report: usually one.
fn versions(
    cell: &Cell,
    draft: Draft,
    campaign: &Campaign,
    today: ReportDay,
    dice: &mut Dice,
) -> Vec<Report> {
    let received_at = received_at(cell.day, today, dice);
    let report = |version, received_at, draft| Report {
        campaign: campaign.key,
        unit: cell.unit,
        day: cell.day,
        version,
        received_at,
        on_behalf: false,
        draft,
    };
    let on_behalf = cell.turn == Turn::Works && dice.in_hundred(3);
    let corrected = cell.turn == Turn::Works && cell.day < today && dice.in_hundred(4);
    let later = received_at.saturating_add(i64::try_from(dice.from(20, 110)).unwrap_or(20).minutes());
    let mut versions = Vec::new();
    match (corrected, later) {
        (true, Ok(later)) => {
            let (slip, right) = draft::slip(draft, dice);
            versions.push(report(1, received_at, slip));
            versions.push(report(2, later, right));
        }
        _ => versions.push(report(1, received_at, draft)),
    }
    for report in &mut versions {
        report.on_behalf = on_behalf;
        report.draft.via = on_behalf.then(|| "phone".to_owned());
    }
    versions
}

/// When a report came in: mostly in the afternoon before the deadline, some in the evening or the next morning, and
/// this morning for today.
fn received_at(day: ReportDay, today: ReportDay, dice: &mut Dice) -> Timestamp {
    let (late, next_morning) = (dice.in_hundred(8), dice.in_hundred(30));
    let (day, from, to) = match (late, next_morning) {
        _ if day == today => (day, 8 * 60 + 30, 11 * 60 + 30),
        (false, _) => (day, 15 * 60, 17 * 60 + 50),
        (true, false) => (day, 18 * 60 + 5, 21 * 60 + 30),
        (true, true) => (day.plus(1), 7 * 60 + 40, 9 * 60 + 30),
    };
    let minute = dice.from(from, to);
    let part = |n: u64| i8::try_from(n).unwrap_or(0);
    day.at(Time::new(part(minute / 60), part(minute % 60), part(dice.from(0, 59)), 0).unwrap_or(Time::MIN))
}
