//! A device in a test: a real core, a journal in memory, and HTTP to a real relay.
//!
//! The host here is strict where a real one may be lax: a `Persist` is the only way into the journal, outputs are
//! carried out one by one, and [`Device::crash`] forgets everything that was not persisted. What goes over the wire is
//! kept, and can be changed on its way by [`Device::tamper`]: that is a relay that lies.

#![expect(
    clippy::expect_used,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::unwrap_used,
    reason = "test support: a step that fails fails the test, and says which"
)]

use std::{
    collections::{BTreeMap, VecDeque},
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use infrasound_core::{
    Client, NewDevice, OpenError,
    blob::{self, BlobRefused},
    event::{Answer, Event, Failure},
    input::{HttpResponse, Input, TransportError, Wish, WishId},
    journal::{Scope, StorageKey},
    message::Message,
    output::{BlobBytes, HttpRequest, Method, Output},
    warning::Warning,
};
use infrasound_spec::{
    account::Handle,
    api::{blobs::UPLOAD_OFFSET, paths, sign_in::SignedIn},
    blob::BlobId,
    consent::ContactState,
    content::Attachment,
    conversation::ConversationId,
    time::Timestamp,
};
use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng as _};

use crate::{journal::Journal, script::Script};

/// What changes answers of the relay on their way to a device.
pub type Tamper = Box<dyn FnMut(&HttpRequest, &mut HttpResponse) + Send>;

/// What answers in the place of the relay, which does not learn of the request.
pub type Stand = Box<dyn FnMut(&HttpRequest) -> Option<HttpResponse> + Send>;

/// A file was not fetched.
#[derive(Debug)]
pub enum FetchError {
    /// The relay did not give it.
    NotGiven(Failure),
    /// What it gave is not what was sent.
    Refused(BlobRefused),
}

/// One device.
pub struct Device {
    core: Option<Client>,
    key: StorageKey,
    /// What would be on the disk.
    pub journal: Journal,
    /// Sealed files on their way to the relay.
    pub spool: BTreeMap<BlobId, Vec<u8>>,
    /// What the app was told, in order.
    pub events: Vec<Event>,
    /// Everything that went over the wire: bodies of requests and answers.
    pub traffic: Vec<Vec<u8>>,
    /// How long each request took until it was answered, by its path.
    pub answered: Vec<(String, Duration)>,
    /// Everything that happened to the core.
    pub script: Script,
    base: String,
    http: reqwest::Client,
    rng: ChaCha20Rng,
    ahead: u64,
    wake_at: Option<Timestamp>,
    queue: VecDeque<Output>,
    tamper: Option<Tamper>,
    /// What the stream says while a request to such a path is under way.
    meanwhile: Option<(&'static str, String)>,
    in_its_place: Option<Stand>,
    /// Whether the relay can be reached.
    pub online: bool,
    /// The answer to this request is lost: it is carried out, and the device does not learn it.
    lose_answer: Option<usize>,
    requested: usize,
    /// What went out under each submission id: never anything else.
    submitted: BTreeMap<String, String>,
    /// Crash before the output with this number.
    crash_before: Option<usize>,
    carried_out: usize,
    next_wish: u64,
    token: Option<String>,
}

impl Device {
    /// Signs in with a token of the instance and registers a device.
    pub async fn login(base: &str, token: &str, start_over: bool, seed: u64) -> Self {
        let http = reqwest::Client::new();
        let url = format!("{base}/v1/sign-in/exchange");
        let answer = http.post(url).json(&serde_json::json!({ "access_token": token })).send().await.unwrap();
        let status = answer.status();
        let body = answer.text().await.unwrap();
        assert!(status.is_success(), "sign-in: {status} {body}");
        let signed_in: SignedIn = serde_json::from_str(&body).unwrap();
        Self::register(base, signed_in, start_over, seed).await
    }

    /// Registers a device for a finished sign-in.
    pub async fn register(base: &str, signed_in: SignedIn, start_over: bool, seed: u64) -> Self {
        let mut rng = ChaCha20Rng::seed_from_u64(seed);
        let key = Self::storage_key(seed);
        let start = now(0);
        let mut script = Script::default();
        script.begin(&signed_in, start);
        let new = NewDevice { signed_in, device_name: format!("test {seed}"), start_over };
        let (core, outputs) = Client::register(&key, new, start, &mut rng).unwrap();
        let mut device = Self::stored(base, Some(core), key, Journal::default(), rng);
        device.script = script;
        device.queue.extend(outputs);
        device.drive().await;
        device
    }

    /// Opens a journal that was written before. `None`: there is no device in it.
    pub async fn open(base: &str, journal: Journal, seed: u64) -> Option<Self> {
        let mut device = Self::opened(base, journal, seed)?;
        device.drive().await;
        Some(device)
    }

    /// The same, before anything is carried out.
    pub fn opened(base: &str, journal: Journal, seed: u64) -> Option<Self> {
        let rng = ChaCha20Rng::seed_from_u64(seed + 1);
        let mut device = Self::stored(base, None, Self::storage_key(seed), journal, rng);
        let root = device.journal.read(Scope::ROOT);
        let (core, outputs) = match Client::open(&device.key, &root, now(0), &mut device.rng) {
            Ok(opened) => opened,
            Err(OpenError::NoDevice) => return None,
            Err(error) => panic!("{error}"),
        };
        device.core = Some(core);
        device.queue.extend(outputs);
        Some(device)
    }

    fn stored(base: &str, core: Option<Client>, key: StorageKey, journal: Journal, rng: ChaCha20Rng) -> Self {
        Self {
            core,
            key,
            journal,
            spool: BTreeMap::new(),
            events: Vec::new(),
            traffic: Vec::new(),
            answered: Vec::new(),
            script: Script::default(),
            base: base.to_owned(),
            http: reqwest::Client::new(),
            rng,
            ahead: 0,
            wake_at: None,
            queue: VecDeque::new(),
            tamper: None,
            meanwhile: None,
            in_its_place: None,
            online: true,
            lose_answer: None,
            requested: 0,
            submitted: BTreeMap::new(),
            crash_before: None,
            carried_out: 0,
            next_wish: 1,
            token: None,
        }
    }

    /// The core, which is there except while a crash is being simulated.
    pub fn core(&self) -> &Client {
        self.core.as_ref().unwrap()
    }

    /// The core alone, for who drives it by hand from here on.
    pub fn into_core(self) -> Client {
        self.core.unwrap()
    }

    /// The key that the journal of a device with this seed is sealed under.
    pub fn storage_key(seed: u64) -> StorageKey {
        StorageKey::from_bytes(Self::storage_key_bytes(seed))
    }

    /// The same as bytes, for who opens the journal elsewhere.
    pub fn storage_key_bytes(seed: u64) -> [u8; 32] {
        [u8::try_from(seed % 251).unwrap(); 32]
    }

    /// The device's handle.
    pub fn handle(&self) -> Handle {
        self.core().account().handle
    }

    /// Carries out everything that can be carried out now, and lets the time pass that short timers wait for.
    pub async fn drive(&mut self) {
        for _ in 0..10_000 {
            if let Some(output) = self.queue.pop_front() {
                self.carry_out(output).await;
            } else if let Some(at) = self.wake_at.take().filter(|at| at.millis_since(self.now()) <= 5_000) {
                self.ahead += at.millis_since(self.now());
                self.input(Input::Wake);
            } else {
                return;
            }
        }
        panic!("the client never comes to rest");
    }

    /// Carries out what there is, then lets one short timer come: for devices that wait for each other.
    pub async fn turn(&mut self) {
        self.steps(usize::MAX).await;
    }

    /// The same, but not more than so many outputs.
    pub async fn steps(&mut self, most: usize) {
        for _ in 0..most {
            let Some(output) = self.queue.pop_front() else { break };
            self.carry_out(output).await;
        }
        if !self.queue.is_empty() {
            return;
        }
        if let Some(at) = self.wake_at.take().filter(|at| at.millis_since(self.now()) <= 5_000) {
            self.ahead += at.millis_since(self.now());
            self.input(Input::Wake);
        }
    }

    /// Makes a wish without waiting for what comes of it.
    pub fn begin(&mut self, wish: Wish) -> WishId {
        let id = WishId(self.next_wish);
        self.next_wish += 1;
        self.input(Input::Wish(id, wish));
        id
    }

    /// The stream says something.
    pub fn nudge(&mut self, event: &str) {
        self.input(Input::StreamEvent(event.to_owned()));
    }

    /// The stream says something while the next request to such a path is under way.
    pub fn nudge_during(&mut self, path: &'static str, event: &str) {
        self.meanwhile = Some((path, event.to_owned()));
    }

    /// Whether the crash that was asked for has come.
    pub fn has_crashed(&self) -> bool {
        self.crash_before.is_none()
    }

    /// As if the stream had been opened again: asks the relay for everything that is new.
    pub async fn sync(&mut self) {
        self.input(Input::StreamOpened);
        self.drive().await;
    }

    /// Lets time pass.
    pub async fn advance(&mut self, millis: u64) {
        self.ahead += millis;
        self.input(Input::Wake);
        self.drive().await;
    }

    /// What a crash leaves: the journal, and a client opened from it.
    pub async fn crash(&mut self) {
        self.reopen();
        self.drive().await;
    }

    fn reopen(&mut self) {
        self.queue.clear();
        self.wake_at = None;
        self.core = None;
        let root = self.journal.read(Scope::ROOT);
        let (core, outputs) = Client::open(&self.key, &root, now(self.ahead), &mut self.rng).unwrap();
        let kept = core.spooled();
        self.spool.retain(|blob, _| kept.contains(blob));
        self.core = Some(core);
        self.queue.extend(outputs);
    }

    /// Crashes before the `n`th output from now is carried out, once.
    pub fn crash_before(&mut self, n: usize) {
        self.crash_before = Some(self.carried_out + n);
    }

    /// Does not crash any more.
    pub fn never_crash(&mut self) {
        self.crash_before = None;
    }

    /// How many requests the relay has had from this device.
    pub fn requests(&self) -> usize {
        self.requested
    }

    /// Loses the answer to the `n`th request from now, once: the relay does what it was asked, the device can't know.
    pub fn lose_answer(&mut self, n: usize) {
        self.lose_answer = Some(self.requested + n);
    }

    /// From now on, answers of the relay pass through this.
    pub fn tamper(&mut self, tamper: impl FnMut(&HttpRequest, &mut HttpResponse) + Send + 'static) {
        self.tamper = Some(Box::new(tamper));
    }

    /// From now on, what this answers never reaches the relay.
    pub fn answer_in_its_place(
        &mut self,
        answer: impl FnMut(&HttpRequest) -> Option<HttpResponse> + Send + 'static,
    ) {
        self.in_its_place = Some(Box::new(answer));
    }

    /// The relay is honest again.
    pub fn trust(&mut self) {
        self.tamper = None;
        self.in_its_place = None;
    }

    /// Makes a wish and returns how it was answered.
    pub async fn wish(&mut self, wish: Wish) -> Result<Answer, Failure> {
        self.try_wish(wish).await.expect("every wish is answered")
    }

    /// Makes a wish. `None`: a crash came before the answer.
    pub async fn try_wish(&mut self, wish: Wish) -> Option<Result<Answer, Failure>> {
        let id = WishId(self.next_wish);
        self.next_wish += 1;
        let before = self.events.len();
        self.input(Input::Wish(id, wish));
        self.drive().await;
        self.events[before..].iter().find_map(|event| match event {
            Event::WishDone(wish, answer) if *wish == id => Some(Ok(answer.clone())),
            Event::WishFailed(wish, failure) if *wish == id => Some(Err(failure.clone())),
            _ => None,
        })
    }

    /// Writes to somebody, again if a crash came before the client said that it has the message and it hasn't.
    pub async fn send_or_again(&mut self, to: &Handle, text: &str) {
        let send = || Wish::Send {
            to: to.clone(),
            text: text.to_owned(),
            in_reply_to: None,
            attachments: Vec::new(),
        };
        if self.try_wish(send()).await.is_none() {
            self.drive().await;
            let stored = match self.core().conversation_with(to) {
                Some(_) => self.texts(to).await.iter().any(|stored| stored.contains(text)),
                None => self.core().is_waiting_for(to),
            };
            if !stored {
                self.wish(send()).await.unwrap();
            }
        }
    }

    /// Writes to somebody.
    pub async fn send(&mut self, to: &Handle, text: &str) {
        self.wish(Wish::Send {
            to: to.clone(),
            text: text.to_owned(),
            in_reply_to: None,
            attachments: Vec::new(),
        })
        .await
        .unwrap();
    }

    /// Seals a file for a message.
    pub fn seal(&mut self, name: &str, bytes: &[u8]) -> Attachment {
        let (blob, sealed) = blob::seal(bytes, &mut self.rng).unwrap();
        self.spool.insert(blob.id, sealed);
        let (name, media_type) = (name.to_owned(), "application/octet-stream".to_owned());
        Attachment { media_type, name, width: None, height: None, thumbnail: None, blob: Some(blob) }
    }

    /// Writes to somebody, with files.
    pub async fn send_files(&mut self, to: &Handle, text: &str, attachments: Vec<Attachment>) {
        let (to, text) = (to.clone(), text.to_owned());
        self.wish(Wish::Send { to, text, in_reply_to: None, attachments }).await.unwrap();
    }

    /// Fetches and opens a file of a message.
    pub async fn fetch(&mut self, attachment: &Attachment) -> Result<Vec<u8>, FetchError> {
        let blob = attachment.blob.clone().unwrap();
        let wish = Wish::FetchBlob { blob: blob.id, offset: 0, length: blob.sealed_size() };
        match self.wish(wish).await.map_err(FetchError::NotGiven)? {
            Answer::Bytes(sealed) => blob::open(&blob, &sealed).map_err(FetchError::Refused),
            other => panic!("{other:?}"),
        }
    }

    /// Accepts, ignores, blocks.
    pub async fn say(&mut self, who: &Handle, state: ContactState) {
        let wish = || Wish::SetContact { who: who.clone(), state };
        match self.try_wish(wish()).await {
            Some(answer) => answer.map(|_| ()).unwrap(),
            // Saying it twice is saying it once.
            None => self.wish(wish()).await.map(|_| ()).unwrap(),
        }
    }

    /// The conversation with somebody.
    pub fn with(&self, who: &Handle) -> ConversationId {
        self.core().conversation_with(who).expect("there is a conversation")
    }

    /// The whole history with somebody.
    pub async fn history(&mut self, who: &Handle) -> Vec<Message> {
        let conversation = self.with(who);
        let wish = || Wish::Messages { conversation, before: None, limit: 1_000 };
        let answer = match self.try_wish(wish()).await {
            Some(answer) => answer,
            None => self.wish(wish()).await,
        };
        match answer.unwrap() {
            Answer::Messages(messages) => messages,
            other => panic!("{other:?}"),
        }
    }

    /// The texts of the history with somebody, as HTML.
    pub async fn texts(&mut self, who: &Handle) -> Vec<String> {
        self.history(who).await.iter().map(|message| format!("{:?}", message.body)).collect()
    }

    /// What the app was warned of.
    pub fn warnings(&self) -> Vec<Warning> {
        let warnings = self.events.iter().filter_map(|event| match event {
            Event::Warning(_, warning) => Some(warning.clone()),
            _ => None,
        });
        warnings.collect()
    }

    /// The time as this device sees it.
    pub fn time(&self) -> Timestamp {
        self.now()
    }

    /// The session token of the last request, to ask the relay something by hand.
    pub fn token(&self) -> Option<String> {
        self.token.clone()
    }

    fn now(&self) -> Timestamp {
        now(self.ahead)
    }

    fn input(&mut self, input: Input) {
        let now = self.now();
        let Some(core) = &mut self.core else { return };
        self.script.note(&input, now);
        self.queue.extend(core.handle(input, now, &mut self.rng));
    }

    async fn carry_out(&mut self, output: Output) {
        self.carried_out += 1;
        if self.crash_before.is_some_and(|n| self.carried_out >= n) {
            self.crash_before = None;
            return self.reopen();
        }
        match output {
            Output::Persist(batch) => self.journal.write(batch),
            Output::Load(scope) => {
                let records = self.journal.read(scope);
                self.input(Input::Loaded(scope, records));
            }
            Output::DropBlob(blob) => drop(self.spool.remove(&blob)),
            Output::Request(request) => self.request(request).await,
            Output::OpenStream { .. } if self.online => self.input(Input::StreamOpened),
            Output::OpenStream { .. } => self.input(Input::StreamClosed(TransportError::Unreachable)),
            Output::Event(event) => self.events.push(event),
            Output::WakeAt(at) => self.wake_at = Some(at),
        }
    }

    /// A submission id stands for one ciphertext: with another one, a generation of the ratchet could be used twice.
    fn check_submission(&mut self, body: &[u8]) {
        let body: serde_json::Value = serde_json::from_slice(body).unwrap();
        let message = body.get("message").or_else(|| body.get("bundle")?.get("commit"));
        if let (Some(id), Some(message)) = (body.get("submission"), message) {
            let first = self.submitted.entry(id.to_string()).or_insert_with(|| message.to_string());
            assert_eq!(*first, message.to_string(), "one submission id, two ciphertexts");
        }
    }

    async fn request(&mut self, request: HttpRequest) {
        if !self.online {
            return self.input(Input::Unreachable(request.id, TransportError::Unreachable));
        }
        if let Some(response) = self.in_its_place.as_mut().and_then(|answer| answer(&request)) {
            self.requested += 1;
            return self.input(Input::Response(request.id, response));
        }
        // Here every request is waited for: nobody else could move meanwhile.
        let url = format!("{}{}", self.base, request.path.replace("wait=15", "wait=0"));
        let mut builder = match request.method {
            Method::Get => self.http.get(url),
            Method::Post => self.http.post(url),
            Method::Put => self.http.put(url),
            Method::Delete => self.http.delete(url),
            Method::Patch => self.http.patch(url),
        };
        match request.bytes {
            None => {}
            Some(BlobBytes::Fetch { offset, length }) => {
                builder = builder.header("range", format!("bytes={offset}-{}", offset + length - 1));
            }
            Some(BlobBytes::Send { blob, offset, length }) => {
                let Some(sealed) = self.spool.get(&blob) else {
                    return self.input(Input::Unreachable(request.id, TransportError::SpoolLost));
                };
                let part = usize::try_from(offset).unwrap()..usize::try_from(offset + length).unwrap();
                builder = builder.header(UPLOAD_OFFSET, offset).body(sealed[part].to_vec());
            }
        }
        if let Some(token) = &request.token {
            // A link has tokens of its own.
            if !request.path.starts_with(paths::LINKS_FRAMES) && request.path != paths::LINKS {
                self.token = Some(token.clone());
            }
            builder = builder.bearer_auth(token);
        }
        if let Some(body) = &request.body {
            self.traffic.push(body.clone());
            self.check_submission(body);
            builder = builder.header("content-type", "application/json").body(body.clone());
        }
        let begin = Instant::now();
        let Ok(answer) = builder.send().await else {
            return self.input(Input::Unreachable(request.id, TransportError::Unreachable));
        };
        let status = answer.status().as_u16();
        let Ok(body) = answer.bytes().await else {
            return self.input(Input::Unreachable(request.id, TransportError::Unreachable));
        };
        self.answered.push((request.path.clone(), begin.elapsed()));
        let mut response = HttpResponse { status, retry_after: None, body: body.to_vec() };
        self.traffic.push(response.body.clone());
        self.requested += 1;
        if self.lose_answer.is_some_and(|n| self.requested >= n) {
            self.lose_answer = None;
            return self.input(Input::Unreachable(request.id, TransportError::TimedOut));
        }
        if let Some(tamper) = &mut self.tamper {
            tamper(&request, &mut response);
        }
        if let Some((_, event)) = self.meanwhile.take_if(|(path, _)| request.path.contains(*path)) {
            self.nudge(&event);
        }
        self.input(Input::Response(request.id, response));
    }
}

fn now(ahead: u64) -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp::from_millis(u64::try_from(since.as_millis()).unwrap() + ahead)
}
