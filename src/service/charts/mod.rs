//! Pictures: from sums and words to what the chart crate draws.

mod figures;
mod summary;
mod years;

pub use figures::{FiguresView, HitView};

use crate::domain::calendar::{Align, ReportDay, rfc3339};
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::comparison::Basis;
use crate::domain::completeness::{Completeness, Status};
use crate::domain::consultation::{Mode, Topic};
use crate::domain::fault::Fault;
use crate::domain::measure::{CONSULTATIONS, Measure};
use crate::domain::quantity::Sum;
use crate::domain::rollup::Rollup;
use crate::domain::slot::{Line, SlotBook};
use crate::domain::unit::{Placed, UnitId};
use crate::i18n::Lang;
use crate::service::comparison::parse_years;
use crate::service::completeness::Grid;
use crate::service::drawing::Format;
use crate::service::together::Asker;
use crate::service::totals::{known_measure, measure_sum};
use crate::service::{App, Caller, Error, scope};
use jiff::Timestamp;
use pufa_charts as draw;
use std::sync::Arc;

/// A picture asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
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
    /// Several years: 2021-2025, cut to what a picture holds.
    pub years: Option<String>,
}

/// A picture that is asked for, and for whom: equal ones are of the same figures and words.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Question {
    asker: Asker,
    name: String,
    request: Request,
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
        let etag =
            format!("{:032x}-{kind}{scale}-v{}", draw::spec_hash(&spec, &options), draw::STYLE_VERSION);
        if known.is_some_and(|known| known.split(',').any(|tag| tag.trim().trim_matches('"') == etag)) {
            return Ok(Picture { format, etag, bytes: None });
        }
        let bytes = self.studio.picture(&etag, spec, options, format).await?;
        Ok(Picture { format, etag, bytes: Some(bytes) })
    }

    /// The description of a picture. Many who ask for the same one at once are answered by one reading.
    ///
    /// # Errors
    /// As [`App::chart`].
    pub async fn spec(
        &self,
        caller: &Caller,
        name: &str,
        request: &Request,
    ) -> Result<Arc<draw::Spec>, Error> {
        let question = Question {
            asker: self.asker(caller),
            name: name.to_owned(),
            // Its ending and its size in pixels change nothing about what it says.
            request: Request { file: String::new(), scale: None, ..request.clone() },
        };
        let read = || async { self.read_spec(caller, name, request).await.map(Arc::new) };
        self.specs.read(question, read).await
    }

    async fn read_spec(&self, caller: &Caller, name: &str, request: &Request) -> Result<draw::Spec, Error> {
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
        // Judged for every picture, though only one has it: what is chosen from a list is never anything else.
        let preset = match request.preset.as_deref() {
            None | Some("a4") => draw::Preset::A4,
            Some("phone") => draw::Preset::Phone,
            Some("screen") => draw::Preset::Screen,
            Some(_) => return Err(Error::invalid(Fault::new("/preset", "preset_unknown"))),
        };
        let desk = Desk {
            app: self,
            caller,
            catalogue: &catalogue,
            campaign: &campaign,
            unit,
            measure,
            theme,
            today: self.clock.today(),
            chosen: request.years.as_deref().map(parse_years).transpose()?,
        };
        Ok(match name {
            "totals" => draw::Spec::Totals(desk.totals().await?),
            "trend" => draw::Spec::Trend(desk.trend().await?),
            "composition" => draw::Spec::Composition(desk.composition().await?),
            "topics" => draw::Spec::Topics(desk.topics().await?),
            "completeness" => draw::Spec::Completeness(desk.completeness().await?),
            "year-over-year" => draw::Spec::YearOverYear(desk.year_over_year(align, basis).await?),
            "summary" => draw::Spec::Summary(desk.summary(preset, align, basis).await?),
            _ => return Err(Error::NotFound("chart_unknown")),
        })
    }
}

/// What every picture of a request is drawn from.
struct Desk<'a> {
    app: &'a App,
    caller: &'a Caller,
    catalogue: &'a Catalogue,
    campaign: &'a Arc<Campaign>,
    unit: Placed<'a>,
    measure: &'a Measure,
    theme: draw::Theme,
    today: ReportDay,
    /// Years that were asked for.
    chosen: Option<std::ops::RangeInclusive<i16>>,
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

    /// The lines as known after the last read, which may have met new ones.
    fn slots(&self) -> Arc<SlotBook> {
        self.app.store.slots()
    }

    fn name<'m>(&self, measure: &'m Measure) -> &'m str {
        self.lang().pick(&measure.name, &measure.name_en)
    }

    fn word<'m>(&self, measure: &'m Measure) -> &'m str {
        self.lang().pick(&measure.word, &measure.word_en)
    }

    fn sum(&self, rollup: &Rollup, measure: &Measure) -> Sum {
        measure_sum(&self.slots(), &rollup.sums, measure.code.as_str())
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
        self.lang().words("chart-in", &[("what", &self.place_and_days()), ("word", word)])
    }

    fn place_and_days(&self) -> String {
        let (first, last) = (self.campaign.window.first(), self.campaign.window.last());
        let unit = self.unit.name();
        let values = [("unit", unit.as_str()), ("first", &first.to_string()), ("last", &last.to_string())];
        self.lang().words("chart-subtitle", &values)
    }

    fn children(&self) -> Vec<Placed<'_>> {
        let below = scope::reads_below(self.catalogue, self.caller, self.unit.id);
        let children: Vec<Placed<'_>> =
            self.catalogue.tree.children(self.unit.id).filter(|_| below).collect();
        if children.is_empty() { vec![self.unit] } else { children }
    }

    /// Units directly below that existed at some time in a drive.
    fn present(&self) -> Vec<Placed<'_>> {
        let existed = |unit: &Placed<'_>| self.campaign.window.days().any(|day| unit.exists_on(day));
        self.children().into_iter().filter(existed).collect()
    }

    async fn read(&self, units: &[Placed<'_>]) -> Result<crate::service::totals::Reading, Error> {
        let below = scope::reads_below(self.catalogue, self.caller, self.unit.id);
        let ids: Vec<UnitId> =
            std::iter::once(self.unit.id).chain(units.iter().map(|unit| unit.id)).collect();
        self.app.read_sums(self.catalogue, std::slice::from_ref(self.campaign), &ids, below).await
    }

    async fn totals(&self) -> Result<draw::Totals, Error> {
        let units = self.present();
        let reading = self.read(&units).await?;
        let bar = |unit: &Placed<'_>| {
            let rollup = reading.whole(self.campaign, unit.id);
            let reported = rollup.changes > 0;
            draw::Bar {
                label: unit.name(),
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

    async fn composition(&self) -> Result<draw::Composition, Error> {
        let reading = self.read(&[]).await?;
        let whole = reading.whole(self.campaign, self.unit.id);
        let slots = self.slots();
        let part = |(slot, sum): (&crate::domain::slot::Slot, &Sum)| match slots.line(*slot)? {
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
        let slots = self.slots();
        let sum = |topic: Topic, mode: Mode| {
            let slot = slots.slot(&Line::Consultation { topic, mode });
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
        let existed = |row: &crate::service::completeness::Row| {
            let unit = self.catalogue.tree.get(row.unit);
            unit.is_some_and(|unit| grid.days.iter().any(|day| unit.exists_on(*day)))
        };
        let row = |row: &crate::service::completeness::Row| {
            let due = row.counts.iter().zip(&grid.days).filter(|(_, day)| **day <= self.today);
            let mut sum = Completeness::default();
            due.for_each(|(counts, _)| sum += *counts);
            draw::UnitRow {
                label: self.catalogue.tree.get(row.unit).map(|unit| unit.name()).unwrap_or_default(),
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
            frame: self.frame(&self.title("chart-title-completeness"), self.place_and_days(), &whole),
            days: grid.days.iter().map(day).collect(),
            units: grid.rows.iter().filter(|row| existed(row)).map(row).collect(),
        })
    }
}
