//! Every limit of the service, and where its settings come from.

use crate::domain::chase::QuietHours;
use crate::sheet;
use std::net::IpAddr;
use std::time::Duration;

/// How this installation is run: what a command line says beside the limits.
#[derive(Debug, Clone, Default)]
pub struct Site {
    /// How people reach it, `https://a.example`, when it is not as it listens.
    pub public_url: Option<String>,
    /// Proxies whose word about the caller's address and protocol is taken, beside those on this machine.
    pub trusted_proxies: Vec<IpAddr>,
    /// Administrators and offices sign in with one-time codes.
    pub require_totp: bool,
    /// Administrators do not act, and whoever acts does not read the audit.
    pub separate_duties: bool,
    /// Counts for monitoring are told at a listener of their own, and not beside everything else.
    pub metrics_apart: bool,
}

/// Limits that keep one caller from taking the service from the others. Each has a test that reaches it.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Connections at once; more wait in the system's backlog.
    pub connections: usize,
    /// A request's header must have come within this time; a connection that is kept open unused ends after it too.
    pub header_timeout: Duration,
    /// A request's body must have come within this time.
    pub body_timeout: Duration,
    /// An answer must have begun within this time.
    pub request_timeout: Duration,
    /// The largest body of a request, in bytes.
    pub body_bytes: usize,
    /// The largest header of a request, in bytes.
    pub header_bytes: usize,
    /// Requests under way are given this long when the service stops.
    pub drain: Duration,
    /// Password checks at once: argon2 takes 19 MiB and a core each.
    pub password_checks: usize,
    /// Callers that may wait for a password check.
    pub password_queue: usize,
    /// Boards, and figures of pictures, that are read at once.
    pub readings: usize,
    /// Pictures drawn at once.
    pub drawings: usize,
    /// Callers that may wait for a picture.
    pub drawing_queue: usize,
    /// Files read or written at once: each may unpack to tens of megabytes.
    pub imports: usize,
    /// What a file that comes over the network may hold; also the largest body of such a request.
    pub sheet: sheet::Limits,
    /// What a file of units may hold: a nation's fits. Only those who manage units send one.
    pub units_sheet: sheet::Limits,
    /// Reports that one exported file may hold.
    pub export_reports: usize,
    /// Bytes of finished pictures kept.
    pub picture_cache: usize,
    /// How long a session lasts without being renewed.
    pub session: Duration,
    /// How long a session may lie unused: over a midday break and an afternoon on the street, not over night.
    pub session_idle: Duration,
    /// Sessions, tokens and links remembered between looks into the database.
    pub session_cache: usize,
    /// How long a request's idempotency key is remembered: longer than a phone may be without a network.
    pub idempotency: Duration,
    /// Open pages that wait for changes.
    pub listeners: usize,
    /// Refusals that the audit takes in full a minute; those beyond are counted together.
    pub refusals: usize,
    /// Items on a page of a list.
    pub page: u32,
    /// How this installation is run.
    pub site: Site,
    /// Reports that are looked at for one queue of the office; what is beyond comes up when these are decided.
    pub review_queue: usize,
    /// The longest text of reports or for the press that is read, in characters.
    pub text: usize,
    /// The hours in which no message goes to a group by itself.
    pub quiet: QuietHours,
    /// Whether hooks may lead to private addresses and to `http:`; for a network of one's own.
    pub private_hooks: bool,
    /// Hooks of a campaign.
    pub hooks: usize,
    /// How often it is looked whether something is to be sent.
    pub outbox_tick: Duration,
    /// Deliveries under way at once.
    pub outbox_sends: usize,
    /// Deliveries of a hook that may wait; its further events stay in the history until there is room.
    pub outbox_backlog: u64,
    /// A hook must have answered whole within this time.
    pub hook_timeout: Duration,
    /// The largest answer of a hook that is read, in bytes.
    pub hook_answer_bytes: usize,
    /// How long what was delivered or given up is kept.
    pub deliveries_kept: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 8_192,
            header_timeout: Duration::from_secs(30),
            body_timeout: Duration::from_secs(20),
            request_timeout: Duration::from_secs(30),
            body_bytes: 256 * 1024,
            header_bytes: 16 * 1024,
            drain: Duration::from_secs(10),
            password_checks: 2,
            password_queue: 64,
            readings: 8,
            drawings: 2,
            drawing_queue: 4_096,
            imports: 2,
            sheet: sheet::Limits::REMOTE,
            units_sheet: sheet::Limits::NATION,
            export_reports: 100_000,
            picture_cache: 16 * 1024 * 1024,
            session: Duration::from_secs(12 * 3600),
            session_idle: Duration::from_secs(4 * 3600),
            session_cache: 50_000,
            idempotency: Duration::from_secs(14 * 24 * 3600),
            listeners: 6_000,
            refusals: 60,
            page: 200,
            site: Site::default(),
            review_queue: 5_000,
            text: 50_000,
            quiet: QuietHours::USUAL,
            private_hooks: false,
            hooks: 20,
            outbox_tick: Duration::from_secs(1),
            outbox_sends: 32,
            outbox_backlog: 100_000,
            hook_timeout: Duration::from_secs(10),
            hook_answer_bytes: 64 * 1024,
            deliveries_kept: Duration::from_secs(30 * 24 * 3600),
        }
    }
}

impl Limits {
    /// Open files that are not connections of callers: the database's, hooks' and those that are read and written.
    const OTHER_FILES: usize = 256;

    /// The same for a process that may hold so many open files: a connection takes one, and whoever only watches leaves
    /// room for those who report.
    #[must_use]
    pub fn within_files(self, files: usize) -> Self {
        let connections =
            self.connections.min(files.saturating_sub(Self::OTHER_FILES).max(Self::OTHER_FILES / 4));
        let listeners = self.listeners.min(connections / 4 * 3);
        Self { connections, listeners, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_open_files_make_few_connections_and_leave_room_for_reports() {
        let all = Limits::default();
        let same = all.clone().within_files(usize::MAX);
        assert_eq!((same.connections, same.listeners), (all.connections, all.listeners));
        let few = all.clone().within_files(1_024);
        assert_eq!((few.connections, few.listeners), (768, 576));
        assert!(all.within_files(0).connections > 0);
    }
}
