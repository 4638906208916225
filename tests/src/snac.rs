//! A real instance that nobody here wrote: snac, started by `tests/instances/snac.sh` on a loopback address.
//!
//! One instance serves all tests of a process: the first test starts it, the last one to end stops it. It needs root
//! (port 80) and a Debian mirror the first time; its state stays in cargo's directory for tests.

#![expect(clippy::expect_used, reason = "test support: a step that fails fails the test, and says which")]

use std::{
    fs,
    net::TcpStream,
    path::{Path, PathBuf},
    process::Command,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use infrasound_relay::instance::AccessToken;
use reqwest::{Client, redirect::Policy};
use url::Url;

/// How many tests use it now.
static USERS: Mutex<usize> = Mutex::new(0);

/// The running instance, with the accounts alice, bob and carol.
#[derive(Debug)]
pub struct Snac {
    dir: PathBuf,
    base: String,
}

impl Snac {
    /// Starts it, or joins those who use it. `target_dir` is the test binary's `CARGO_TARGET_TMPDIR`.
    ///
    /// # Panics
    /// If it does not start.
    pub fn start(target_dir: &str) -> Self {
        let mut users = users();
        let dir = Path::new(target_dir).join("snac");
        let base = run(&["start", path(&dir)]);
        *users += 1;
        Self { dir, base }
    }

    /// Where it is.
    pub fn base(&self) -> &str {
        &self.base
    }

    /// Its host, as in handles.
    pub fn host(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    /// An access token, got by the authorization-code flow.
    ///
    /// # Panics
    /// If snac refuses.
    pub fn token(&self, name: &str) -> AccessToken {
        AccessToken::new(self.token_text(name))
    }

    /// As [`Snac::token`], as a client would hand it on.
    ///
    /// # Panics
    /// If snac refuses.
    pub fn token_text(&self, name: &str) -> String {
        let token = run(&["token", path(&self.dir), name]);
        assert!(!token.is_empty(), "snac gave no token to {name}");
        token
    }
}

impl Snac {
    /// Logs in on the page that a sign-in begins with, as a browser does, and gives the code of the redirect.
    ///
    /// # Panics
    /// If snac refuses.
    pub async fn log_in(&self, authorize: &Url, name: &str) -> String {
        let asked = |key: &str| {
            let pair = authorize.query_pairs().find(|(name, _)| name == key);
            pair.expect("a complete authorization request").1.into_owned()
        };
        let form = [
            ("login", name.to_owned()),
            ("passwd", self.password(name)),
            ("redir", asked("redirect_uri")),
            ("cid", asked("client_id")),
            ("state", asked("state")),
        ];
        let browser = Client::builder().no_proxy().redirect(Policy::none()).build().expect("an HTTP client");
        let url = format!("{}/oauth/x-snac-login", self.base);
        let answer = browser.post(url).form(&form).send().await.expect("snac's login");
        let location = answer.headers().get("location").expect("a redirect after the login");
        let location =
            Url::parse(location.to_str().expect("an ASCII redirect")).expect("a redirect to a URL");
        let code = location.query_pairs().find(|(key, _)| key == "code").expect("a code in the redirect");
        code.1.into_owned()
    }

    fn password(&self, name: &str) -> String {
        let list = fs::read_to_string(self.dir.join("passwords")).expect("snac's passwords");
        let mut lines = list.lines().filter_map(|line| line.split_once(' '));
        lines.find(|(account, _)| *account == name).expect("an account of snac").1.to_owned()
    }

    /// snac finishes what it is doing before it ends, and holds its port until then.
    fn wait_until_stopped(&self) {
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect((self.host(), 80)).is_ok() && Instant::now() < deadline {
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Snac {
    fn drop(&mut self) {
        let mut users = users();
        *users -= 1;
        if *users == 0 {
            run(&["stop", path(&self.dir)]);
            self.wait_until_stopped();
        }
    }
}

fn users() -> MutexGuard<'static, usize> {
    USERS.lock().unwrap_or_else(PoisonError::into_inner)
}

fn path(dir: &Path) -> &str {
    dir.to_str().expect("a target directory in UTF-8")
}

/// Runs the script and gives what it printed.
fn run(arguments: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("instances/snac.sh");
    let output = Command::new("bash").arg(script).args(arguments).output().expect("bash to run snac.sh");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "snac.sh {} failed: {errors}", arguments[0]);
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}
