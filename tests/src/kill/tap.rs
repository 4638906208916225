//! The wire: clients connect here, and what they say goes to the relay that runs now. Everything is kept.
//!
//! It is a copy of bytes between two sockets and understands nothing, so that it changes nothing. Because it has a
//! port of its own, clients find the relay at the same address after every restart.

use std::{
    collections::BTreeMap,
    io::{self, Read as _, Write as _},
    net::{Shutdown, SocketAddr, TcpListener, TcpStream},
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

const SUBMITS: &[u8] = b"/messages HTTP/1.1";

/// A wire that remembers.
#[derive(Debug)]
pub struct Tap {
    address: SocketAddr,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    submitted: Condvar,
    closed: AtomicBool,
}

#[derive(Debug, Default)]
struct State {
    upstream: Option<SocketAddr>,
    /// What went over each connection, one entry for each direction.
    streams: Vec<Vec<u8>>,
    submissions: u64,
    /// The sockets of connections that are open, by the place of what goes up.
    open: BTreeMap<usize, [TcpStream; 2]>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Tap {
    /// Listens on a free port; there is no relay yet.
    pub fn open() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared::default());
        let accepting = Arc::clone(&shared);
        thread::spawn(move || accept(&listener, &accepting));
        Ok(Self { address, shared })
    }

    /// `http://127.0.0.1:PORT`.
    pub fn base(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Where the relay is from now on, if anywhere.
    pub fn connect_to(&self, relay: Option<SocketAddr>) {
        self.shared.state().upstream = relay;
    }

    /// Waits until somebody begins to submit a message. Says whether that was so in time.
    pub fn wait_for_submission(&self, limit: Duration) -> bool {
        let state = self.shared.state();
        let seen = state.submissions;
        let waited =
            self.shared.submitted.wait_timeout_while(state, limit, |state| state.submissions == seen);
        waited.is_ok_and(|(_, timeout)| !timeout.timed_out())
    }

    /// Everything that went over the wire until now, one piece for each connection and direction.
    pub fn streams(&self) -> Vec<Vec<u8>> {
        self.shared.state().streams.clone()
    }
}

impl Drop for Tap {
    fn drop(&mut self) {
        self.shared.closed.store(true, Ordering::SeqCst);
        for stream in self.shared.state().open.values().flatten() {
            // Closed already: so it should be.
            let _ = stream.shutdown(Shutdown::Both);
        }
        // Wakes the thread that accepts; if nobody listens any more, it has ended.
        let _ = TcpStream::connect(self.address);
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>) {
    for client in listener.incoming() {
        if shared.closed.load(Ordering::SeqCst) {
            return;
        }
        let Ok(client) = client else { continue };
        let shared = Arc::clone(shared);
        thread::spawn(move || {
            let upstream = shared.state().upstream;
            // A connection to a dead relay ends at once, which is all that a client can see of it.
            let Some(Ok(relay)) = upstream.map(TcpStream::connect) else { return };
            join(&client, &relay, &shared);
        });
    }
}

/// Copies both ways until both sides have ended.
fn join(client: &TcpStream, relay: &TcpStream, shared: &Arc<Shared>) {
    let (Ok(kept), Ok(up), Ok(down)) = (both(client, relay), both(client, relay), both(relay, client)) else {
        return;
    };
    let place = {
        let mut state = shared.state();
        let place = state.streams.len();
        state.streams.extend([Vec::new(), Vec::new()]);
        state.open.insert(place, kept);
        place
    };
    let back = Arc::clone(shared);
    let answers = thread::spawn(move || copy(down, place + 1, &back));
    copy(up, place, shared);
    // A thread that copies bytes does not panic.
    let _ = answers.join();
    shared.state().open.remove(&place);
}

fn both(from: &TcpStream, to: &TcpStream) -> io::Result<[TcpStream; 2]> {
    Ok([from.try_clone()?, to.try_clone()?])
}

fn copy([mut from, mut to]: [TcpStream; 2], place: usize, shared: &Shared) {
    let mut buffer = [0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer) {
        let bytes = &buffer[..length];
        let submits = {
            let mut state = shared.state();
            state.streams[place].extend_from_slice(bytes);
            let submits = bytes.windows(SUBMITS.len()).any(|window| window == SUBMITS);
            state.submissions += u64::from(submits);
            submits
        };
        if to.write_all(bytes).is_err() {
            break;
        }
        if submits {
            shared.submitted.notify_all();
        }
    }
    // Either may be closed already.
    let _ = to.shutdown(Shutdown::Both);
    let _ = from.shutdown(Shutdown::Both);
}
