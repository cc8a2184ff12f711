//! The year-over-year summary that the office exports: one page.

use super::{Desk, value};
use crate::domain::calendar::{Align, chinese_number, constitution_week_ordinal};
use crate::domain::campaign::Kind;
use crate::domain::comparison::{Basis, Change};
use crate::domain::completeness::Completeness;
use crate::domain::measure::Measure;
use crate::domain::quantity::Sum;
use crate::domain::rollup::Rollup;
use crate::domain::unit::UnitId;
use crate::i18n::Lang;
use crate::service::Error;
use crate::service::comparison::{Compared, change_view};
use pufa_charts as draw;

impl Desk<'_> {
    pub(super) async fn summary(
        &self,
        preset: draw::Preset,
        align: Option<Align>,
        basis: Basis,
    ) -> Result<draw::Summary, Error> {
        let compared = self.compare(align.unwrap_or_else(|| self.usual_align()), basis, true).await?;
        let whole = compared.rollup(self.campaign, self.unit.id);
        let last = compared.campaigns.len().checked_sub(1).and_then(|at| compared.year_before(at).cloned());
        let before =
            last.as_ref().map(|last| compared.rollup(last, self.unit.id)).filter(|last| last.changes > 0);
        let card = |measure: &Measure| {
            let this = self.sum(&whole, measure);
            let previous = before.as_ref().map(|before| self.sum(before, measure));
            draw::Card {
                label: self.name(measure).into(),
                unit: self.word(measure).into(),
                value: Some(value(this)),
                previous: previous.map(value),
                previous_label: self.lang().text("summary-previous"),
                change: change_view(self.lang(), previous, this).text,
                direction: match Change::between(previous, this) {
                    Change::Rise(_) => draw::Direction::Up,
                    Change::Fall(_) => draw::Direction::Down,
                    Change::Equal | Change::NearlyEqual => draw::Direction::Flat,
                    Change::NoBase | Change::ZeroBase => draw::Direction::None,
                },
            }
        };
        let counted = |measure: &&Measure| {
            let of = |rollup: &Rollup| self.sum(rollup, measure) != Sum::ZERO;
            of(&whole) || before.as_ref().is_some_and(of)
        };
        let head: Vec<&Measure> = self.campaign.measures.iter().filter(counted).take(4).collect();
        let mut frame = self.frame(&self.campaign.name, self.comparison_subtitle(&compared, None), &whole);
        frame.footer.push(self.reported_words().await?);
        frame.footer.push(self.basis_words(&compared, basis));
        let values = [("campaign", self.campaign.id.as_str()), ("revision", &whole.changes.to_string())];
        frame.footer.push(self.lang().words("summary-revision", &values));
        Ok(draw::Summary {
            frame,
            preset,
            ordinal: self.ordinal_words(),
            slogan: self.campaign.theme.clone(),
            cards: head.iter().map(|measure| card(measure)).collect(),
            charts: vec![
                draw::Spec::YearOverYear(self.year_over_year(align, basis).await?),
                draw::Spec::Trend(self.trend().await?),
            ],
            table: self.unit_table(&compared, &head),
        })
    }

    pub(super) fn unit_table(&self, compared: &Compared, head: &[&Measure]) -> draw::UnitTable {
        let row = |label: &str, unit: UnitId, total: bool| {
            let rollup = compared.rollup(self.campaign, unit);
            let known = rollup.changes > 0;
            let cell =
                |measure: &&Measure| draw::Datum::Value(known.then(|| value(self.sum(&rollup, measure))));
            draw::TableRow { label: label.to_owned(), cells: head.iter().map(cell).collect(), total }
        };
        let below = self.present();
        let mut rows: Vec<draw::TableRow> =
            below.iter().map(|unit| row(&unit.name(), unit.id, false)).collect();
        if below.len() > 1 {
            rows.push(row(&self.lang().text("summary-total"), self.unit.id, true));
        }
        let column = |measure: &&Measure| {
            let values = [("measure", self.name(measure)), ("word", self.word(measure))];
            self.lang().words("summary-column", &values)
        };
        draw::UnitTable {
            head: self.lang().text("summary-unit"),
            columns: head.iter().map(column).collect(),
            rows,
        }
    }

    pub(super) async fn reported_words(&self) -> Result<String, Error> {
        let grid = self.grid().await?;
        let mut sum = Completeness::default();
        let due = grid.sums.iter().zip(&grid.days).filter(|(_, day)| **day <= self.today);
        due.for_each(|(counts, _)| sum += *counts);
        // Of the units that the page lists, those from which something has come on a day that is due.
        let (mut units, mut waited) = (0_u32, 0_u32);
        for row in &grid.rows {
            let due = || row.counts.iter().zip(&grid.days).filter(|(_, day)| **day <= self.today);
            units += u32::from(due().any(|(counts, _)| counts.reported > 0));
            waited += u32::from(due().any(|(counts, _)| counts.expected > 0));
        }
        let values = [
            ("units", units.to_string()),
            ("waited", waited.to_string()),
            ("reported", sum.reported.to_string()),
            ("expected", sum.expected.to_string()),
        ];
        let values = values.each_ref().map(|(name, text)| (*name, text.as_str()));
        Ok(self.lang().words("summary-reported", &values))
    }

    pub(super) fn ordinal_words(&self) -> String {
        let Some(day) = self.campaign.ordinal else { return String::new() };
        let written = |n: u32| match self.lang() {
            Lang::ZhCn => chinese_number(n),
            Lang::En => n.to_string(),
        };
        let week = constitution_week_ordinal(self.campaign.year)
            .filter(|_| self.campaign.kind == Kind::Constitution);
        let values = [("day", written(day)), ("week", week.map(written).unwrap_or_default())];
        let values = values.each_ref().map(|(name, text)| (*name, text.as_str()));
        self.lang().words(if week.is_some() { "summary-ordinals" } else { "summary-ordinal" }, &values)
    }
}
