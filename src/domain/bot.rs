//! Hooks: where messages and events are sent, what each place takes, and when a failed one is tried again.
//!
//! Limits as the makers state them. WeCom (developer.work.weixin.qq.com, path 91770): 20 messages a minute, text 2,048
//! bytes, markdown 4,096 bytes, picture 2 MB before base64. DingTalk (open.dingtalk.com, custom robot): 20 a minute and
//! then ten minutes of silence, a body of 20,000 bytes. Feishu (open.feishu.cn, custom bot): 100 a minute, 5 a second, a
//! body of 20 KB.

/// What sort of place a hook leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum HookKind {
    /// A group bot of 企业微信.
    Wecom,
    /// A custom robot of 钉钉.
    Dingtalk,
    /// A custom bot of 飞书.
    Feishu,
    /// A program that takes signed JSON.
    Generic,
}

super::coded::coded!(HookKind {
    Wecom = "wecom", "企业微信群机器人", "WeCom bot";
    Dingtalk = "dingtalk", "钉钉机器人", "DingTalk robot";
    Feishu = "feishu", "飞书机器人", "Feishu bot";
    Generic = "generic", "通用回调", "Webhook";
});

/// What is sent to a hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Event {
    /// Who has not reported.
    Missing,
    /// The day in one line.
    Summary,
    /// The summary as a picture.
    Picture,
    /// The first version of a report.
    Created,
    /// A later version of a report.
    Changed,
    /// A report was sent back.
    Returned,
    /// A report was accepted.
    Accepted,
}

super::coded::coded!(Event {
    Missing = "missing", "未报名单", "Missing list";
    Summary = "summary", "每日小结", "Daily summary";
    Picture = "picture", "统计图", "Picture";
    Created = "tally.created", "首次上报", "First report";
    Changed = "tally.changed", "修改上报", "Changed report";
    Returned = "tally.returned", "退回", "Returned";
    Accepted = "tally.accepted", "审核通过", "Accepted";
});

impl Event {
    /// Whether it tells of a report; the others are messages to people.
    #[must_use]
    pub const fn is_tally(self) -> bool {
        matches!(self, Self::Created | Self::Changed | Self::Returned | Self::Accepted)
    }
}

impl HookKind {
    /// Whether this sort of place takes it. Bots speak to people, and of them only WeCom takes a picture without an
    /// account of a developer; programs are told of reports.
    #[must_use]
    pub const fn takes(self, event: Event) -> bool {
        match (self, event) {
            (Self::Generic, event) => event.is_tally(),
            (Self::Wecom, Event::Picture) => true,
            (_, Event::Missing | Event::Summary) => true,
            _ => false,
        }
    }

    /// The longest text of one message, in bytes of UTF-8. For DingTalk and Feishu what fits into a body when every
    /// byte is written with an escape.
    #[must_use]
    pub const fn text_bytes(self) -> usize {
        match self {
            Self::Wecom => 2_048,
            Self::Dingtalk | Self::Feishu => 9_000,
            Self::Generic => usize::MAX,
        }
    }

    /// The most messages in a minute.
    #[must_use]
    pub const fn per_minute(self) -> u32 {
        match self {
            Self::Wecom | Self::Dingtalk => 20,
            Self::Feishu => 100,
            Self::Generic => u32::MAX,
        }
    }

    /// How long a place that was sent too much stays deaf, in seconds.
    #[must_use]
    pub const fn deaf(self) -> i64 {
        match self {
            Self::Dingtalk => 600,
            Self::Wecom | Self::Feishu | Self::Generic => 60,
        }
    }
}

/// The largest picture that WeCom takes, in bytes.
pub const PICTURE_BYTES: usize = 2 * 1024 * 1024;
/// The most messages that one list may become: a group is no place for more.
pub const PARTS: usize = 8;
/// How often one delivery is tried before it is put aside.
pub const ATTEMPTS: i32 = 12;

/// Seconds until a delivery that failed `attempts` times (from 1) is tried again: 30 s doubled each time up to an hour,
/// a quarter more or less by `chance`, so that what failed together does not come back together.
#[must_use]
pub fn backoff(attempts: i32, chance: u8) -> i64 {
    let doubled = 30_i64 << attempts.clamp(1, 8).saturating_sub(1);
    let seconds = doubled.min(3_600);
    seconds * 3 / 4 + seconds * i64::from(chance) / 510
}

/// Parts of a text, each of at most `limit` bytes: split at line ends, a longer line after a mark between names, and
/// where there is none between characters. Nothing is left out but the line ends between parts.
#[must_use]
pub fn split(text: &str, limit: usize) -> Vec<&str> {
    let limit = limit.max(4);
    let mut parts = Vec::new();
    let mut rest = text;
    while rest.len() > limit {
        let mut end = limit;
        while !rest.is_char_boundary(end) {
            end -= 1;
        }
        let within = &rest[..end];
        // A line that ends right at the limit is whole.
        let line = if rest[end..].starts_with('\n') { Some(end) } else { within.rfind('\n') };
        if let Some(at) = line.filter(|at| *at > 0) {
            parts.push(&rest[..at]);
            rest = &rest[at + 1..];
            continue;
        }
        let mark = within.rfind(['、', '，', ',', '；', ';', '。', ' ']);
        let after = mark.map(|at| at + within[at..].chars().next().map_or(1, char::len_utf8));
        let at = after.unwrap_or(end);
        parts.push(&rest[..at]);
        rest = &rest[at..];
    }
    parts.push(rest);
    parts.retain(|part| !part.trim().is_empty());
    parts
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn each_place_takes_what_it_can_show() {
        let taken = |kind: HookKind| -> Vec<&str> {
            Event::ALL.iter().filter(|event| kind.takes(**event)).map(|event| event.code()).collect()
        };
        assert_eq!(taken(HookKind::Wecom), ["missing", "summary", "picture"]);
        assert_eq!(taken(HookKind::Dingtalk), ["missing", "summary"]);
        assert_eq!(taken(HookKind::Feishu), ["missing", "summary"]);
        assert_eq!(
            taken(HookKind::Generic),
            ["tally.created", "tally.changed", "tally.returned", "tally.accepted"]
        );
    }

    #[test]
    fn waiting_doubles_up_to_an_hour() {
        let middle: Vec<i64> = (1..=12).map(|attempts| backoff(attempts, 127)).collect();
        assert_eq!(middle[..4], [29, 59, 119, 239]);
        assert!(middle[7..].iter().all(|&seconds| (3_590..=3_600).contains(&seconds)), "{middle:?}");
        assert_eq!((backoff(1, 0), backoff(1, 255)), (22, 37));
        assert_eq!(backoff(0, 0), backoff(1, 0));
        assert_eq!(backoff(i32::MAX, 0), 2_700);
    }

    #[test]
    fn a_long_text_is_split_where_a_reader_would() {
        assert_eq!(split("一二\n三四\n五", 14), ["一二\n三四", "五"]);
        assert_eq!(split("一二\n三四\n五", 13), ["一二\n三四", "五"]);
        assert_eq!(split("一二\n三四\n五", 12), ["一二", "三四\n五"]);
        assert_eq!(split("甲村、乙村、丙村", 15), ["甲村、", "乙村、丙村"]);
        assert_eq!(split("一二三四", 7), ["一二", "三四"]);
        assert_eq!(split("一二三四", 12), ["一二三四"]);
        assert!(split("", 12).is_empty());
        assert!(split("\n\n\n\n\n\n\n\n", 4).is_empty());
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_nothing_is_too_long(text in "[一-三、a\n\u{1f600} ]{0,200}", limit in 4_usize..64) {
            let parts = split(&text, limit);
            let bare = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>();
            prop_assert!(parts.iter().all(|part| !part.is_empty() && part.len() <= limit), "{:?}", parts);
            prop_assert_eq!(bare(&parts.concat()), bare(&text));
        }
    }
}
