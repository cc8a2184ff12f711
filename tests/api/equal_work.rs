//! Whoever tries names learns nothing from how long an answer takes: work is counted, for a clock would tell of other tests.

use crate::support::{Engine, NOON, PASSWORD, TestApp, at};
use pufa::clock::Clock;
use pufa::config::Limits;
use pufa::service::App;
use pufa::service::session::Attempt;
use pufa::store::{Settings, Store};
use std::sync::{Arc, Mutex};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};

/// Notes each statement that goes to the database, and each password that is checked, in turn.
#[derive(Clone, Default)]
struct Work(Arc<Mutex<Vec<String>>>);

impl<S: Subscriber> Layer<S> for Work {
    fn on_new_span(&self, span: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        if span.metadata().target().starts_with("sea_orm::database") {
            self.0.lock().unwrap().push(span.metadata().name().to_owned());
        }
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if event.metadata().target().ends_with("session::passwords") {
            self.0.lock().unwrap().push("argon2".into());
        }
    }
}

/// On one thread, so that all of it is noted by the subscriber of this thread and nothing of other tests is; and without
/// what the service does by itself meanwhile.
#[tokio::test]
async fn an_unknown_name_costs_what_a_known_one_costs() {
    let database = TestApp::start(Engine::Sqlite).await.stop().await;
    let clock = Clock::fixed(at(NOON));
    let store = Store::open(&Settings::new(database.url()), clock.clone()).await.unwrap();
    let app = App::new(store, clock, Limits::default());
    let work = Work::default();
    let _noted = tracing::subscriber::set_default(tracing_subscriber::registry().with(work.clone()));
    let tries = async |username: &str, password: &str| {
        work.0.lock().unwrap().clear();
        let address = Some([203, 0, 113, 1].into());
        let attempt = Attempt { username, password, totp: None, address };
        let code = app.sign_in(attempt).await.map(drop).unwrap_err().to_string();
        (code, std::mem::take(&mut *work.0.lock().unwrap()))
    };
    tries("somebody-before", "wrong").await;
    for (n, password) in [(1, "wrong"), (2, "wrong"), (3, "wrong"), (4, "wrong"), (5, "wrong"), (6, PASSWORD)]
    {
        let (known, unknown) = (tries("wanfu", password).await, tries("nobody-here", password).await);
        assert_eq!(known, unknown, "attempt {n}");
        let checked = known.1.iter().filter(|step| *step == "argon2").count();
        assert_eq!(checked, usize::from(n < 6), "the sixth is locked out before its password is looked at");
        assert!(known.1.len() > checked + 1, "statements are noted: {known:?}");
    }
}
