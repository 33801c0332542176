//! The committer thread: runs transactions in order, makes groups of them durable, then answers.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, RwLock};

use tokio::sync::{oneshot, watch};

use super::tx::{Overlay, Tx};
use super::{Image, StoreError};

/// How many transactions may wait; a sender blocks beyond that.
const QUEUE_MAX: usize = 4096;
/// How many transactions share one flush at the most.
const GROUP_MAX: usize = 512;

/// Called when the outcome is durable, or with why it is not.
type Answer = Box<dyn FnOnce(Result<(), StoreError>) + Send>;
/// Runs the transaction against the state so far.
type Job = Box<dyn FnOnce(&Image, &mut Overlay) -> Answer + Send>;

enum Message {
    Run(Job),
    /// Let go of the disk and say so.
    Close(oneshot::Sender<()>),
}

/// The way in.
#[derive(Clone)]
pub(super) struct Queue(SyncSender<Message>);

impl Queue {
    pub(super) fn send(&self, job: Job) -> Result<(), StoreError> {
        self.0.send(Message::Run(job)).map_err(|_| StoreError::Stopped)
    }

    /// Ends the thread after all earlier transactions; later ones are refused.
    pub(super) async fn close(&self) {
        let (closed, done) = oneshot::channel();
        if self.0.send(Message::Close(closed)).is_ok() {
            // An error means that it was closed already.
            let _ = done.await;
        }
    }
}

/// Wraps a transaction and its reply channel.
pub(super) fn job<T, E, F>(run: F, reply: oneshot::Sender<Result<Result<T, E>, StoreError>>) -> Job
where
    T: Send + 'static,
    E: Send + 'static,
    F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
{
    Box::new(move |image, group| {
        let mut tx = Tx::new(image, group);
        let outcome = run(&mut tx);
        let kept = match (&outcome, tx.finish()) {
            (Ok(_), Ok(own)) => {
                group.absorb(own);
                Ok(())
            }
            // A refused transaction leaves nothing behind.
            (Err(_), _) => Ok(()),
            (Ok(_), Err(fault)) => Err(fault),
        };
        Box::new(move |durable| {
            // A client that has gone away is no error: its transaction stands.
            let _ = reply.send(kept.and(durable).map(|()| outcome));
        })
    })
}

pub(super) fn start(db: sled::Db, image: Arc<RwLock<Image>>, committed: watch::Sender<u64>) -> Queue {
    let (send, jobs) = sync_channel(QUEUE_MAX);
    let work = move || run(db, &image, jobs, &committed);
    // A process that cannot start a thread cannot serve anything.
    std::thread::Builder::new().name("slipway-store".to_owned()).spawn(work).expect("the store's thread starts");
    Queue(send)
}

fn run(db: sled::Db, image: &RwLock<Image>, jobs: Receiver<Message>, committed: &watch::Sender<u64>) {
    while let Ok(first) = jobs.recv() {
        let mut group = Overlay::default();
        let (answers, close) = gather(first, image, &jobs, &mut group);
        let durable = write(&db, &group);
        if durable.is_ok() {
            publish(image, group, committed);
        } else {
            tracing::error!(error = ?durable, "the store could not write; the requests are refused");
        }
        for answer in answers {
            answer(durable.clone());
        }
        if let Some(closed) = close {
            // Refuse what comes later before the disk is let go of.
            drop(jobs);
            drop(db);
            let _ = closed.send(());
            return;
        }
    }
}

/// Runs what is waiting, up to a limit or until the store is to be closed.
fn gather(
    first: Message,
    image: &RwLock<Image>,
    jobs: &Receiver<Message>,
    group: &mut Overlay,
) -> (Vec<Answer>, Option<oneshot::Sender<()>>) {
    let image = image.read().unwrap_or_else(std::sync::PoisonError::into_inner);
    let mut answers = Vec::new();
    let mut next = Some(first);
    while let Some(message) = next {
        match message {
            Message::Run(job) => answers.push(job(&image, group)),
            Message::Close(closed) => return (answers, Some(closed)),
        }
        next = if answers.len() < GROUP_MAX { jobs.try_recv().ok() } else { None };
    }
    (answers, None)
}

fn write(db: &sled::Db, group: &Overlay) -> Result<(), StoreError> {
    if group.changes.is_empty() {
        return Ok(());
    }
    let mut batch = sled::Batch::default();
    for ((table, key), change) in &group.changes {
        match change {
            Some((_, bytes)) => batch.insert(table.disk_key(key), bytes.as_slice()),
            None => batch.remove(table.disk_key(key)),
        }
    }
    db.apply_batch(batch).map_err(|e| StoreError::Write(e.to_string()))?;
    db.flush().map_err(|e| StoreError::Write(e.to_string()))?;
    Ok(())
}

fn publish(image: &RwLock<Image>, group: Overlay, committed: &watch::Sender<u64>) {
    {
        let mut image = image.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        for ((table, key), change) in group.changes {
            image.set(table, key, change.map(|(value, _)| value));
        }
        image.touched.extend(group.touched);
    }
    committed.send_modify(|count| *count = count.wrapping_add(1));
}
