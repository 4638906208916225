//! A device's stream, read event by event.

use std::time::Duration;

use infrasound_spec::api::stream::StreamEvent;

use super::Device;

/// An open stream, read event by event.
pub(crate) struct Reader {
    response: reqwest::Response,
    text: String,
    /// The last block without an event.
    passed: String,
    id: Option<String>,
}

impl Reader {
    pub(crate) async fn open(device: &Device, cursor: Option<&str>) -> Self {
        Self { response: device.stream(cursor).await, text: String::new(), passed: String::new(), id: None }
    }

    /// The next event with the cursor after it; `None` when the stream has ended.
    pub(crate) async fn next(&mut self) -> Option<(String, StreamEvent)> {
        loop {
            if let Some((event, rest)) = self.text.split_once("\n\n") {
                let field =
                    |name: &str| event.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                let parsed = field("data:").map(|data| serde_json::from_str(data).unwrap());
                self.id = field("id:").map_or_else(|| self.id.take(), |id| Some(id.to_owned()));
                let (id, block) = (self.id.clone(), event.to_owned());
                self.text = self.text.split_off(self.text.len() - rest.len());
                if let (Some(id), Some(event)) = (id, parsed) {
                    return Some((id, event));
                }
                self.passed = block;
                continue;
            }
            let chunk = tokio::time::timeout(Duration::from_secs(10), self.response.chunk()).await.unwrap();
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()?).unwrap());
        }
    }

    /// What has come and is no event.
    pub(crate) fn rest(&self) -> &str {
        &self.passed
    }

    /// All events before `ready`, and the cursor.
    pub(crate) async fn until_ready(&mut self) -> (Vec<StreamEvent>, String) {
        let mut events = Vec::new();
        loop {
            match self.next().await.unwrap() {
                (id, StreamEvent::Ready) => return (events, id),
                (_, event) => events.push(event),
            }
        }
    }
}
