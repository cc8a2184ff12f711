//! Chasing (催报): when a unit may be asked, in which tone, and through what.
//!
//! State rules against formalism (2024) bind it: the list is by name and never ranked, nobody is asked at night by a
//! machine, and how often a unit was asked is counted, for the office to see.

use super::calendar::{ReportDay, SHANGHAI};
use super::campaign::Campaign;
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};

/// Through what a unit was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Channel {
    /// A WeChat group.
    Wechat,
    /// A WeCom group.
    Wecom,
    /// A DingTalk group.
    Dingtalk,
    /// A Feishu group.
    Feishu,
    /// A call.
    Phone,
    /// A text message.
    Message,
    /// A letter.
    Letter,
    /// Some other way.
    Other,
}

super::coded::coded!(Channel {
    Wechat = "wechat", "微信群", "WeChat group";
    Wecom = "wecom", "企业微信群", "WeCom group";
    Dingtalk = "dingtalk", "钉钉群", "DingTalk group";
    Feishu = "feishu", "飞书群", "Feishu group";
    Phone = "phone", "电话", "Phone";
    Message = "message", "短信", "Text message";
    Letter = "letter", "发函", "Letter";
    Other = "other", "其他", "Other";
});

/// By what the missing are put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Grouping {
    /// One list.
    #[default]
    None,
    /// By the unit directly above.
    Parent,
    /// By the contact group that is noted at the unit, or at the nearest unit above that has one.
    Liaison,
}

impl Grouping {
    /// The one with this name in the API.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        match code {
            "none" => Some(Self::None),
            "parent" => Some(Self::Parent),
            "liaison" => Some(Self::Liaison),
            _ => None,
        }
    }
}

/// The hours in which no message goes out by itself, by Shanghai's clocks. Equal ends are no hours at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuietHours {
    /// When they begin.
    pub from: Time,
    /// When they end.
    pub to: Time,
}

/// A text is no span of hours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("quiet hours are written 22:00-07:00")]
pub struct QuietHoursError;

impl std::str::FromStr for QuietHours {
    type Err = QuietHoursError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let time = |text: &str| {
            let (hour, minute) = text.split_once(':').filter(|_| text.len() == 5).ok_or(QuietHoursError)?;
            let number = |digits: &str| digits.parse().map_err(|_| QuietHoursError);
            Time::new(number(hour)?, number(minute)?, 0, 0).map_err(|_| QuietHoursError)
        };
        let (from, to) = text.split_once('-').ok_or(QuietHoursError)?;
        Ok(Self { from: time(from)?, to: time(to)? })
    }
}

impl QuietHours {
    /// 22:00 to 07:00.
    pub const USUAL: Self = Self { from: Time::constant(22, 0, 0, 0), to: Time::constant(7, 0, 0, 0) };

    /// Whether an instant lies in them.
    #[must_use]
    pub fn contains(self, at: Timestamp) -> bool {
        let time = SHANGHAI.to_datetime(at).time();
        if self.from <= self.to {
            self.from <= time && time < self.to
        } else {
            time >= self.from || time < self.to
        }
    }

    /// The instant itself, or when the quiet hours that it lies in end.
    #[must_use]
    pub fn over(self, at: Timestamp) -> Timestamp {
        if !self.contains(at) {
            return at;
        }
        let day = ReportDay::of(at);
        let end = day.at(self.to);
        if end > at { end } else { day.plus(1).at(self.to) }
    }

    /// As a person writes them: `22:00–07:00`.
    #[must_use]
    pub fn text(self) -> String {
        format!("{}–{}", clock(self.from), clock(self.to))
    }
}

/// A time of day as `18:00`.
#[must_use]
pub fn clock(time: Time) -> String {
    format!("{:02}:{:02}", time.hour(), time.minute())
}

/// How far it is to a deadline, in whole minutes rounded down; negative once it is over.
#[must_use]
pub fn minutes_left(deadline: Timestamp, now: Timestamp) -> i64 {
    deadline.duration_since(now).as_secs().div_euclid(60)
}

/// A message that is due is still sent this long after its time, when the service was away; after that it is stale.
pub const GRACE: SignedDuration = SignedDuration::from_mins(60);
/// The furthest that a message may be planned from the deadline, in minutes.
pub const FURTHEST: i32 = 24 * 60;

/// The messages of a drive that should have gone out by now: of each day the last of `offsets` (minutes from the
/// deadline, negative before it) whose time has come. A time in the quiet hours comes when they end.
#[must_use]
pub fn due(campaign: &Campaign, offsets: &[i32], quiet: QuietHours, now: Timestamp) -> Vec<(ReportDay, i32)> {
    let today = ReportDay::of(now);
    let mut found = Vec::new();
    for day in (-2..=1).map(|days| today.plus(days)).filter(|day| campaign.window.contains(*day)) {
        let come = |offset: &i32| {
            let planned = campaign.deadline_of(day) + SignedDuration::from_mins(i64::from(*offset));
            let at = quiet.over(planned);
            at <= now && now < at + GRACE
        };
        // Two that the quiet hours held up are one message in the morning.
        found.extend(offsets.iter().copied().filter(come).max().map(|offset| (day, offset)));
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::calendar::Window;
    use crate::domain::campaign::{CampaignId, Expected, Kind};
    use crate::domain::unit::UnitId;

    fn at(text: &str) -> Timestamp {
        format!("{text}+08:00").parse().unwrap()
    }

    fn campaign(deadline: &str) -> Campaign {
        let quiet: QuietHours = format!("{deadline}-00:00").parse().unwrap();
        let day = |text: &str| text.parse::<ReportDay>().unwrap();
        Campaign {
            key: 1,
            id: CampaignId::new("a").unwrap(),
            kind: Kind::Custom,
            year: 2025,
            name: String::new(),
            ordinal: None,
            theme: String::new(),
            window: Window::new(day("2025-12-01"), day("2025-12-07")).unwrap(),
            deadline: quiet.from,
            unit: UnitId(1),
            expected: Expected::Leaves,
            measures: Vec::new(),
            locked: false,
            demo: false,
            locks: crate::domain::campaign::Locks::default(),
        }
    }

    #[test]
    fn quiet_hours_go_over_midnight() {
        let quiet = QuietHours::USUAL;
        for (time, is) in [
            ("21:59:59", false),
            ("22:00:00", true),
            ("00:00:00", true),
            ("06:59:59", true),
            ("07:00:00", false),
        ] {
            assert_eq!(quiet.contains(at(&format!("2025-12-04T{time}"))), is, "{time}");
        }
        assert_eq!(quiet.over(at("2025-12-04T23:00:00")), at("2025-12-05T07:00:00"));
        assert_eq!(quiet.over(at("2025-12-05T03:00:00")), at("2025-12-05T07:00:00"));
        assert_eq!(quiet.over(at("2025-12-05T12:00:00")), at("2025-12-05T12:00:00"));
        let noon: QuietHours = "12:00-14:00".parse().unwrap();
        assert!(noon.contains(at("2025-12-04T13:59:00")) && !noon.contains(at("2025-12-04T23:00:00")));
        let never: QuietHours = "00:00-00:00".parse().unwrap();
        assert!(!never.contains(at("2025-12-04T00:00:00")) && !never.contains(at("2025-12-04T12:00:00")));
        for wrong in ["", "22:00", "22-07", "25:00-07:00", "22:00-7:00", "22:00–07:00", "aa:bb-cc:dd"] {
            assert_eq!(wrong.parse::<QuietHours>(), Err(QuietHoursError), "{wrong}");
        }
        assert_eq!(quiet.text(), "22:00–07:00");
    }

    #[test]
    fn minutes_are_rounded_towards_the_hurry() {
        let deadline = at("2025-12-04T18:00:00");
        assert_eq!(minutes_left(deadline, at("2025-12-04T10:00:00")), 480);
        assert_eq!(minutes_left(deadline, at("2025-12-04T17:59:01")), 0);
        assert_eq!(minutes_left(deadline, at("2025-12-04T18:00:00")), 0);
        assert_eq!(minutes_left(deadline, at("2025-12-04T18:00:01")), -1);
    }

    #[test]
    fn messages_are_due_once_their_time_has_come_and_not_for_ever() {
        let quiet = QuietHours::USUAL;
        let campaign = campaign("18:00");
        let due = |now: &str| -> Vec<String> {
            let found = super::due(&campaign, &[-60, 30], quiet, at(now));
            found.iter().map(|(day, offset)| format!("{day} {offset}")).collect()
        };
        assert!(due("2025-12-04T16:59:59").is_empty());
        assert_eq!(due("2025-12-04T17:00:00"), ["2025-12-04 -60"]);
        assert_eq!(due("2025-12-04T17:59:59"), ["2025-12-04 -60"]);
        assert!(due("2025-12-04T18:00:00").is_empty());
        assert_eq!(due("2025-12-04T18:30:00"), ["2025-12-04 30"]);
        assert!(due("2025-12-04T19:30:00").is_empty());
        assert!(due("2025-11-30T17:00:00").is_empty(), "before the drive");
        assert!(due("2025-12-08T17:00:00").is_empty(), "after it");
    }

    #[test]
    fn what_the_quiet_hours_hold_up_is_one_message_in_the_morning() {
        let quiet = QuietHours::USUAL;
        let campaign = campaign("23:00");
        let due = |now: &str| super::due(&campaign, &[-30, 30, 120], quiet, at(now));
        assert!(due("2025-12-04T22:40:00").is_empty());
        assert!(due("2025-12-05T06:59:59").is_empty());
        let day: ReportDay = "2025-12-04".parse().unwrap();
        assert_eq!(due("2025-12-05T07:00:00"), [(day, 120)]);
    }
}
