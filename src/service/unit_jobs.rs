//! Imports of units that take longer than a page waits: begun by one request, looked at by others.

use super::import_units::{Progress, UnitImportView};
use super::{App, Caller, Error};
use std::collections::VecDeque;
use std::sync::{Arc, PoisonError};
use tokio::task::JoinHandle;

/// Imports that are remembered, the oldest forgotten first.
const KEPT: usize = 16;

/// What became of an import.
pub type Outcome = Result<UnitImportView, Error>;

/// An import under way or over.
#[derive(Debug)]
struct Job {
    number: u64,
    actor: i32,
    progress: Progress,
    outcome: Option<Outcome>,
}

/// Imports of this process, newest last.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    last: u64,
    jobs: VecDeque<Job>,
}

/// How far an import is.
#[derive(Debug, Clone)]
pub struct JobView {
    /// Rows that were written, and all there are to write once that is known.
    pub done: usize,
    /// See `done`.
    pub of: Option<usize>,
    /// What became of it, once it is over.
    pub outcome: Option<Outcome>,
}

impl App {
    fn jobs<T>(&self, with: impl FnOnce(&mut Jobs) -> T) -> T {
        with(&mut self.unit_jobs.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Begins to store the units of a file, and gives the number to ask for it by. It goes on when nobody waits for it.
    pub fn begin_unit_import(self: &Arc<Self>, caller: &Caller, bytes: Vec<u8>) -> (u64, JoinHandle<()>) {
        let progress = Progress::default();
        let number = self.jobs(|jobs| {
            jobs.last += 1;
            let over = jobs.jobs.iter().position(|job| job.outcome.is_some());
            if let Some(over) = over.filter(|_| jobs.jobs.len() >= KEPT) {
                jobs.jobs.remove(over);
            }
            let (number, actor) = (jobs.last, caller.actor.id);
            jobs.jobs.push_back(Job { number, actor, progress: progress.clone(), outcome: None });
            number
        });
        let (app, caller) = (Arc::clone(self), caller.clone());
        let work = tokio::spawn(async move {
            let limits = app.limits.units_sheet;
            let outcome = app.import_units(&caller, bytes, false, limits, progress).await;
            app.jobs(|jobs| {
                if let Some(job) = jobs.jobs.iter_mut().find(|job| job.number == number) {
                    job.outcome = Some(outcome);
                }
            });
        });
        (number, work)
    }

    /// How far one's own import is; none when it is not known here, for the service was begun anew or it is long over.
    #[must_use]
    pub fn unit_import(&self, caller: &Caller, number: u64) -> Option<JobView> {
        self.jobs(|jobs| {
            let own = |job: &&Job| job.number == number && job.actor == caller.actor.id;
            jobs.jobs.iter().find(own).map(|job| JobView {
                done: job.progress.done(),
                of: job.progress.of(),
                outcome: job.outcome.clone(),
            })
        })
    }
}
