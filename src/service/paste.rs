//! Messages of several units pasted together: whose each is, what it says, and what is stored already. Nothing is stored here.

use super::comparison::NamedUnit;
use super::parse::{FigureView, SpanView};
use super::tallies::{TallyView, parse_day};
use super::{App, Caller, Error, scope};
use crate::domain::access::{self, Permission};
use crate::domain::expected::Waited;
use crate::domain::unit::Placed;
use std::collections::HashMap;

/// The message of one unit. Places are in characters of its own text.
#[derive(Debug, Clone)]
pub struct PastePart {
    /// Whose it is, where that is certain.
    pub unit: Option<NamedUnit>,
    /// Whose it may be, for a person to say.
    pub candidates: Vec<NamedUnit>,
    /// The message.
    pub text: String,
    /// Its figures.
    pub figures: Vec<FigureView>,
    /// Its numbers that are no figures.
    pub unread: Vec<SpanView>,
    /// What that unit has reported for the day already.
    pub stored: Option<TallyView>,
}

/// Messages read for one day.
#[derive(Debug, Clone)]
pub struct PasteView {
    /// The messages, in the order of the text.
    pub parts: Vec<PastePart>,
    /// Units that a message may be given to: the unit at the top, and those below it that the campaign expects.
    pub units: Vec<NamedUnit>,
}

/// Units offered to choose from at most; beyond, a code is typed.
const OFFERED: usize = 1_000;

impl App {
    /// Whether somebody enters reports at all, and so has a use for the pages that take them in.
    ///
    /// # Errors
    /// `Forbidden` for who does not.
    pub fn may_enter(&self, caller: &Caller) -> Result<(), Error> {
        let entering = access::scopes(&caller.actor, &self.catalogue().tree, Permission::Submit);
        if entering.is_empty() { Err(Error::Forbidden) } else { Ok(()) }
    }

    /// Reads a pasted text for the units below one, or for that one when there are none below.
    ///
    /// # Errors
    /// `text_too_long`, `date_invalid`; out of scope is not found.
    pub async fn paste(
        &self,
        caller: &Caller,
        campaign: &str,
        unit: Option<&str>,
        date: &str,
        text: &str,
    ) -> Result<PasteView, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, campaign)?;
        let top = scope::asked(&catalogue, caller, Some(&campaign), unit)?;
        let day = parse_day(date, "/date")?;
        let below = scope::reads_below(&catalogue, caller, top.id);
        let tree = &catalogue.tree;
        let waited = Waited::under(tree, &campaign, top, &[day]);
        let expected: Vec<Placed<'_>> = waited.units(below).map(|(unit, _)| unit).take(OFFERED).collect();
        let named = |unit: &Placed<'_>| NamedUnit { unit: unit.code().to_string(), name: unit.name() };
        // Whoever reports for one unit only need not name it.
        let only = if let [one] = expected.as_slice() { Some(named(one)) } else { None };
        let read = self.parse(caller, text, Some(top.code().as_str()))?;
        let chars: Vec<char> = text.chars().collect();
        let mut parts: Vec<PastePart> = Vec::new();
        for part in read.parts.unwrap_or_default() {
            let own = |start: usize| start - part.start;
            let unit = part.unit.zip(part.name).map(|(unit, name)| NamedUnit { unit, name });
            let figures = part.figures.into_iter();
            let unread = part.unread.into_iter();
            parts.push(PastePart {
                unit: unit.or_else(|| only.clone()),
                candidates: part.candidates,
                text: chars.get(part.start..part.end).unwrap_or_default().iter().collect(),
                figures: figures.map(|f| FigureView { start: own(f.start), end: own(f.end), ..f }).collect(),
                unread: unread.map(|s| SpanView { start: own(s.start), end: own(s.end), ..s }).collect(),
                stored: None,
            });
        }
        let concerned: Vec<_> = parts
            .iter()
            .filter_map(|part| tree.by_code(&part.unit.as_ref()?.unit))
            .map(|unit| unit.id)
            .collect();
        let versions = self.store.current(campaign.key, &[day], &concerned).await?;
        let views = self.views(&catalogue, caller, &versions).await?;
        let mut stored: HashMap<String, TallyView> =
            views.into_iter().map(|view| (view.unit.clone(), view)).collect();
        for part in &mut parts {
            part.stored = part.unit.as_ref().and_then(|unit| stored.remove(&unit.unit));
        }
        Ok(PasteView { parts, units: expected.iter().map(named).collect() })
    }
}
