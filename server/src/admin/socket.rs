//! Where a running relay takes orders: `admin.sock` in its data directory, which nobody else may enter.
//!
//! One order a connection: JSON until the other side has said all, then JSON back. Who may open the socket owns the
//! relay's data or the machine, so there is no token to keep; that it is one of the two is asked of the kernel.
//!
//! **Invariant:** it is no address of the network: no proxy can be made to forward to it.

use std::{
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{UnixListener, UnixStream},
    sync::watch,
};

use super::{Order, Report, carry_out};
use crate::app::App;

const FILE: &str = "admin.sock";
/// The longest order, in bytes.
const MAX_ORDER: u64 = 64 * 1024;
/// How long whoever has connected may take to say what they want, and to hear it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long nobody is let in after that failed: it may be that no more files can be opened, and fails again at once.
const PAUSE: Duration = Duration::from_secs(1);

/// An order, and who says that they give it.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) who: String,
    pub(super) order: Order,
}

/// What came of it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Answer {
    /// It was carried out.
    Done(Report),
    /// It was not, for this reason.
    Refused(String),
}

/// Where the socket of a relay on this directory is.
pub(super) fn path(data: &Path) -> PathBuf {
    data.join(FILE)
}

/// Opens the socket. The caller has the lock of the directory: one that is there was left by a relay that was killed.
pub(crate) fn open(data: &Path) -> io::Result<UnixListener> {
    let path = path(data);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let listener = UnixListener::bind(&path)?;
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Takes orders, one after the other, until the relay shuts down.
pub(crate) async fn run(app: App, listener: UnixListener, mut shutdown: watch::Receiver<bool>) {
    loop {
        let connection = tokio::select! {
            connection = accept(&listener) => connection,
            _ = shutdown.wait_for(|stop| *stop) => break,
        };
        let answered = match connection {
            Ok(stream) => answer(&app, stream).await,
            Err(error) => Err(error),
        };
        if let Err(error) = answered {
            tracing::warn!(%error, "an admin's order was not answered");
        }
    }
    // A socket that nobody listens to would only make the next command wait.
    drop(std::fs::remove_file(path(&app.config.data)));
}

async fn accept(listener: &UnixListener) -> io::Result<UnixStream> {
    match listener.accept().await {
        Ok((stream, _)) => Ok(stream),
        Err(error) => {
            tokio::time::sleep(PAUSE).await;
            Err(error)
        }
    }
}

async fn answer(app: &App, mut stream: UnixStream) -> io::Result<()> {
    let uid = stream.peer_cred()?.uid();
    if !may_order(uid, own_uid()?) {
        return Err(io::Error::new(io::ErrorKind::PermissionDenied, "another user asked"));
    }
    let mut bytes = Vec::new();
    let mut said = (&mut stream).take(MAX_ORDER);
    tokio::time::timeout(PATIENCE, said.read_to_end(&mut bytes)).await??;
    let answer = match serde_json::from_slice::<Request>(&bytes) {
        Ok(Request { who, order }) => carried_out(app, &signature(&who, uid), order).await,
        Err(error) => Answer::Refused(format!(
            "The relay does not know this order ({error}). Is it of another version?"
        )),
    };
    let bytes = serde_json::to_vec(&answer)?;
    tokio::time::timeout(PATIENCE, stream.write_all(&bytes)).await??;
    stream.shutdown().await
}

/// Carries an order out, and says what came of it in words for an admin.
pub(super) async fn carried_out(app: &App, who: &str, order: Order) -> Answer {
    match carry_out(app, who, order).await {
        Ok(report) => Answer::Done(report),
        Err(error) => Answer::Refused(error.0.detail.clone()),
    }
}

/// Who it was, for the audit log: the name is what they say, the number what the kernel says.
pub(super) fn signature(who: &str, uid: u32) -> String {
    let name: String = who.chars().filter(|c| !c.is_control()).take(64).collect();
    if name.is_empty() { format!("uid {uid}") } else { format!("{name} (uid {uid})") }
}

/// The user of the relay, or the superuser.
const fn may_order(uid: u32, own: u32) -> bool {
    uid == own || uid == 0
}

/// The user that this process runs as, which the kernel tells of a socket's other end.
pub(super) fn own_uid() -> io::Result<u32> {
    let (one, _other) = UnixStream::pair()?;
    Ok(one.peer_cred()?.uid())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_relays_user_and_the_superuser_give_orders() {
        assert!(may_order(998, 998) && may_order(0, 998));
        assert!(!may_order(1000, 998) && !may_order(998, 0));
    }

    #[tokio::test]
    async fn after_an_error_nobody_is_let_in_for_a_moment() {
        // Not one that listens, and there is something to read: each `accept` fails at once.
        let (one, other) = std::os::unix::net::UnixStream::pair().unwrap();
        drop(other);
        one.set_nonblocking(true).unwrap();
        let listener = std::os::unix::net::UnixListener::from(std::os::fd::OwnedFd::from(one));
        let listener = UnixListener::from_std(listener).unwrap();
        let begun = std::time::Instant::now();
        accept(&listener).await.unwrap_err();
        assert!(begun.elapsed() >= PAUSE, "{:?}", begun.elapsed());
    }

    #[test]
    fn what_somebody_calls_themselves_stays_one_short_line() {
        assert_eq!(signature("carol", 7), "carol (uid 7)");
        assert_eq!(signature("", 7), "uid 7");
        assert_eq!(signature("a\n\u{1b}[2Jb", 7), "a[2Jb (uid 7)");
        assert!(signature(&"x".repeat(1000), 7).len() < 100);
    }

    #[test]
    fn the_form_of_an_order_is_pinned() {
        let order = Order::Suspend { account: "@a@b.example".to_owned(), reason: "Spam".to_owned() };
        let request = Request { who: "carol".to_owned(), order };
        let text = r#"{"who":"carol","order":{"order":"suspend","account":"@a@b.example","reason":"Spam"}}"#;
        assert_eq!(serde_json::to_string(&request).unwrap(), text);
        assert!(serde_json::from_str::<Request>(text).is_ok());
    }
}
