//! Resolvers that lie, and servers that redirect to where a stranger would like the relay to go.

use std::{
    net::{IpAddr, SocketAddr},
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{Router, http::header::CONNECTION, response::Redirect, routing::get};
use reqwest::dns::{Addrs, Name, Resolving};
use tokio::{net::TcpListener, task::JoinHandle};

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);

/// Gives the next of its answers to each question, and stays with the last.
struct Liar(Mutex<Vec<IpAddr>>);

impl Liar {
    fn says(answers: &[&str]) -> Arc<Self> {
        Arc::new(Self(Mutex::new(answers.iter().rev().map(|answer| answer.parse().unwrap()).collect())))
    }
}

impl Resolve for Liar {
    fn resolve(&self, _: Name) -> Resolving {
        let mut answers = self.0.lock().unwrap();
        let address = if answers.len() > 1 { answers.pop() } else { answers.last().copied() };
        Box::pin(async move {
            let addresses = address.into_iter().map(|address| SocketAddr::new(address, 0));
            Ok(Box::new(addresses.collect::<Vec<_>>().into_iter()) as Addrs)
        })
    }
}

/// A server on an address of this machine that counts its requests. Each ends its connection.
struct Inside {
    address: SocketAddr,
    asked: Arc<AtomicUsize>,
    task: JoinHandle<()>,
}

impl Inside {
    async fn at(ip: &str, router: Router) -> Self {
        let listener = TcpListener::bind((ip, 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        let asked = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&asked);
        let router =
            router.layer(axum::middleware::map_response(move |mut response: axum::response::Response| {
                counted.fetch_add(1, Ordering::Relaxed);
                response.headers_mut().insert(CONNECTION, "close".parse().unwrap());
                std::future::ready(response)
            }));
        let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { address, asked, task }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::Relaxed)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn secrets() -> Router {
    Router::new().route("/", get(|| async { "what only this machine may see" }))
}

fn redirecting(to: String) -> Router {
    Router::new().route("/", get(move || async move { Redirect::temporary(&to) }))
}

fn outbound(instance: &str, allowed: &[&str], names: Arc<dyn Resolve>) -> Outbound {
    let allowed: Vec<_> = allowed.iter().map(|network| network.parse().unwrap()).collect();
    Outbound::with_names(Reach::of(&instance.parse().unwrap(), &allowed), PATIENCE, names)
}

/// Calls an address with both clients. What the public one was answered, if it was.
async fn call(outbound: &Outbound, url: &str) -> Result<String, reqwest::Error> {
    let secret = outbound.secret().unwrap().get(url).send().await;
    let public = outbound.public().unwrap().get(url).send().await;
    assert_eq!(
        secret.is_err_and(|error| is_out_of_reach(&error)),
        public.as_ref().is_err_and(is_out_of_reach)
    );
    public?.text().await
}

#[tokio::test]
async fn a_name_that_leads_to_this_machine_is_not_called() {
    let inside = Inside::at("127.0.0.1", secrets()).await;
    let outbound = outbound("https://social.example", &[], Liar::says(&["127.0.0.1"]));
    for url in ["http://inside.localhost", "https://social.example", "https://victim.example"] {
        let refused = call(&outbound, &format!("{url}:{}/", inside.address.port())).await.unwrap_err();
        assert!(is_out_of_reach(&refused), "{refused:?}");
    }
    assert_eq!(inside.asked(), 0);
}

#[tokio::test]
async fn a_name_that_leads_to_a_network_that_was_opened_is_called() {
    let inside = Inside::at("127.0.0.1", secrets()).await;
    let outbound = outbound("https://social.example", &["127.0.0.0/8"], Liar::says(&["127.0.0.1"]));
    let answered = call(&outbound, &format!("http://inside.localhost:{}/", inside.address.port())).await;
    assert_eq!((answered.unwrap().is_empty(), inside.asked()), (false, 2));
}

#[tokio::test]
async fn a_name_that_changes_its_address_between_two_looks_gains_nothing() {
    let inside = Inside::at("127.0.0.1", secrets()).await;
    let port = inside.address.port();
    // The first look finds an address that is opened, where a redirect brings a second look at the same name.
    let listener = TcpListener::bind(("127.0.0.2", port)).await.unwrap();
    let again = format!("http://rebinding.localhost:{port}/");
    let router = redirecting(again.clone()).layer(axum::middleware::map_response(
        |mut response: axum::response::Response| {
            response.headers_mut().insert(CONNECTION, "close".parse().unwrap());
            std::future::ready(response)
        },
    ));
    let first = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    let names = Liar::says(&["127.0.0.2", "127.0.0.1"]);
    let client = outbound("https://social.example", &["127.0.0.2/32"], names).public().unwrap();
    let refused = client.get(again).send().await.unwrap_err();
    assert!(is_out_of_reach(&refused), "{refused:?}");
    assert_eq!(inside.asked(), 0);
    first.abort();
}

#[tokio::test]
async fn a_redirect_leads_to_no_private_address() {
    let inside = Inside::at("127.0.0.1", secrets()).await;
    let port = inside.address.port();
    let mapped = format!("http://[::ffff:127.0.0.1]:{port}/");
    for target in [format!("http://127.0.0.1:{port}/"), mapped, format!("http://2130706433:{port}/")] {
        let door = Inside::at("127.0.0.2", redirecting(target.clone())).await;
        let url = format!("http://127.0.0.2:{}/", door.address.port());
        let outbound = outbound("https://social.example", &["127.0.0.2/32"], Liar::says(&["127.0.0.1"]));
        let refused = outbound.public().unwrap().get(url).send().await.unwrap_err();
        assert!(is_out_of_reach(&refused), "{target}: {refused:?}");
        assert_eq!((door.asked(), inside.asked()), (1, 0), "{target}");
    }
}

#[tokio::test]
async fn few_redirects_are_followed() {
    let circle = Router::new().route("/", get(|| async { Redirect::temporary("/") }));
    let circle = Inside::at("127.0.0.1", circle).await;
    let outbound = outbound("http://localhost", &[], Liar::says(&["127.0.0.1"]));
    let refused = outbound.public().unwrap().get(format!("http://{}/", circle.address)).send().await;
    assert!(refused.unwrap_err().is_redirect());
    assert_eq!(circle.asked(), MAX_REDIRECTS + 1);
}

#[test]
fn an_address_in_figures_is_judged_before_it_is_called() {
    let judge = |instance, url: &str| outbound(instance, &[], Liar::says(&[])).judge(&url.parse().unwrap());
    for url in
        ["https://127.0.0.1", "https://0x7f.1", "https://[::1]", "https://10.0.0.1", "http://social.example"]
    {
        assert_eq!(judge("https://social.example", url), Err(NotReached), "{url}");
    }
    for url in ["https://127.0.0.1", "http://127.0.0.1:3000", "https://social.example", "https://1.1.1.1"] {
        assert_eq!(judge("http://localhost:3000", url), Ok(()), "{url}");
    }
}
