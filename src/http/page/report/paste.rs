//! A pasted report text: its figures go into the fields of the form, where a person sees and corrects them. Nothing of it
//! is stored until they submit.

use super::super::figures;
use super::form::{Form, TITLED};
use crate::domain::measure::CONSULTATIONS;
use crate::domain::quantity::Quantity;
use crate::i18n::Lang;
use crate::service::campaigns::CampaignView;
use crate::service::parse::{FigureView, ParseView};

/// What a person is shown of a text that was read.
#[derive(Debug, Clone, Default)]
pub(super) struct Reading {
    /// The text in pieces; those that are figures are marked.
    pub(super) pieces: Vec<(String, bool)>,
    /// Figures that went into fields.
    pub(super) taken: Vec<Taken>,
    /// Figures that have no field here, as written.
    pub(super) left: Vec<String>,
}

/// A figure in its field.
#[derive(Debug, Clone)]
pub(super) struct Taken {
    /// The field.
    pub(super) field: String,
    /// What it counts.
    pub(super) label: String,
    /// The figure as the form has it.
    pub(super) amount: String,
    /// Why it should be looked at: the key of words.
    pub(super) doubt: Option<String>,
}

/// Fills the form with what was read in a text. Of several figures for one line the first is taken and the others are
/// shown, for whether they add up or repeat is for a person to say.
pub(super) fn fill(
    lang: Lang,
    campaign: &CampaignView,
    form: &mut Form,
    text: &str,
    read: &ParseView,
) -> Reading {
    let mut reading = Reading { pieces: pieces(text, read), ..Reading::default() };
    for figure in &read.figures {
        let field = field(campaign, form, figure, &reading.taken);
        let (Some((field, title)), Ok(count)) = (field, u32::try_from(figure.value)) else {
            reading.left.push(figure.text.clone());
            continue;
        };
        let measure = figures::measure(campaign, figure.measure);
        reading.taken.push(Taken {
            field,
            label: figures::label(lang, measure, figure.measure, &title),
            amount: figures::amount(lang, count, figure.bound, figures::word(lang, measure)),
            doubt: figure.reason.map(|reason| format!("paste-doubt-{reason}")),
        });
    }
    if !reading.taken.is_empty() {
        form.zero = false;
    }
    reading
}

/// Puts a figure into its field, and gives the field and the title of its row.
fn field(
    campaign: &CampaignView,
    form: &mut Form,
    figure: &FigureView,
    taken: &[Taken],
) -> Option<(String, String)> {
    if figure.value > u64::from(Quantity::MAX) {
        return None;
    }
    figures::measure(campaign, figure.measure)?;
    let (count, bound) = (figure.value.to_string(), figure.bound.to_owned());
    let is_new = |field: &str| taken.iter().all(|other| other.field != field);
    if figure.measure == CONSULTATIONS {
        let place = |at: usize| format!("consultations.{at}.person_times");
        let unsaid = |row: &&mut super::form::Record| {
            row.count.trim().is_empty() || (row.topic == "unspecified" && row.mode == "unspecified")
        };
        let mut rows = form.consultations.iter_mut().filter(|row| is_new(&place(row.at)));
        if rows.find(unsaid).is_none() {
            form.record("unspecified", "unspecified", String::new(), "");
        }
        let mut rows = form.consultations.iter_mut().filter(|row| is_new(&place(row.at)));
        let row = rows.find(unsaid)?;
        (row.topic, row.mode) = ("unspecified".to_owned(), "unspecified".to_owned());
        (row.count, row.bound) = (count, bound);
        return Some((place(row.at), String::new()));
    }
    let titled = figure.measure == TITLED;
    let title = if titled { figure.title.as_str() } else { "" };
    let place = |at: usize| format!("items.{at}.count");
    let same = |row: &super::form::Item| row.measure == figure.measure && row.title.trim() == title;
    let free = |row: &super::form::Item| {
        titled
            && row.measure == TITLED
            && !row.given
            && row.title.trim().is_empty()
            && row.count.trim().is_empty()
    };
    let at = match form.items.iter().position(same) {
        // A second figure for the same line.
        Some(at) if !is_new(&place(form.items[at].at)) => return None,
        Some(at) => at,
        None => match form.items.iter().position(free) {
            Some(at) => at,
            None if titled => {
                form.add(TITLED, "", false, String::new(), "");
                form.items.len().checked_sub(1)?
            }
            None => return None,
        },
    };
    let row = form.items.get_mut(at)?;
    title.clone_into(&mut row.title);
    (row.count, row.bound) = (count, bound);
    Some((place(row.at), row.title.clone()))
}

/// A text cut at its figures.
fn pieces(text: &str, read: &ParseView) -> Vec<(String, bool)> {
    let chars: Vec<char> = text.chars().collect();
    let slice = |from: usize, to: usize| chars.get(from..to).unwrap_or_default().iter().collect::<String>();
    let (mut pieces, mut at) = (Vec::new(), 0);
    for figure in read.figures.iter().filter(|figure| figure.end <= chars.len()) {
        if figure.start < at {
            continue;
        }
        pieces.push((slice(at, figure.start), false));
        pieces.push((slice(figure.start, figure.end), true));
        at = figure.end;
    }
    pieces.push((slice(at, chars.len()), false));
    pieces.retain(|(text, _)| !text.is_empty());
    pieces
}
