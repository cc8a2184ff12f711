//! Programs that somebody else started, and how each is told a report.

use crate::country::{Country, LINES, Report, counts};
use std::fmt::Write as _;
use std::net::SocketAddr;

/// How a report is put for a peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As we take it.
    Put,
    /// PocketBase: one record, whose body is JSON.
    Record,
    /// PocketBase: a record of the report and one of each line, in one batch, which is one transaction.
    Batch,
    /// Directus: a report with its lines as items, in one request.
    Nested,
}

impl Form {
    const ALL: [(&str, Self); 4] =
        [("put", Self::Put), ("record", Self::Record), ("batch", Self::Batch), ("nested", Self::Nested)];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Put => "the same PUT",
            Self::Record => "one JSON record",
            Self::Batch => "a row a line, one batch",
            Self::Nested => "a row a line, nested",
        }
    }

    pub(crate) const fn method(self) -> &'static str {
        if matches!(self, Self::Put) { "PUT" } else { "POST" }
    }

    /// The status of a report that was taken.
    pub(crate) const fn created(self) -> u16 {
        if matches!(self, Self::Put) { 201 } else { 200 }
    }

    /// The next report.
    pub(crate) fn report<'c>(self, country: &'c Country, token: &'c str) -> Report<'c> {
        let (at, report) = country.elsewhere();
        let (campaign, day, unit) = country.place(at);
        let head = format!("\"campaign\":\"{campaign}\",\"unit\":\"{unit}\",\"day\":\"{day}\"");
        let (path, body) = match self {
            Self::Put => return report,
            Self::Record => {
                ("/api/collections/tallies/records", format!("{{{head},\"body\":{}}}", report.body))
            }
            Self::Batch => ("/api/batch", batch(at, &head)),
            // Otherwise it reads all of what it wrote once more, to answer with it.
            Self::Nested => ("/items/reports?fields=id", format!("{{{head},\"lines\":[{}]}}", lines(at, ""))),
        };
        Report { path: path.into(), token, body }
    }
}

/// Requests of a batch, in the order in which they are run.
fn batch(at: usize, head: &str) -> String {
    const LINE: &str = "{\"method\":\"POST\",\"url\":\"/api/collections/lines/records\",\"body\":";
    // The lines name the report, so its identifier is given: fifteen characters, as PocketBase wants them.
    let id = format!("{at:015}");
    let lines = lines(at, &format!("\"report\":\"{id}\","));
    let lines = lines.replace("},{", &format!("}}}},{LINE}{{"));
    format!(
        "{{\"requests\":[{{\"method\":\"POST\",\"url\":\"/api/collections/reports/records\",\"body\":{{\"id\":\"{id}\",{head}}}}},\
         {LINE}{lines}}}]}}"
    )
}

/// The lines of a report as JSON, each with these fields before its own.
fn lines(at: usize, before: &str) -> String {
    let mut text = String::with_capacity(1_024);
    for ((measure, title, topic, mode, _), count) in LINES.iter().zip(counts(at as u64)) {
        let comma = if text.is_empty() { "" } else { "," };
        write!(
            text,
            "{comma}{{{before}\"measure\":\"{measure}\",\"title\":\"{title}\",\"topic\":\"{topic}\",\"mode\":\"{mode}\",\"count\":{count}}}"
        )
        .unwrap();
    }
    text
}

/// A program that was started by whoever measures.
#[derive(Debug, Clone)]
pub(crate) struct Peer {
    pub(crate) form: Form,
    pub(crate) name: String,
    pub(crate) address: SocketAddr,
    pub(crate) process: u32,
    pub(crate) token: String,
}

impl Peer {
    /// Reads `FORM,NAME,ADDRESS,PROCESS,TOKEN`.
    pub(crate) fn parse(text: &str) -> Result<Self, &'static str> {
        let parts: Vec<&str> = text.splitn(5, ',').collect();
        let peer = || {
            let &[form, name, address, process, token] = parts.as_slice() else { return None };
            Some(Self {
                form: Form::ALL.iter().find(|(name, _)| *name == form)?.1,
                name: name.into(),
                address: address.parse().ok()?,
                process: process.parse().ok()?,
                token: token.into(),
            })
        };
        peer().ok_or("a peer is FORM,NAME,ADDRESS,PROCESS,TOKEN with the form put, record, batch or nested")
    }
}
