//! Keeping the writer busy, so that what is sent meanwhile waits together.

use pufa::store::{Store, StoreError, Transaction};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

/// A job that holds the writer until it is released.
#[derive(Debug)]
pub(crate) struct Hold {
    release: oneshot::Sender<()>,
    job: JoinHandle<Result<(), StoreError>>,
}

impl Hold {
    pub(crate) async fn writer(store: &Store) -> Self {
        let (release, released) = oneshot::channel();
        let (begun, has_begun) = oneshot::channel();
        let store = store.clone();
        let job = tokio::spawn(async move {
            store
                .transact(move |_: &mut Transaction| {
                    Box::pin(async move {
                        let _ = begun.send(());
                        let _ = released.await;
                        Ok(())
                    })
                })
                .await
        });
        has_begun.await.unwrap();
        Self { release, job }
    }

    pub(crate) async fn release(self) {
        // A yield lets callers that are polled beside this one queue first.
        tokio::task::yield_now().await;
        self.release.send(()).unwrap();
        self.job.await.unwrap().unwrap();
    }
}
