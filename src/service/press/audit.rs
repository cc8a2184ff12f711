//! A draft against the totals: every figure, ordinal, theme and way of writing.

use super::history::{self, States};
use super::{Scene, ordinals, snapshot};
use crate::domain::calendar::{ReportDay, chinese_number, rfc3339};
use crate::domain::press::audit::{self, Claim, Verdict};
use crate::domain::quantity::Sum;
use crate::domain::report_text::style::{self, Occasion};
use crate::domain::report_text::{self, Figure, Span};
use crate::domain::slot::Line;
use crate::domain::unit::Placed;
use crate::i18n::Lang;
use crate::service::parse::{FigureView, SpanView};
use crate::service::totals::{Reading, measure_sum};
use crate::service::{App, Caller, Error};
use schemars::JsonSchema;
use serde::Serialize;
use std::collections::{BTreeMap, HashMap};
use std::slice;

/// A total behind a verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct BasisView {
    /// total, unit, title, day, through (up to a day) or earlier (before later reports and corrections).
    pub kind: &'static str,
    /// Code of the unit, for unit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Title, for title.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// The day, for day and through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date: Option<String>,
    /// Since when it was so, for earlier; RFC 3339.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<String>,
    /// Sum of the numbers as written.
    pub count: i64,
    /// The least it can be.
    pub low: i64,
    /// The most it can be.
    pub high: i64,
    /// Whether every part was counted.
    pub exact: bool,
}

/// A figure of a draft with its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CheckedView {
    /// The figure as read.
    #[serde(flatten)]
    pub figure: FigureView,
    /// supported, over, stale or unknown.
    pub verdict: &'static str,
    /// The total of now, and what else bore the figure out. Empty for a measure that the drive does not count.
    pub basis: Vec<BasisView>,
}

/// Something wrong in a draft that is no figure's value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FindingView {
    /// ordinal_wrong, theme_wrong, over_on_digit, over_on_decimal, contradiction or thousand.
    pub code: &'static str,
    /// In the reader's language.
    pub message: String,
    /// Where, and as written.
    #[serde(flatten)]
    pub span: SpanView,
    /// What it should be.
    pub suggestion: String,
}

/// A draft, checked. Nothing of it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AuditView {
    /// Identifier of the campaign.
    pub campaign: String,
    /// Code of the unit.
    pub unit: String,
    /// The revision of the totals that it was checked against.
    pub revision: i64,
    /// The name of these totals, for `snapshots/{id}`.
    pub snapshot: String,
    /// Every figure, in the order of the text.
    pub figures: Vec<CheckedView>,
    /// What else is wrong, in the order of the text.
    pub findings: Vec<FindingView>,
    /// Numbers that are no figures.
    pub unread: Vec<SpanView>,
}

/// Versions of a campaign that are looked at for earlier totals: a county's drive of a week has some thousands.
pub(super) const HISTORY: i64 = 20_000;

/// Totals that a figure may be about.
struct Evidence<'a> {
    scene: &'a Scene<'a>,
    app: &'a App,
    reading: Reading,
    children: Vec<Placed<'a>>,
    states: HashMap<String, States>,
    last_day: Option<ReportDay>,
}

/// What the figures of one measure are checked against.
struct Totals {
    whole: Sum,
    parts: Vec<BasisView>,
    part_sums: Vec<Sum>,
    others: Vec<BasisView>,
    other_sums: Vec<Sum>,
}

impl BasisView {
    fn new(kind: &'static str, sum: Sum) -> Self {
        let (count, low, high, exact) = (sum.count, sum.low, sum.high, sum.is_exact());
        Self { kind, unit: None, title: None, date: None, at: None, count, low, high, exact }
    }

    const fn sum(&self) -> Sum {
        Sum { count: self.count, low: self.low, high: self.high }
    }
}

impl Evidence<'_> {
    fn total(&self, measure: &str) -> Sum {
        self.app.sum(self.scene, &self.reading, measure)
    }

    fn of_day(&self, day: Option<ReportDay>, up_to: bool, measure: &str) -> Sum {
        let wanted =
            |other: ReportDay| day.is_some_and(|day| if up_to { other <= day } else { other == day });
        let rollup = self.reading.sum(&self.scene.campaign, self.scene.unit.id, wanted);
        measure_sum(&self.app.store.slots(), &rollup.sums, measure)
    }

    /// Totals of parts as of now: the last day's, units below, titles.
    fn parts(&self, measure: &str) -> Vec<BasisView> {
        let slots = self.app.store.slots();
        let campaign = &self.scene.campaign;
        let mut parts = Vec::new();
        if let Some(day) = self.last_day {
            let sum = self.of_day(Some(day), false, measure);
            parts.push(BasisView { date: Some(day.to_string()), ..BasisView::new("day", sum) });
        }
        for child in &self.children {
            let sum = measure_sum(&slots, &self.reading.whole(campaign, child.id).sums, measure);
            parts.push(BasisView { unit: Some(child.code().to_string()), ..BasisView::new("unit", sum) });
        }
        let whole = self.reading.whole(campaign, self.scene.unit.id);
        let mut titles: BTreeMap<String, Sum> = BTreeMap::new();
        for (slot, sum) in whole.sums.iter() {
            if let Some(Line::Item { measure: own, title: Some(title) }) = slots.line(*slot)
                && own.as_str() == measure
            {
                *titles.entry(title.to_string()).or_default() += *sum;
            }
        }
        parts.extend(
            titles
                .into_iter()
                .map(|(title, sum)| BasisView { title: Some(title), ..BasisView::new("title", sum) }),
        );
        parts.retain(|part| part.sum() != Sum::ZERO);
        parts
    }

    /// Totals of other times: other days, up to other days, before later versions; the latest first.
    fn other_times(&self, measure: &str) -> Vec<BasisView> {
        let now = self.total(measure);
        let reading = self.reading.of(&self.scene.campaign, self.scene.unit.id);
        let days: Vec<ReportDay> =
            reading.map(|(day, _)| day).filter(|day| Some(*day) != self.last_day).collect();
        let mut found = Vec::new();
        for day in days.iter().rev() {
            let date = || Some(day.to_string());
            found.push(BasisView {
                date: date(),
                ..BasisView::new("day", self.of_day(Some(*day), false, measure))
            });
            found.push(BasisView {
                date: date(),
                ..BasisView::new("through", self.of_day(Some(*day), true, measure))
            });
        }
        let held = self.states.get(measure).map_or(&[][..], Vec::as_slice);
        found.extend(
            held.iter()
                .rev()
                .map(|(at, sum)| BasisView { at: Some(rfc3339(*at)), ..BasisView::new("earlier", *sum) }),
        );
        found.retain(|basis| basis.sum() != now && basis.sum() != Sum::ZERO);
        found
    }

    fn totals(&self, measure: &str) -> Totals {
        let (parts, others) = (self.parts(measure), self.other_times(measure));
        let sums = |bases: &[BasisView]| bases.iter().map(BasisView::sum).collect();
        Totals {
            whole: self.total(measure),
            part_sums: sums(&parts),
            other_sums: sums(&others),
            parts,
            others,
        }
    }

    fn check(&self, figure: Figure, known: &mut HashMap<&'static str, Totals>) -> CheckedView {
        let claim = Claim::of(&figure);
        let measure = figure.measure;
        let figure = FigureView::new(figure, 0);
        if self.scene.campaign.measure(measure).is_none() {
            return CheckedView { figure, verdict: Verdict::Unknown.code(), basis: Vec::new() };
        }
        // A draft may hold many figures of a measure; what they are checked against is worked out once.
        let totals = known.entry(measure).or_insert_with(|| self.totals(measure));
        let (verdict, at) = audit::judge(claim, totals.whole, &totals.part_sums, &totals.other_sums);
        let borne = if verdict == Verdict::Stale { &totals.others } else { &totals.parts };
        let whole = BasisView::new("total", totals.whole);
        let basis = [whole].into_iter().chain(at.and_then(|at| borne.get(at)).cloned()).collect();
        CheckedView { figure, verdict: verdict.code(), basis }
    }
}

fn finding(lang: Lang, code: &'static str, span: Span, suggestion: String) -> FindingView {
    let values = [("written", span.text.as_str()), ("suggestion", &suggestion)];
    let message = lang.words(&format!("audit-{code}"), &values);
    FindingView { code, message, span: SpanView::new(span, 0), suggestion }
}

/// What is wrong in a draft besides the values of its figures.
fn findings(lang: Lang, scene: &Scene<'_>, text: &str) -> Vec<FindingView> {
    let mut found: Vec<FindingView> = style::slips(text)
        .into_iter()
        .map(|slipped| finding(lang, slipped.slip.code(), slipped.span, slipped.suggestion))
        .collect();
    if let Some((day, week)) = ordinals(&scene.campaign) {
        for ordinal in style::ordinals(text) {
            let right = if ordinal.occasion == Occasion::Day { day } else { week };
            if ordinal.number != u64::from(right) {
                let suggestion = format!("第{}个", chinese_number(right));
                found.push(finding(lang, "ordinal_wrong", ordinal.span, suggestion));
            }
        }
    }
    let theme = scene.campaign.theme.as_str();
    if let Some(span) =
        style::theme(text).filter(|span| !theme.is_empty() && !audit::same_theme(&span.text, theme))
    {
        found.push(finding(lang, "theme_wrong", span, theme.to_owned()));
    }
    found.sort_by_key(|finding| finding.span.start);
    found
}

impl App {
    /// Checks a draft against the totals of a unit in a campaign. The draft is not stored.
    ///
    /// # Errors
    /// `text_too_long`; out of scope is not found.
    pub async fn audit_press(
        &self,
        caller: &Caller,
        text: &str,
        campaign: &str,
        unit: Option<&str>,
    ) -> Result<AuditView, Error> {
        self.check_text(text)?;
        let catalogue = self.catalogue();
        let scene = Scene::find(&catalogue, caller, campaign, unit)?;
        let children: Vec<Placed<'_>> =
            if scene.below { catalogue.tree.children(scene.unit.id).collect() } else { Vec::new() };
        let units: Vec<_> =
            std::iter::once(scene.unit.id).chain(children.iter().map(|child| child.id)).collect();
        let reading =
            self.read_sums(&catalogue, slice::from_ref(&scene.campaign), &units, scene.below).await?;
        let states = self.states(&scene).await?;
        let last_day = reading.of(&scene.campaign, scene.unit.id).map(|(day, _)| day).last();
        let revision = reading.whole(&scene.campaign, scene.unit.id).changes;
        let evidence = Evidence { scene: &scene, app: self, reading, children, states, last_day };
        let read = report_text::read(text);
        let mut known = HashMap::new();
        Ok(AuditView {
            campaign: scene.campaign.id.to_string(),
            unit: scene.unit.code().to_string(),
            revision,
            snapshot: snapshot::id(scene.unit.code().as_str(), revision),
            figures: read.figures.into_iter().map(|figure| evidence.check(figure, &mut known)).collect(),
            findings: findings(caller.lang, &scene, text),
            unread: read.unread.into_iter().map(|span| SpanView::new(span, 0)).collect(),
        })
    }

    /// The totals that a unit had before; none for a drive with too many versions to look through.
    async fn states(&self, scene: &Scene<'_>) -> Result<HashMap<String, States>, Error> {
        let (campaign, top) = (slice::from_ref(&scene.campaign), scene.campaign.unit);
        let whole = self.read_sums(scene.catalogue, campaign, &[top], true).await?;
        if whole.whole(&scene.campaign, top).changes >= HISTORY {
            return Ok(HashMap::new());
        }
        let versions = self.store.history(scene.campaign.key).await?;
        Ok(history::states(scene, &self.store.slots(), &versions))
    }
}
