//! The bus: it only wakes. Losing every message on it loses nothing and delays seconds, since the database is the
//! truth and everybody who waits also looks by himself from time to time.

use std::sync::Arc;

use tokio::sync::broadcast;

/// Messages that a slow listener may lag behind before it is told that it missed some.
const LAG_MAX: usize = 1024;

/// Carries topics between those who changed something and those who wait for it.
pub trait Bus: Send + Sync {
    /// Says that something of `topic` has changed. Never blocks.
    fn publish(&self, topic: &str);

    /// Hears every topic from now on.
    fn subscribe(&self) -> Listener;
}

/// Hears topics.
pub struct Listener {
    topics: broadcast::Receiver<Arc<str>>,
}

/// What a listener heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Something of this topic changed.
    Topic(Arc<str>),
    /// Some topics were missed: look at everything.
    Missed,
}

impl Listener {
    /// Waits for the next topic; `None` when the bus is gone.
    pub async fn next(&mut self) -> Option<Heard> {
        match self.topics.recv().await {
            Ok(topic) => Some(Heard::Topic(topic)),
            Err(broadcast::error::RecvError::Lagged(_)) => Some(Heard::Missed),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }

    /// Whether `topic` was published, or was perhaps missed, since the last time that this listener was asked
    /// anything. Waits for nothing.
    pub fn has_heard(&mut self, topic: &str) -> bool {
        self.has_heard_any(&[topic])
    }

    /// The same of one of several topics.
    pub fn has_heard_any(&mut self, topics: &[&str]) -> bool {
        let mut found = false;
        loop {
            match self.topics.try_recv() {
                Ok(heard) => found |= topics.contains(&&*heard),
                Err(broadcast::error::TryRecvError::Lagged(_)) => found = true,
                Err(_) => return found,
            }
        }
    }

    /// Waits until `topic` is heard or was perhaps missed; pends for ever when the bus is gone.
    pub async fn wait_for(&mut self, topic: &str) {
        loop {
            match self.next().await {
                Some(Heard::Topic(heard)) if &*heard != topic => {}
                Some(_) => return,
                None => std::future::pending().await,
            }
        }
    }
}

/// The bus within one process.
pub struct LocalBus {
    topics: broadcast::Sender<Arc<str>>,
}

impl Default for LocalBus {
    fn default() -> Self {
        Self { topics: broadcast::Sender::new(LAG_MAX) }
    }
}

impl Bus for LocalBus {
    fn publish(&self, topic: &str) {
        // An error means that nobody listens.
        let _ = self.topics.send(topic.into());
    }

    fn subscribe(&self) -> Listener {
        Listener { topics: self.topics.subscribe() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_said_before_is_heard_without_waiting() {
        let bus = LocalBus::default();
        bus.publish("early");
        let mut listener = bus.subscribe();
        assert!(!listener.has_heard("early"), "it did not listen yet");
        bus.publish("one");
        bus.publish("two");
        assert!(listener.has_heard("one"));
        assert!(!listener.has_heard("two"), "all was heard the last time");
        for _ in 0..=LAG_MAX {
            bus.publish("other");
        }
        assert!(listener.has_heard("one"), "it was perhaps missed");
        assert!(!listener.has_heard("other"));
    }
}
