//! The open streams of a group's members: when each is told that there is something.

use std::time::Instant;

use futures_util::{StreamExt as _, stream::BoxStream};
use infrasound_native::server_sent_events::Parser;
use infrasound_spec::{
    api::{paths, stream::StreamEvent},
    conversation::ConversationId,
};
use infrasound_tests::relay_process::RelayProcess;
use tokio::{sync::mpsc, task::JoinSet};

/// Streams that are read, and what they say of one conversation.
pub(super) struct Nudges {
    told: mpsc::UnboundedReceiver<(u64, Instant)>,
    streams: usize,
    _readers: JoinSet<()>,
}

impl Nudges {
    /// Opens a stream of each session, and waits until all are open.
    pub(super) async fn listen(
        relay: &RelayProcess,
        tokens: &[String],
        conversation: ConversationId,
    ) -> Self {
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        let (sender, told) = mpsc::unbounded_channel();
        let mut readers = JoinSet::new();
        for token in tokens {
            let url = format!("{}{}", relay.base(), paths::STREAM);
            let answer = http.get(url).bearer_auth(token).send().await.expect("an answer");
            let chunks = answer.error_for_status().expect("a stream").bytes_stream();
            let chunks = chunks.map(|chunk| chunk.expect("the stream goes on").to_vec()).boxed();
            readers.spawn(read(chunks, conversation, sender.clone()));
        }
        Self { told, streams: tokens.len(), _readers: readers }
    }

    /// When the last of them was told of an entry; what they were told before is forgotten.
    pub(super) async fn reach_all(&mut self, number: u64) -> Instant {
        let (mut reached, mut latest) = (0, None);
        while reached < self.streams {
            let (last, at) = self.told.recv().await.expect("the streams go on");
            if last >= number {
                reached += 1;
                latest = latest.max(Some(at));
            }
        }
        latest.expect("there is somebody")
    }
}

/// Tells each entry of the conversation once.
async fn read(
    mut chunks: BoxStream<'static, Vec<u8>>,
    conversation: ConversationId,
    told: mpsc::UnboundedSender<(u64, Instant)>,
) {
    let (mut parser, mut reached) = (Parser::default(), 0);
    while let Some(chunk) = chunks.next().await {
        for event in parser.push(&chunk).expect("short events") {
            if let Ok(StreamEvent::Log { conversation: of, last }) = serde_json::from_str(&event.data)
                && of == conversation
                && last > reached
            {
                reached = last;
                if told.send((last, Instant::now())).is_err() {
                    return;
                }
            }
        }
    }
}
