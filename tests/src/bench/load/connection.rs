//! A connection that costs as little as possible: the generator shares the machine with the relay.
//!
//! It writes bytes that were prepared and reads answers that have a `content-length`, which is all that is needed here.

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

/// A kept-alive connection with one request at a time.
#[derive(Debug)]
pub(super) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
    length: usize,
}

/// An answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct Answer<'a> {
    pub(super) status: u16,
    pub(super) body: &'a [u8],
}

impl Connection {
    /// Connects to `HOST:PORT`.
    pub(super) async fn open(host: &str) -> Self {
        let stream = TcpStream::connect(host).await.expect("a connection");
        stream.set_nodelay(true).expect("a socket option");
        Self { stream, buffer: vec![0; 16 * 1024], length: 0 }
    }

    /// Sends a request and waits for the whole answer.
    pub(super) async fn exchange(&mut self, request: &[u8]) -> Answer<'_> {
        self.stream.write_all(request).await.expect("the request goes out");
        self.length = 0;
        loop {
            if self.length == self.buffer.len() {
                self.buffer.resize(self.length * 2, 0);
            }
            let read = self.stream.read(&mut self.buffer[self.length..]).await.expect("an answer");
            assert!(read > 0, "the connection was closed");
            self.length += read;
            if let Some((status, head, length)) = parse_head(&self.buffer[..self.length])
                && self.length >= head + length
            {
                return Answer { status, body: &self.buffer[head..head + length] };
            }
        }
    }
}

/// The status, where the body begins, and how long it is, once the head is complete.
fn parse_head(bytes: &[u8]) -> Option<(u16, usize, usize)> {
    let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&bytes[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let is_length =
        |line: &&str| line.len() > 15 && line.as_bytes()[..15].eq_ignore_ascii_case(b"content-length:");
    let length = lines.find(is_length).map_or(Some(0), |line| line[15..].trim().parse().ok())?;
    Some((status, end + 4, length))
}

/// The number after `"number":` in an answer's JSON.
pub(super) fn number(body: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(body).ok()?;
    let rest = text.split_once("\"number\":")?.1;
    rest[..rest.find([',', '}'])?].trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_when_it_is_complete() {
        let head = b"HTTP/1.1 201 Created\r\nContent-Length: 5\r\nx: y\r\n\r\nhello";
        assert_eq!(parse_head(&head[..30]), None);
        assert_eq!(parse_head(head), Some((201, head.len() - 5, 5)));
        assert_eq!(parse_head(b"HTTP/1.1 204 No Content\r\n\r\n"), Some((204, 27, 0)));
    }

    #[test]
    fn the_number_of_an_entry_is_found() {
        assert_eq!(number(br#"{"number":17,"time":5}"#), Some(17));
        assert_eq!(number(br#"{"time":5,"number":17}"#), Some(17));
        assert_eq!(number(br#"{"type":"about:blank"}"#), None);
    }
}
