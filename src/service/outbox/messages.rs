//! What is said. It is made when it is sent: a unit that reported meanwhile is not asked any more.

use crate::domain::access::{Actor, Door, Duties, Grant, Role};
use crate::domain::bot::{Event, HookKind};
use crate::domain::calendar::rfc3339;
use crate::domain::campaign::Campaign;
use crate::domain::catalogue::Catalogue;
use crate::domain::chase::Grouping;
use crate::domain::tally::Version;
use crate::domain::unit::{Placed, UnitId};
use crate::i18n::Lang;
use crate::service::bots::Message;
use crate::service::charts::Request;
use crate::service::chase::Question;
use crate::service::tallies::MeasureTotal;
use crate::service::totals::{By, measure_sum};
use crate::service::{App, Caller, Error};
use crate::store::{Delivery, Hook};
use serde_json::json;
use std::sync::Arc;

/// A message, and whom it asks for a report.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) message: Message,
    pub(super) asked: Vec<UnitId>,
}

impl Said {
    const fn plain(message: Message) -> Self {
        Self { message, asked: Vec::new() }
    }
}

fn lang(hook: &Hook) -> Lang {
    Lang::from_tag(&hook.lang).unwrap_or_default()
}

/// Who looks on behalf of a hook: nobody's account, and nothing but the hook's own units.
fn onlooker(hook: &Hook) -> Caller {
    let grant = Grant { role: Role::Viewer, unit: Some(hook.unit), below: true };
    Caller {
        actor: Arc::new(Actor {
            id: 0,
            username: String::new(),
            grants: vec![grant],
            door: Door::Token(grant),
            duties: Duties::default(),
            held: None,
        }),
        lang: lang(hook),
        address: None,
    }
}

impl App {
    /// What a delivery says now; nothing when there is no more to say.
    pub(super) async fn message(
        &self,
        hook: &Hook,
        delivery: &Delivery,
        id: String,
    ) -> Result<Option<Said>, Error> {
        let catalogue = self.catalogue();
        let (Some(campaign), Some(unit)) =
            (catalogue.campaign_by_key(hook.campaign), catalogue.tree.get(delivery.subject.unit))
        else {
            return Ok(None);
        };
        let subject = delivery.subject;
        match delivery.event {
            Event::Missing => {
                let question = Question {
                    catalogue: &catalogue,
                    campaign,
                    top: unit,
                    below: true,
                    day: subject.day,
                    grouping: Grouping::None,
                    lang: lang(hook),
                };
                let missing = self.missing_of(question).await?;
                let said = Said { message: Message::Text(missing.view.text), asked: missing.units };
                Ok(Some(said).filter(|said| !said.asked.is_empty()))
            }
            Event::Summary => {
                let message = self.summary_message(hook, campaign, unit, &subject.day.to_string()).await?;
                Ok(Some(Said::plain(message)))
            }
            Event::Picture => {
                let request = Request {
                    campaign: campaign.id.to_string(),
                    file: "summary.png".into(),
                    unit: Some(unit.code().to_string()),
                    preset: Some("phone".into()),
                    ..Request::default()
                };
                let picture = self.chart(&onlooker(hook), &request, None).await?;
                Ok(picture.bytes.map(|bytes| Said::plain(Message::Picture(bytes))))
            }
            Event::Created | Event::Changed | Event::Returned | Event::Accepted => {
                let version = self.store.version(hook.campaign, subject).await?;
                Ok(version.map(|version| {
                    let body = self.event_body(&id, delivery.event, campaign, unit, &version);
                    Said::plain(Message::Event { id, kind: delivery.event.code(), body })
                }))
            }
        }
    }

    /// The day in a few lines: who reported, and what there is so far.
    async fn summary_message(
        &self,
        hook: &Hook,
        campaign: &Campaign,
        unit: Placed<'_>,
        date: &str,
    ) -> Result<Message, Error> {
        let caller = onlooker(hook);
        let lang = caller.lang;
        let (id, code) = (campaign.id.as_str(), unit.code());
        let code = Some(code.as_str());
        let counts = self.completeness(&caller, id, code, Some(date)).await?.counts;
        let totals = self.totals(&caller, id, code, By::Measure, None).await?;
        let amounts: Vec<String> = totals
            .items
            .iter()
            .filter(|item| item.total.high > 0)
            .filter_map(|item| {
                let measure = campaign.measure(&item.total.measure)?;
                let key = if item.total.exact { "amount-exact" } else { "amount-about" };
                let count = item.total.count.to_string();
                let word = lang.pick(&measure.word, &measure.word_en);
                let amount = lang.words(key, &[("count", &count), ("word", word)]);
                let name = lang.pick(&measure.name, &measure.name_en);
                Some(lang.words("summary-message-amount", &[("measure", name), ("amount", &amount)]))
            })
            .collect();
        let values = [
            ("expected", counts.expected.to_string()),
            ("reported", counts.reported.to_string()),
            ("missing", counts.missing.to_string()),
        ];
        let values = values.each_ref().map(|(name, value)| (*name, value.as_str()));
        let mut lines = vec![lang.words("summary-message-reported", &values)];
        lines.push(if amounts.is_empty() {
            lang.text("summary-message-nothing")
        } else {
            let amounts = amounts.join(lang.pick("，", ", "));
            lang.words("summary-message-so_far", &[("amounts", &amounts)])
        });
        if campaign.demo {
            lines.push(lang.text("chart-demo"));
        }
        let values = [("campaign", campaign.name.as_str()), ("unit", &unit.name()), ("date", date)];
        Ok(Message::Titled { title: lang.words("summary-message-title", &values), lines })
    }

    fn event_body(
        &self,
        id: &str,
        event: Event,
        campaign: &Campaign,
        unit: Placed<'_>,
        version: &Version,
    ) -> serde_json::Value {
        let slots = self.store.slots();
        let mut sums = crate::domain::rollup::Sums::default();
        version.sums().for_each(|(slot, sum)| sums.add(slot, sum));
        let totals: Vec<MeasureTotal> = campaign
            .measures
            .iter()
            .map(|measure| measure.code.as_str())
            .map(|code| MeasureTotal::new(code, measure_sum(&slots, &sums, code)))
            .filter(|total| total.high > 0)
            .collect();
        // The remark stays here: it is written for the office.
        json!({
            "id": id,
            "type": event.code(),
            "campaign": campaign.id.as_str(),
            "unit": unit.code().as_str(),
            "date": version.day.to_string(),
            "version": version.version,
            "state": version.review.code(),
            "zero": version.zero,
            "late": version.late,
            "on_behalf": version.on_behalf,
            "at": rfc3339(version.received_at),
            "totals": totals,
        })
    }

    /// A few words that show that a hook works.
    pub(super) fn test_message(&self, catalogue: &Catalogue, campaign: &Campaign, hook: &Hook) -> Message {
        let unit = catalogue.tree.get(hook.unit);
        if hook.kind == HookKind::Generic {
            let id = format!("evt_test_{}", self.clock.now().as_millisecond());
            let body = json!({
                "id": id,
                "type": "ping",
                "campaign": campaign.id.as_str(),
                "unit": unit.map(|unit| unit.code().to_string()),
                "at": rfc3339(self.clock.now()),
            });
            return Message::Event { id, kind: "ping", body };
        }
        let unit = unit.map_or_else(String::new, |unit| unit.name());
        let values = [("campaign", campaign.name.as_str()), ("unit", &unit)];
        Message::Text(lang(hook).words("hook-test", &values))
    }
}
