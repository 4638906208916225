//! What the relay counts of itself, for Prometheus: at an address of its own, never at the one that people reach.
//!
//! Names follow Prometheus' conventions: seconds and bytes, `_total` for what only grows. Labels have few values, all of
//! them the relay's own words: routes, methods, statuses, outcomes.
//!
//! **Invariant:** nothing in here names an account, a device, a conversation or an address.

mod exposition;
mod listener;
mod requests;

use prometheus_client::{
    encoding::EncodeLabelSet,
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram, info::Info},
    registry::{Registry, Unit},
};

pub(crate) use self::{listener::Listener, requests::measure};

/// From what a look-up takes to where a request is given up.
const SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

fn seconds() -> Histogram {
    Histogram::new(SECONDS)
}

type Histograms<L> = Family<L, Histogram, fn() -> Histogram>;

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct RouteLabels {
    method: &'static str,
    route: String,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct AnswerLabels {
    method: &'static str,
    route: String,
    status: u16,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct ProblemLabels {
    problem: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct OutcomeLabels {
    outcome: &'static str,
}

#[derive(Clone, Debug, Hash, PartialEq, Eq, EncodeLabelSet)]
struct KindLabels {
    kind: &'static str,
}

/// All that is counted.
#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    answers: Family<AnswerLabels, Counter>,
    durations: Histograms<RouteLabels>,
    in_flight: Gauge,
    problems: Family<ProblemLabels, Counter>,
    sign_ins: Family<OutcomeLabels, Counter>,
    /// What the writer counts.
    pub(crate) batches: BatchMetrics,
    /// What calls to the instance count.
    pub(crate) calls: CallMetrics,
    /// What became of push messages.
    pub(crate) pushes: PushMetrics,
    snapshot: Snapshot,
}

/// The writer's batches.
#[derive(Clone, Debug)]
pub(crate) struct BatchMetrics {
    jobs: Family<KindLabels, Counter>,
    seconds: Histogram,
    failures: Counter,
}

/// Calls to the instance.
#[derive(Clone, Debug)]
pub(crate) struct CallMetrics {
    outcomes: Family<OutcomeLabels, Counter>,
    seconds: Histogram,
}

/// What is looked up when somebody asks.
#[derive(Debug, Default)]
struct Snapshot {
    accounts: Gauge,
    devices: Gauge,
    conversations: Family<KindLabels, Gauge>,
    blobs: Gauge,
    blob_bytes: Gauge,
    database_bytes: Gauge,
    disk_available: Gauge,
    disk_size: Gauge,
    queue: Gauge,
    streams: Gauge,
    subscriptions: Gauge,
    draining: Gauge,
    forks: Gauge,
}

impl Default for BatchMetrics {
    fn default() -> Self {
        Self { jobs: Family::default(), seconds: seconds(), failures: Counter::default() }
    }
}

impl BatchMetrics {
    /// A batch ended, after so long from its begin to its commit.
    pub(crate) fn ended(&self, messages: usize, writes: usize, took: std::time::Duration, committed: bool) {
        self.seconds.observe(took.as_secs_f64());
        if committed {
            self.jobs.get_or_create(&KindLabels { kind: "message" }).inc_by(messages as u64);
            self.jobs.get_or_create(&KindLabels { kind: "other" }).inc_by(writes as u64);
        } else {
            self.failures.inc();
        }
    }
}

impl Default for CallMetrics {
    fn default() -> Self {
        Self { outcomes: Family::default(), seconds: seconds() }
    }
}

impl CallMetrics {
    /// A call ended, after so long.
    pub(crate) fn ended(&self, outcome: &'static str, took: std::time::Duration) {
        self.outcomes.get_or_create(&OutcomeLabels { outcome }).inc();
        self.seconds.observe(took.as_secs_f64());
    }
}

/// Push messages.
#[derive(Clone, Debug, Default)]
pub(crate) struct PushMetrics {
    outcomes: Family<OutcomeLabels, Counter>,
}

impl PushMetrics {
    /// A push message was sent, or was not.
    pub(crate) fn ended(&self, outcome: &'static str) {
        self.outcomes.get_or_create(&OutcomeLabels { outcome }).inc();
    }
}

impl Metrics {
    /// Nothing counted yet.
    pub(crate) fn new() -> Self {
        let mut metrics = Self {
            registry: Registry::with_prefix("infrasound"),
            answers: Family::default(),
            durations: Family::new_with_constructor(seconds),
            in_flight: Gauge::default(),
            problems: Family::default(),
            sign_ins: Family::default(),
            batches: BatchMetrics::default(),
            calls: CallMetrics::default(),
            pushes: PushMetrics::default(),
            snapshot: Snapshot::default(),
        };
        metrics.register_requests();
        metrics.register_work();
        metrics.register_snapshot();
        metrics
    }

    fn register_requests(&mut self) {
        let registry = &mut self.registry;
        let version = Info::new(vec![("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("build", "The relay's version", version);
        registry.register("http_requests", "Requests that were answered", self.answers.clone());
        registry.register_with_unit(
            "http_request_duration",
            "Time until an answer begins",
            Unit::Seconds,
            self.durations.clone(),
        );
        registry.register(
            "http_requests_in_flight",
            "Requests that wait for an answer",
            self.in_flight.clone(),
        );
        registry.register("problems", "Requests that were refused or failed", self.problems.clone());
        registry.register("sign_ins", "Sign-ins by how they ended", self.sign_ins.clone());
    }

    fn register_work(&mut self) {
        let (registry, batches, calls) = (&mut self.registry, &self.batches, &self.calls);
        registry.register("writer_jobs", "What was written, by kind", batches.jobs.clone());
        registry.register_with_unit(
            "writer_batch_duration",
            "Time of a database transaction of the writer, from its begin to its commit",
            Unit::Seconds,
            batches.seconds.clone(),
        );
        registry.register(
            "writer_failures",
            "Transactions that were not committed",
            batches.failures.clone(),
        );
        registry.register("push_messages", "Push messages by outcome", self.pushes.outcomes.clone());
        registry.register("instance_requests", "Calls to the instance by outcome", calls.outcomes.clone());
        registry.register_with_unit(
            "instance_request_duration",
            "Time of a call to the instance",
            Unit::Seconds,
            calls.seconds.clone(),
        );
    }

    fn register_snapshot(&mut self) {
        let (registry, now) = (&mut self.registry, &self.snapshot);
        registry.register("accounts", "Accounts that have been here", now.accounts.clone());
        registry.register("devices", "Devices that are not revoked", now.devices.clone());
        registry.register("conversations", "Conversations by kind", now.conversations.clone());
        registry.register("blobs", "Files that are stored", now.blobs.clone());
        registry.register("writer_queue_length", "Jobs that wait for the writer", now.queue.clone());
        registry.register("streams_open", "Event streams that are open", now.streams.clone());
        registry.register("push_subscriptions", "Devices that are woken by push", now.subscriptions.clone());
        registry.register("draining", "1 while the relay is stopping", now.draining.clone());
        registry.register(
            "authenticator_conflicts",
            "How often members of one epoch reported two authenticators since the relay started",
            now.forks.clone(),
        );
        for (name, help, gauge) in [
            ("blobs_stored", "Bytes of files that are stored", &now.blob_bytes),
            ("database", "Size of the database with its log", &now.database_bytes),
            ("disk_available", "Bytes free for the relay where its data is", &now.disk_available),
            ("disk_size", "Size of the file system where its data is", &now.disk_size),
        ] {
            registry.register_with_unit(name, help, Unit::Bytes, gauge.clone());
        }
    }
}
