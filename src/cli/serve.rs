//! `pufa serve`.

use super::{Database, Failure, asked_to_end, print, say};
use crate::boot::Application;
use crate::clock::Clock;
use crate::config::{Limits, Site};
use crate::domain::chase::QuietHours;
use crate::store::{Follower, Settings, Store};
use clap::Args;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::net::IpAddr;
use std::process::ExitCode;
use std::time::Duration;

/// Where and what to serve.
#[derive(Debug, Args)]
pub(super) struct Serve {
    /// Address to listen on.
    #[arg(long, env = "PUFA_LISTEN", default_value = "127.0.0.1:8124")]
    listen: String,
    /// How people reach it, such as https://pufa.example: its cookies are marked Secure, and links begin with it.
    #[arg(long, env = "PUFA_PUBLIC_URL", value_parser = public_url)]
    public_url: Option<String>,
    /// Address of a proxy whose X-Forwarded-For and X-Forwarded-Proto are believed, beside those on this machine.
    #[arg(long, env = "PUFA_TRUSTED_PROXY", value_delimiter = ',')]
    trusted_proxy: Vec<IpAddr>,
    /// Administrators and offices must sign in with one-time codes.
    #[arg(long, env = "PUFA_REQUIRE_TOTP")]
    require_totp: bool,
    /// An administrator neither reports, reviews, publishes nor reads the audit, and an office does not read it either.
    #[arg(long, env = "PUFA_SEPARATE_DUTIES")]
    separate_duties: bool,
    /// Minutes that a session may lie unused.
    #[arg(long, env = "PUFA_SESSION_IDLE", default_value_t = 240, value_parser = clap::value_parser!(u32).range(1..=1440))]
    session_idle: u32,
    /// Hours in which no message goes to a group by itself, by Shanghai's clocks; 00:00-00:00 for none.
    #[arg(long, env = "PUFA_QUIET_HOURS", value_name = "FROM-TO", default_value = "22:00-07:00")]
    quiet_hours: QuietHours,
    /// Let hooks lead to private addresses and to http:. Whoever may enter a hook can then reach what this machine can.
    #[arg(long, env = "PUFA_ALLOW_PRIVATE_HOOKS")]
    allow_private_hooks: bool,
    /// Address that tells /metrics, /healthz and /readyz and nothing else; without it /metrics is told beside
    /// everything else, to this machine alone.
    #[arg(long, env = "PUFA_METRICS_LISTEN")]
    metrics_listen: Option<String>,
    /// A hot standby of the database: pages and answers that may be a little old are read there, and say how old they are.
    #[arg(long, env = "PUFA_READ_DATABASE", value_name = "URL", hide_env_values = true)]
    read_database: Option<String>,
    /// Seconds that the standby may be behind; further, everything is read from the database itself.
    #[arg(long, env = "PUFA_MAX_STALENESS", value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u32).range(1..=300))]
    max_staleness: u32,
    #[command(flatten)]
    database: Database,
}

fn public_url(text: &str) -> Result<String, String> {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let fits =
        |host: &str| !host.is_empty() && host.chars().all(|c| c.is_ascii_graphic() && !"/?#@\\".contains(c));
    match rest.map(|rest| rest.trim_end_matches('/')) {
        Some(host) if fits(host) => Ok(text.trim_end_matches('/').to_owned()),
        _ => Err("a public address is https://HOST, without a path".into()),
    }
}

/// Lets this process hold as many open files as the system allows it, and gives how many: shells and services are
/// started with 1,024, which a thousand open pages use up.
fn open_files() -> usize {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }).is_ok();
    let files = if raised { maximum } else { current };
    files.map_or(usize::MAX, |files| usize::try_from(files).unwrap_or(usize::MAX))
}

impl Serve {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let bound = Duration::from_secs(self.max_staleness.into());
        let follower = self.read_database.map(|url| Follower { url, bound });
        let settings = Settings { follower, ..self.database.settings() };
        let store = Store::open(&settings, Clock::system()).await?;
        let site = Site {
            public_url: self.public_url,
            trusted_proxies: self.trusted_proxy,
            require_totp: self.require_totp,
            separate_duties: self.separate_duties,
            metrics_apart: self.metrics_listen.is_some(),
        };
        let public = site.public_url.clone();
        let session_idle = Duration::from_secs(u64::from(self.session_idle) * 60);
        let limits = Limits {
            session_idle,
            site,
            quiet: self.quiet_hours,
            private_hooks: self.allow_private_hooks,
            ..Limits::default()
        };
        let (files, wanted) = (open_files(), limits.connections);
        let limits = limits.within_files(files);
        if limits.connections < wanted {
            say(&format!(
                "warning: {files} open files are allowed, enough for {} connections of {wanted}; \
                 raise the limit with LimitNOFILE=16384 in a unit of systemd, or ulimit -n 16384",
                limits.connections
            ));
        }
        let mut application = Application::over(store, &self.listen, Clock::system(), limits).await?;
        if let Some(listen) = &self.metrics_listen {
            let address = application.monitored_at(listen).await?;
            print(&format!("metrics on http://{address}/metrics"))?;
        }
        let here = format!("http://{}", application.address());
        if let Some(token) = application.app().offer_setup().await? {
            say(
                "there is no account yet: open the link below once, or use pufa user add NAME --role admin --password-stdin",
            );
            print(&format!("setup {}/setup/{token}", public.as_deref().unwrap_or(&here)))?;
        }
        if public.is_none() && !application.address().ip().is_loopback() {
            say(
                "warning: other machines reach this over plain HTTP, where passwords and sessions can be read; \
                 put a proxy with HTTPS before it and name it with --public-url https://HOST",
            );
        }
        print(&format!("listening on http://{}", application.address()))?;
        application.run(asked_to_end()).await;
        Ok(ExitCode::SUCCESS)
    }
}
