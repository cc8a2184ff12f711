//! Pictures: from sums and words to what the chart crate draws.

use super::comparison::{Compared, Terms, change_view, drives};
use super::completeness::Grid;
use super::drawing::Format;
use super::totals::{known_measure, measure_sum};
use super::{App, Caller, Error, scope};
use crate::domain::calendar::{Align, ReportDay, constitution_day_in, constitution_week_ordinal, rfc3339};
use crate::domain::campaign::{Campaign, Kind, State};
use crate::domain::catalogue::Catalogue;
use crate::domain::comparison::{Basis, Change};
use crate::domain::completeness::{Completeness, Status};
use crate::domain::consultation::{Mode, Topic};
use crate::domain::fault::Fault;
use crate::domain::measure::{CONSULTATIONS, Measure};
use crate::domain::quantity::Sum;
use crate::domain::rollup::Rollup;
use crate::domain::slot::{Line, SlotBook};
use crate::domain::unit::{Unit, UnitId};
use crate::i18n::Lang;
use jiff::Timestamp;
use pufa_charts as draw;
use std::sync::Arc;

/// A picture asked for.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Identifier of the campaign.
    pub campaign: String,
    /// `totals.png` and so on.
    pub file: String,
    /// Code of the unit; the highest in scope when absent.
    pub unit: Option<String>,
    /// Code of the measure; the first of the campaign when absent.
    pub measure: Option<String>,
    /// 1 or 2.
    pub scale: Option<String>,
    /// light, dark or print.
    pub theme: Option<String>,
    /// Summary: a4, phone or screen.
    pub preset: Option<String>,
    /// Year over year: campaign_day, distance or whole.
    pub align: Option<String>,
    /// Year over year: all or comparable.
    pub basis: Option<String>,
}

/// A picture, or that the caller has it already.
#[derive(Debug, Clone)]
pub struct Picture {
    /// The end it takes.
    pub format: Format,
    /// Equal tags are equal pictures.
    pub etag: String,
    /// The bytes; absent when the caller's tag is this one.
    pub bytes: Option<Arc<[u8]>>,
}

/// How many years a picture shows at most, the campaign's own included.
const YEARS: usize = 5;

impl App {
    /// Draws a picture, or finds it drawn; nothing is drawn when the caller's tag still fits.
    ///
    /// # Errors
    /// `chart_unknown`, faults of the parameters, out of scope, or `Busy`.
    pub async fn chart(
        &self,
        caller: &Caller,
        request: &Request,
        known: Option<&str>,
    ) -> Result<Picture, Error> {
        let (name, format) = match request.file.rsplit_once('.') {
            Some((name, "png")) => (name, Format::Png),
            Some((name, "svg")) => (name, Format::Svg),
            _ => return Err(Error::NotFound("chart_unknown")),
        };
        let scale = match request.scale.as_deref() {
            None | Some("1") => 1,
            Some("2") => 2,
            Some(_) => return Err(Error::invalid(Fault::new("/scale", "scale_unknown"))),
        };
        let spec = self.spec(caller, name, request).await?;
        let options = draw::Options { scale, ..draw::Options::default() };
        let kind = if format == Format::Png { "png" } else { "svg" };
        let etag = format!("{}-{kind}{scale}-v{}", draw::spec_hash(&spec, &options), draw::STYLE_VERSION);
        if known.is_some_and(|known| known.split(',').any(|tag| tag.trim().trim_matches('"') == etag)) {
            return Ok(Picture { format, etag, bytes: None });
        }
        let bytes = self.studio.picture(&etag, spec, options, format).await?;
        Ok(Picture { format, etag, bytes: Some(bytes) })
    }

    /// The description of a picture.
    ///
    /// # Errors
    /// As [`App::chart`].
    pub async fn spec(&self, caller: &Caller, name: &str, request: &Request) -> Result<draw::Spec, Error> {
        let catalogue = self.catalogue();
        let campaign = scope::campaign(&catalogue, caller, &request.campaign)?;
        let unit = scope::asked(&catalogue, caller, Some(&campaign), request.unit.as_deref())?;
        let measure = match (request.measure.as_deref(), name) {
            (Some(measure), _) => known_measure(&campaign, measure)?,
            (None, "topics") => known_measure(&campaign, CONSULTATIONS)?,
            (None, _) => campaign
                .measures
                .first()
                .ok_or_else(|| Error::Internal("a campaign counts nothing".into()))?,
        };
        let theme = match request.theme.as_deref() {
            None | Some("light") => draw::Theme::Light,
            Some("dark") => draw::Theme::Dark,
            Some("print") => draw::Theme::Print,
            Some(_) => return Err(Error::invalid(Fault::new("/theme", "theme_unknown"))),
        };
        let read = |code: Option<&str>, pointer, fault| match code {
            None => Ok(None),
            Some(code) => {
                Align::from_code(code).map(Some).ok_or_else(|| Error::invalid(Fault::new(pointer, fault)))
            }
        };
        let align = read(request.align.as_deref(), "/align", "align_unknown")?;
        let basis = request.basis.as_deref().map_or(Some(Basis::default()), Basis::from_code);
        let basis = basis.ok_or_else(|| Error::invalid(Fault::new("/basis", "basis_unknown")))?;
        let desk = Desk {
            app: self,
            caller,
            catalogue: &catalogue,
            slots: self.store.slots(),
            campaign: &campaign,
            unit,
            measure,
            theme,
            today: self.clock.today(),
        };
        Ok(match name {
            "totals" => draw::Spec::Totals(desk.totals().await?),
            "trend" => draw::Spec::Trend(desk.trend().await?),
            "composition" => draw::Spec::Composition(desk.composition().await?),
            "topics" => draw::Spec::Topics(desk.topics().await?),
            "completeness" => draw::Spec::Completeness(desk.completeness().await?),
            "year-over-year" => draw::Spec::YearOverYear(desk.year_over_year(align, basis).await?),
            "summary" => draw::Spec::Summary(desk.summary(request.preset.as_deref(), align, basis).await?),
            _ => return Err(Error::NotFound("chart_unknown")),
        })
    }
}

/// What every picture of a request is drawn from.
struct Desk<'a> {
    app: &'a App,
    caller: &'a Caller,
    catalogue: &'a Catalogue,
    slots: Arc<SlotBook>,
    campaign: &'a Arc<Campaign>,
    unit: &'a Unit,
    measure: &'a Measure,
    theme: draw::Theme,
    today: ReportDay,
}

/// A sum as the chart crate takes it. Sums of reports are never negative.
fn value(sum: Sum) -> draw::Value {
    let n = |n: i64| u64::try_from(n).unwrap_or(0);
    draw::Value { count: n(sum.count), low: n(sum.low), high: n(sum.high) }
}

impl Desk<'_> {
    const fn lang(&self) -> Lang {
        self.caller.lang
    }

    fn name<'m>(&self, measure: &'m Measure) -> &'m str {
        self.lang().pick(&measure.name, &measure.name_en)
    }

    fn word<'m>(&self, measure: &'m Measure) -> &'m str {
        self.lang().pick(&measure.word, &measure.word_en)
    }

    fn sum(&self, rollup: &Rollup, measure: &Measure) -> Sum {
        measure_sum(&self.slots, &rollup.sums, measure.code.as_str())
    }

    /// The words around a picture. `whole` is everything it counts, for revision and time.
    fn frame(&self, title: &str, subtitle: String, whole: &Rollup) -> draw::Frame {
        let mut footer = Vec::new();
        if self.campaign.demo {
            footer.push(self.lang().text("chart-demo"));
        }
        let as_of = Timestamp::from_millisecond(whole.latest).ok().filter(|_| whole.latest > 0);
        let as_of = as_of.map(|at| {
            let text = rfc3339(at);
            let minute = text.get(..16).unwrap_or_default().replace('T', " ");
            self.lang().words("chart-as_of", &[("time", &minute)])
        });
        draw::Frame {
            title: title.to_owned(),
            subtitle,
            source: self.lang().text("chart-source"),
            as_of: as_of.unwrap_or_default(),
            footer,
            lang: if self.lang() == Lang::En { draw::Lang::En } else { draw::Lang::ZhCn },
            theme: self.theme,
            campaign: self.campaign.id.to_string(),
            revision: whole.changes.to_string(),
        }
    }

    fn title(&self, key: &str) -> String {
        let values = [("campaign", self.campaign.name.as_str()), ("measure", self.name(self.measure))];
        self.lang().words(key, &values)
    }

    fn subtitle(&self, word: &str) -> String {
        let (first, last) = (self.campaign.window.first(), self.campaign.window.last());
        let values = [
            ("unit", self.unit.name.as_str()),
            ("first", &first.to_string()),
            ("last", &last.to_string()),
            ("word", word),
        ];
        self.lang().words("chart-subtitle", &values)
    }

    fn children(&self) -> Vec<&Unit> {
        let below = scope::reads_below(self.catalogue, self.caller, self.unit.id);
        let children: Vec<&Unit> = self.catalogue.tree.children(self.unit.id).filter(|_| below).collect();
        if children.is_empty() { vec![self.unit] } else { children }
    }

    /// Units directly below that existed at some time in a drive.
    fn present(&self) -> Vec<&Unit> {
        let existed = |unit: &&Unit| self.campaign.window.days().any(|day| unit.exists_on(day));
        self.children().into_iter().filter(existed).collect()
    }

    async fn read(&self, units: &[&Unit]) -> Result<super::totals::Reading, Error> {
        let below = scope::reads_below(self.catalogue, self.caller, self.unit.id);
        let ids: Vec<UnitId> =
            std::iter::once(self.unit.id).chain(units.iter().map(|unit| unit.id)).collect();
        self.app.read_sums(self.catalogue, std::slice::from_ref(self.campaign), &ids, below).await
    }

    async fn totals(&self) -> Result<draw::Totals, Error> {
        let units = self.present();
        let reading = self.read(&units).await?;
        let bar = |unit: &&Unit| {
            let rollup = reading.whole(self.campaign, unit.id);
            let reported = rollup.changes > 0;
            draw::Bar {
                label: unit.name.clone(),
                value: reported.then(|| value(self.sum(&rollup, self.measure))),
                note: String::new(),
            }
        };
        Ok(draw::Totals {
            frame: self.frame(
                &self.title("chart-title-totals"),
                self.subtitle(self.word(self.measure)),
                &reading.whole(self.campaign, self.unit.id),
            ),
            measure: self.name(self.measure).into(),
            unit: self.word(self.measure).into(),
            bars: units.iter().map(bar).collect(),
        })
    }

    /// The drives up to this one, oldest first.
    fn years(&self) -> Vec<Arc<Campaign>> {
        let mut years = drives(self.catalogue, self.campaign.kind, self.unit.id);
        years.retain(|other| {
            other.window.first() < self.campaign.window.first() || other.id == self.campaign.id
        });
        // The campaign asked for stands for its year, whatever else ran in it.
        years.retain(|other| other.year != self.campaign.year);
        years.push(self.campaign.clone());
        let surplus = years.len().saturating_sub(YEARS);
        years.split_off(surplus)
    }

    async fn compare(&self, align: Align, basis: Basis, with_children: bool) -> Result<Compared, Error> {
        let terms = Terms { unit: self.unit, campaigns: self.years(), align, basis };
        self.app.compare(self.catalogue, self.caller, terms, with_children).await
    }

    async fn trend(&self) -> Result<draw::Trend, Error> {
        let compared = self.compare(Align::Whole, Basis::All, false).await?;
        let longest = compared.campaigns.iter().map(|c| c.window.days().count()).max().unwrap_or_default();
        let line = |campaign: &Arc<Campaign>| {
            let first = campaign.window.first();
            let length = campaign.window.days().count();
            let mut values: Vec<Option<draw::Value>> = vec![None; longest];
            for (at, day) in campaign.window.days().enumerate().filter(|(_, day)| *day <= self.today) {
                let rollup = compared.days(campaign, self.unit.id).find(|(other, _)| *other == day);
                values[at] =
                    Some(rollup.map_or(draw::Value::exact(0), |(_, r)| value(self.sum(r, self.measure))));
            }
            let mark =
                constitution_day_in(campaign.window).and_then(|day| usize::try_from(day.since(first)).ok());
            let open = (campaign.state(self.today) == State::Open).then(|| self.today.since(first));
            draw::Line {
                label: campaign.year.to_string(),
                values,
                mark,
                open_from: open.and_then(|at| usize::try_from(at).ok()).filter(|at| *at < length),
            }
        };
        let whole = compared.rollup(self.campaign, self.unit.id);
        let day = |n: usize| self.lang().words("chart-day", &[("n", &(n + 1).to_string())]);
        Ok(draw::Trend {
            frame: self.frame(
                &self.title("chart-title-trend"),
                self.subtitle(self.word(self.measure)),
                &whole,
            ),
            measure: self.name(self.measure).into(),
            unit: self.word(self.measure).into(),
            days: (0..longest).map(day).collect(),
            lines: compared.campaigns.iter().map(line).collect(),
            mark_label: if self.campaign.kind == Kind::Constitution {
                self.lang().text("chart-mark")
            } else {
                String::new()
            },
        })
    }

    async fn composition(&self) -> Result<draw::Composition, Error> {
        let reading = self.read(&[]).await?;
        let whole = reading.whole(self.campaign, self.unit.id);
        let part = |(slot, sum): (&crate::domain::slot::Slot, &Sum)| match self.slots.line(*slot)? {
            Line::Item { measure, title } if *measure == self.measure.code => Some(draw::Bar {
                label: title.as_deref().map_or_else(|| self.lang().text("chart-untitled"), ToOwned::to_owned),
                value: Some(value(*sum)),
                note: String::new(),
            }),
            _ => None,
        };
        Ok(draw::Composition {
            frame: self.frame(
                &self.title("chart-title-composition"),
                self.subtitle(self.word(self.measure)),
                &whole,
            ),
            measure: self.name(self.measure).into(),
            unit: self.word(self.measure).into(),
            parts: whole.sums.iter().filter_map(part).collect(),
        })
    }

    async fn topics(&self) -> Result<draw::Topics, Error> {
        let reading = self.read(&[]).await?;
        let whole = reading.whole(self.campaign, self.unit.id);
        let sum = |topic: Topic, mode: Mode| {
            let slot = self.slots.slot(&Line::Consultation { topic, mode });
            slot.map(|slot| whole.sum(slot)).filter(|sum| *sum != Sum::ZERO)
        };
        let used = |mode: &Mode| Topic::ALL.iter().any(|topic| sum(*topic, *mode).is_some());
        let modes: Vec<Mode> = Mode::ALL.iter().copied().filter(used).collect();
        let topic = |topic: &Topic| draw::Topic {
            label: self.lang().pick(topic.name(), topic.name_en()).into(),
            values: modes.iter().map(|mode| sum(*topic, *mode).map(value)).collect(),
        };
        let asked = |topic: &&Topic| modes.iter().any(|mode| sum(**topic, *mode).is_some());
        Ok(draw::Topics {
            frame: self.frame(
                &self.title("chart-title-topics"),
                self.subtitle(self.word(self.measure)),
                &whole,
            ),
            measure: self.name(self.measure).into(),
            unit: self.word(self.measure).into(),
            modes: modes.iter().map(|mode| self.lang().pick(mode.name(), mode.name_en()).into()).collect(),
            topics: Topic::ALL.iter().filter(asked).map(topic).collect(),
        })
    }

    async fn grid(&self) -> Result<Grid, Error> {
        let days = self.campaign.window.days().collect();
        self.app.grid(self.catalogue, self.caller, self.campaign, self.unit, days).await
    }

    async fn completeness(&self) -> Result<draw::Completeness, Error> {
        let grid = self.grid().await?;
        let cell = |status: Option<Status>, counts: Completeness| match status {
            Some(Status::OnTime) => draw::Cell::OnTime,
            Some(Status::Late) => draw::Cell::Late,
            Some(Status::Zero) => draw::Cell::Zero,
            Some(Status::Returned) => draw::Cell::Returned,
            Some(Status::Missing) => draw::Cell::Missing,
            Some(Status::Pending) => draw::Cell::Future,
            Some(Status::NotExpected) => draw::Cell::NotExpected,
            None if counts.expected == 0 => draw::Cell::NotExpected,
            None if counts.missing() > 0 => draw::Cell::Missing,
            None if counts.late > 0 => draw::Cell::Late,
            None => draw::Cell::OnTime,
        };
        let row = |row: &super::completeness::Row| {
            let due = row.counts.iter().zip(&grid.days).filter(|(_, day)| **day <= self.today);
            let mut sum = Completeness::default();
            due.for_each(|(counts, _)| sum += *counts);
            draw::UnitRow {
                label: self.catalogue.tree.get(row.unit).map(|unit| unit.name.clone()).unwrap_or_default(),
                cells: row
                    .statuses
                    .iter()
                    .zip(&row.counts)
                    .zip(&grid.days)
                    .map(|((status, counts), day)| match status {
                        None if *day > self.today => draw::Cell::Future,
                        status => cell(*status, *counts),
                    })
                    .collect(),
                note: format!("{}/{}", sum.reported, sum.expected),
            }
        };
        let whole = Rollup { changes: grid.revision, latest: grid.latest, ..Rollup::default() };
        let day = |day: &ReportDay| format!("{}.{}", day.month_day().0, day.month_day().1);
        Ok(draw::Completeness {
            frame: self.frame(
                &self.title("chart-title-completeness"),
                self.subtitle(&self.lang().text("chart-units")),
                &whole,
            ),
            days: grid.days.iter().map(day).collect(),
            units: grid.rows.iter().map(row).collect(),
        })
    }

    fn usual_align(&self) -> Align {
        if self.campaign.state(self.today) == State::Open { Align::CampaignDay } else { Align::Whole }
    }

    async fn year_over_year(&self, align: Option<Align>, basis: Basis) -> Result<draw::YearOverYear, Error> {
        let compared = self.compare(align.unwrap_or_else(|| self.usual_align()), basis, true).await?;
        let years: Vec<String> =
            compared.campaigns.iter().map(|campaign| campaign.year.to_string()).collect();
        let whole = compared.rollup(self.campaign, self.unit.id);
        let sum = |unit: UnitId, campaign: &Campaign| {
            let rollup = compared.rollup(campaign, unit);
            (rollup.changes > 0).then(|| self.sum(&rollup, self.measure))
        };
        let below: Vec<&Unit> =
            self.children().into_iter().filter(|child| child.id != self.unit.id).collect();
        let group = |unit: &Unit| {
            let sums: Vec<Option<Sum>> =
                compared.campaigns.iter().map(|campaign| sum(unit.id, campaign)).collect();
            let last = sums.len().checked_sub(2).and_then(|at| sums[at]);
            let this = sums.last().copied().flatten();
            draw::Group {
                label: unit.name.clone(),
                values: sums.iter().map(|sum| sum.map(value)).collect(),
                changes: Vec::new(),
                change: match (last, this) {
                    (Some(_), Some(this)) => change_view(self.lang(), last, this).text,
                    _ => String::new(),
                },
            }
        };
        let year = |at: usize| {
            let campaign = &compared.campaigns[at];
            let this = sum(self.unit.id, campaign);
            let last = at.checked_sub(1).and_then(|at| sum(self.unit.id, &compared.campaigns[at]));
            let change = match (last, this) {
                (Some(_), Some(this)) => change_view(self.lang(), last, this).text,
                _ => String::new(),
            };
            draw::Group {
                label: years[at].clone(),
                values: vec![this.map(value)],
                changes: Vec::new(),
                change,
            }
        };
        let mut frame = self.frame(
            &self.title("chart-title-year-over-year"),
            self.comparison_subtitle(&compared),
            &whole,
        );
        frame.footer.extend(self.basis_words(&compared, basis));
        let by_year = below.is_empty();
        Ok(draw::YearOverYear {
            frame,
            measure: self.name(self.measure).into(),
            unit: self.word(self.measure).into(),
            highlight: by_year.then(|| years.len().saturating_sub(1)),
            groups: if by_year {
                (0..years.len()).map(year).collect()
            } else {
                below.into_iter().map(group).collect()
            },
            series: if by_year { vec![self.name(self.measure).into()] } else { years },
        })
    }

    fn comparison_subtitle(&self, compared: &Compared) -> String {
        let first = compared.campaigns.first().map_or(0, |campaign| campaign.year).to_string();
        let last = self.campaign.year.to_string();
        let through = compared.through.map(|n| n.to_string());
        let key = match (compared.align, &through) {
            (Align::Whole, _) | (_, None) => "chart-years-whole",
            (Align::CampaignDay, Some(_)) => "chart-years-day",
            (Align::Distance, Some(_)) => "chart-years-distance",
        };
        let values = [
            ("unit", self.unit.name.as_str()),
            ("first", first.as_str()),
            ("last", last.as_str()),
            ("n", through.as_deref().unwrap_or_default()),
            ("word", self.word(self.measure)),
        ];
        self.lang().words(key, &values)
    }

    fn basis_words(&self, compared: &Compared, basis: Basis) -> Option<String> {
        if basis == Basis::All {
            return None;
        }
        let names = compared.left_out.iter().filter_map(|unit| self.catalogue.tree.get(*unit));
        let names: Vec<&str> = names.map(|unit| unit.name.as_str()).collect();
        let key = if names.is_empty() { "chart-comparable" } else { "chart-comparable-left_out" };
        Some(self.lang().words(key, &[("names", &names.join(self.lang().pick("、", ", ")))]))
    }

    async fn summary(
        &self,
        preset: Option<&str>,
        align: Option<Align>,
        basis: Basis,
    ) -> Result<draw::Summary, Error> {
        let preset = match preset {
            None | Some("a4") => draw::Preset::A4,
            Some("phone") => draw::Preset::Phone,
            Some("screen") => draw::Preset::Screen,
            Some(_) => return Err(Error::invalid(Fault::new("/preset", "preset_unknown"))),
        };
        let compared = self.compare(align.unwrap_or_else(|| self.usual_align()), basis, true).await?;
        let whole = compared.rollup(self.campaign, self.unit.id);
        let last = compared.campaigns.len().checked_sub(2).map(|at| compared.campaigns[at].clone());
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
        let mut frame = self.frame(&self.campaign.name, self.comparison_subtitle(&compared), &whole);
        frame.footer.push(self.reported_words().await?);
        frame.footer.extend(self.basis_words(&compared, basis));
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

    fn unit_table(&self, compared: &Compared, head: &[&Measure]) -> draw::UnitTable {
        let row = |label: &str, unit: UnitId, total: bool| {
            let rollup = compared.rollup(self.campaign, unit);
            let known = rollup.changes > 0;
            let cell =
                |measure: &&Measure| draw::Datum::Value(known.then(|| value(self.sum(&rollup, measure))));
            draw::TableRow { label: label.to_owned(), cells: head.iter().map(cell).collect(), total }
        };
        let below = self.present();
        let mut rows: Vec<draw::TableRow> =
            below.iter().map(|unit| row(&unit.name, unit.id, false)).collect();
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

    async fn reported_words(&self) -> Result<String, Error> {
        let grid = self.grid().await?;
        let mut sum = Completeness::default();
        let due = grid.sums.iter().zip(&grid.days).filter(|(_, day)| **day <= self.today);
        due.for_each(|(counts, _)| sum += *counts);
        let values = [("reported", sum.reported.to_string()), ("expected", sum.expected.to_string())];
        let values = values.each_ref().map(|(name, text)| (*name, text.as_str()));
        Ok(self.lang().words("summary-reported", &values))
    }

    fn ordinal_words(&self) -> String {
        let Some(day) = self.campaign.ordinal else { return String::new() };
        let written = |n: u32| match self.lang() {
            Lang::ZhCn => crate::domain::calendar::chinese_number(n),
            Lang::En => n.to_string(),
        };
        let week = constitution_week_ordinal(self.campaign.year)
            .filter(|_| self.campaign.kind == Kind::Constitution);
        let values = [("day", written(day)), ("week", week.map(written).unwrap_or_default())];
        let values = values.each_ref().map(|(name, text)| (*name, text.as_str()));
        self.lang().words(if week.is_some() { "summary-ordinals" } else { "summary-ordinal" }, &values)
    }
}
