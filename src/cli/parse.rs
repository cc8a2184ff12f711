//! `pufa parse`: report text to figures, without a server.

use super::{Database, Failure, print};
use crate::clock::Clock;
use crate::config::Limits;
use crate::i18n::Lang;
use crate::service::{App, parse};
use clap::Args;
use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

/// Which text, and whose.
#[derive(Debug, Args)]
pub(super) struct Parse {
    /// A file in UTF-8; - or nothing reads what comes in.
    file: Option<PathBuf>,
    /// Code of a unit in the database: split the text among the units below it.
    #[arg(long)]
    under: Option<String>,
    #[command(flatten)]
    database: Database,
}

impl Parse {
    pub(super) async fn run(self) -> Result<ExitCode, Failure> {
        let limits = Limits::default();
        let bytes = self.read(limits.body_bytes as u64)?;
        let text = String::from_utf8(bytes).map_err(|_| Failure::Work("the text is not UTF-8".into()))?;
        let text = text.trim_start_matches('\u{feff}');
        let view = match &self.under {
            None => parse::parse(text),
            Some(unit) => {
                let app = App::new(self.database.open().await?, Clock::system(), limits);
                let read = app.parse(&super::holder(Lang::En), text, Some(unit));
                app.close().await;
                read?
            }
        };
        let json = serde_json::to_string_pretty(&view).map_err(|error| Failure::Work(error.to_string()))?;
        print(&json)?;
        Ok(ExitCode::SUCCESS)
    }

    /// The text, within the limit of the service.
    fn read(&self, limit: u64) -> Result<Vec<u8>, Failure> {
        let mut bytes = Vec::new();
        match self.file.as_deref().filter(|file| file.as_os_str() != "-") {
            Some(file) => std::fs::File::open(file)?.take(limit + 1).read_to_end(&mut bytes)?,
            None => std::io::stdin().lock().take(limit + 1).read_to_end(&mut bytes)?,
        };
        if bytes.len() as u64 > limit {
            return Err(Failure::Work(format!("the text is larger than {limit} bytes")));
        }
        Ok(bytes)
    }
}
