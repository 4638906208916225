//! Server-sent events, read from a byte stream: the parser of the WHATWG HTML standard, section 9.2.6, with limits.
//!
//! It is a pure function of the bytes so far, whatever their chunks. What is longer than a limit ends the stream: a
//! relay's events are short.

/// The longest line, in bytes.
pub const MAX_LINE: usize = 64 * 1024;
/// The longest data of one event, in bytes.
pub const MAX_EVENT: usize = 256 * 1024;

/// One event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerSentEvent {
    /// What it brings; lines are joined by a line feed.
    pub data: String,
    /// Its type, if it has one.
    pub event: Option<String>,
    /// The last id that was seen, with this event or before it: to resume after it.
    pub id: Option<String>,
}

/// A line or an event is longer than the limits; the stream is of no more use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the relay sent an event that is too long")]
pub struct EventTooLong;

/// Reads a stream of events.
#[derive(Debug, Default)]
pub struct Parser {
    line: Vec<u8>,
    data: String,
    has_data: bool,
    event: Option<String>,
    id: Option<String>,
    after_cr: bool,
    started: bool,
}

impl Parser {
    /// Takes the next bytes and gives the events that they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<ServerSentEvent>, EventTooLong> {
        let mut events = Vec::new();
        for &byte in bytes {
            // A line ends with CR, LF or CR LF.
            let is_second_half = byte == b'\n' && self.after_cr;
            self.after_cr = byte == b'\r';
            match byte {
                b'\n' if is_second_half => {}
                b'\r' | b'\n' => events.extend(self.end_line()?),
                _ if self.line.len() >= MAX_LINE => return Err(EventTooLong),
                byte => self.line.push(byte),
            }
        }
        Ok(events)
    }

    fn end_line(&mut self) -> Result<Option<ServerSentEvent>, EventTooLong> {
        let bytes = std::mem::take(&mut self.line);
        let text = String::from_utf8_lossy(&bytes);
        let mut line = text.as_ref();
        if !std::mem::replace(&mut self.started, true) {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        if line.is_empty() {
            return Ok(self.dispatch());
        }
        let (field, value) = line.split_once(':').unwrap_or((line, ""));
        self.field(field, value.strip_prefix(' ').unwrap_or(value))?;
        Ok(None)
    }

    /// A comment has an empty field name, and is ignored like `retry`: when to come back is the core's decision.
    fn field(&mut self, field: &str, value: &str) -> Result<(), EventTooLong> {
        match field {
            "data" => {
                if self.data.len() + value.len() >= MAX_EVENT {
                    return Err(EventTooLong);
                }
                if self.has_data {
                    self.data.push('\n');
                }
                self.data.push_str(value);
                self.has_data = true;
            }
            "event" => self.event = Some(value.to_owned()).filter(|name| !name.is_empty()),
            "id" if !value.contains('\0') => self.id = Some(value.to_owned()).filter(|id| !id.is_empty()),
            _ => {}
        }
        Ok(())
    }

    fn dispatch(&mut self) -> Option<ServerSentEvent> {
        let event = self.event.take();
        let data = std::mem::take(&mut self.data);
        std::mem::take(&mut self.has_data).then(|| ServerSentEvent { data, event, id: self.id.clone() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(bytes: &[u8]) -> Vec<(String, Option<String>)> {
        let events = Parser::default().push(bytes).unwrap();
        events.into_iter().map(|event| (event.data, event.id)).collect()
    }

    fn data(bytes: &[u8]) -> Vec<String> {
        parse(bytes).into_iter().map(|(data, _)| data).collect()
    }

    #[test]
    fn lines_end_in_any_of_three_ways() {
        assert_eq!(data(b"data: a\n\ndata: b\r\n\r\ndata: c\r\rdata: d\n\r"), ["a", "b", "c", "d"]);
    }

    #[test]
    fn the_chunks_make_no_difference() {
        let stream =
            "\u{feff}id: 7\r\ndata: première\r\ndata:x\r\n\r\n: comment\n\nid: 8\ndata\n\n".as_bytes();
        let whole = parse(stream);
        assert_eq!(
            whole,
            [("première\nx".to_owned(), Some("7".to_owned())), (String::new(), Some("8".to_owned()))]
        );
        for size in 1..stream.len() {
            let mut parser = Parser::default();
            let events: Vec<_> = stream
                .chunks(size)
                .flat_map(|chunk| parser.push(chunk).unwrap())
                .map(|e| (e.data, e.id))
                .collect();
            assert_eq!(events, whole, "in chunks of {size}");
        }
    }

    #[test]
    fn an_event_without_data_or_end_is_none() {
        assert!(parse(b"id: 1\n\nevent: x\n\nretry: 5\n\n: hello\n\n").is_empty());
        assert!(parse(b"data: unfinished\n").is_empty());
    }

    #[test]
    fn an_id_stays_until_the_next_and_one_with_nul_is_ignored() {
        let ids: Vec<_> = parse(b"id: 1\ndata: a\n\ndata: b\n\nid: 2\0\ndata: c\n\nid\ndata: d\n\n");
        let ids: Vec<_> = ids.into_iter().map(|(_, id)| id).collect();
        assert_eq!(ids, [Some("1".to_owned()), Some("1".to_owned()), Some("1".to_owned()), None]);
    }

    #[test]
    fn a_line_without_end_is_not_kept_for_ever() {
        let mut parser = Parser::default();
        let chunk = [b'x'; 4096];
        let refused = (0..=MAX_LINE / chunk.len()).find_map(|_| parser.push(&chunk).err());
        assert_eq!(refused, Some(EventTooLong));
        assert!(parser.line.len() <= MAX_LINE);
    }

    #[test]
    fn an_event_of_endless_lines_is_not_kept_for_ever() {
        let mut parser = Parser::default();
        let line = [b"data: ".as_slice(), &[b'x'; 1000], b"\n"].concat();
        let refused = (0..=MAX_EVENT / 1000).find_map(|_| parser.push(&line).err());
        assert_eq!(refused, Some(EventTooLong));
        assert!(parser.data.len() <= MAX_EVENT);
    }

    #[test]
    fn broken_text_is_replaced() {
        assert_eq!(data(b"data: a\xff\xfeb\n\n"), ["a\u{fffd}\u{fffd}b"]);
    }
}
