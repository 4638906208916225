//! The way to a relay, against a small HTTP server on loopback that misbehaves on purpose.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{HeaderMap, StatusCode, header},
    response::IntoResponse,
    routing::{get, post},
};
use infrasound_core::{
    input::{Input, TransportError},
    output::{HttpRequest, MAX_RESPONSE, Method, RequestId},
};
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

use super::Transport;
use crate::{
    relay_url::RelayUrl,
    stream::{Cursor, OpenStream},
};

/// A server that ends with the test.
struct Server {
    url: RelayUrl,
    task: JoinHandle<()>,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Server {
    async fn serve(routes: Router) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
        let service = routes.into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move { axum::serve(listener, service).await.unwrap() });
        Self { url, task }
    }

    fn transport(&self) -> Transport {
        Transport::new(&self.url).unwrap()
    }
}

fn request(method: Method, path: &str) -> HttpRequest {
    HttpRequest { id: RequestId(1), method, path: path.to_owned(), token: None, body: None, bytes: None }
}

#[tokio::test]
async fn a_request_carries_its_token_and_body_and_brings_the_answer() {
    let routes = Router::new().route(
        "/v1/echo",
        post(|headers: HeaderMap, body: String| async move {
            let text = |name| headers.get(name).and_then(|v| v.to_str().ok()).unwrap_or("none").to_owned();
            let answer = format!("{} {} {body}", text(header::AUTHORIZATION), text(header::CONTENT_TYPE));
            (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "7")], answer)
        }),
    );
    let server = Server::serve(routes).await;
    let mut echo = request(Method::Post, "/v1/echo?x=%2F");
    echo.token = Some("secret".to_owned());
    echo.body = Some(b"{}".to_vec());
    let answer = server.transport().request(echo).await.unwrap();
    assert_eq!((answer.status, answer.retry_after), (503, Some(7)));
    assert_eq!(answer.body, b"Bearer secret application/json {}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let followed = Arc::new(AtomicUsize::new(0));
    let count = followed.clone();
    let routes = Router::new()
        .route("/from", get(|| async { (StatusCode::FOUND, [(header::LOCATION, "/to")]) }))
        .route("/to", get(move || async move { count.fetch_add(1, Ordering::SeqCst).to_string() }));
    let server = Server::serve(routes).await;
    let answer = server.transport().request(request(Method::Get, "/from")).await.unwrap();
    assert_eq!((answer.status, followed.load(Ordering::SeqCst)), (302, 0));
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_read_to_its_end() {
    let chunk = bytes::Bytes::from(vec![b'x'; 64 * 1024]);
    let endless = move || {
        let chunk = chunk.clone();
        async move {
            let chunks = futures_util::stream::repeat_with(move || Ok::<_, std::io::Error>(chunk.clone()));
            Body::from_stream(chunks).into_response()
        }
    };
    let promised = || async { vec![b'x'; MAX_RESPONSE + 1] };
    let routes = Router::new().route("/endless", get(endless)).route("/promised", get(promised));
    let server = Server::serve(routes).await;
    for path in ["/endless", "/promised"] {
        let answer = server.transport().request(request(Method::Get, path)).await;
        assert_eq!(answer.map(|answer| answer.status), Err(TransportError::TooLong), "{path}");
    }
}

#[tokio::test]
async fn a_connection_is_kept_for_the_next_request() {
    let port = |ConnectInfo(address): ConnectInfo<SocketAddr>| async move { address.port().to_string() };
    let server = Server::serve(Router::new().route("/port", get(port))).await;
    let transport = server.transport();
    let first = transport.request(request(Method::Get, "/port")).await.unwrap().body;
    let second = transport.request(request(Method::Get, "/port")).await.unwrap().body;
    assert_eq!(first, second);
}

#[tokio::test]
async fn nobody_there_is_said_to_be_unreachable() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url: RelayUrl = format!("http://{}", listener.local_addr().unwrap()).parse().unwrap();
    drop(listener);
    let answer = Transport::new(&url).unwrap().request(request(Method::Get, "/")).await;
    assert_eq!(answer.map(|answer| answer.status), Err(TransportError::Unreachable));
}

/// What a stream told, until it closed.
async fn told(server: &Server, cursor: &Cursor) -> Vec<String> {
    let (sender, mut inputs) = mpsc::channel(8);
    let _stream = OpenStream::begin(3, server.transport(), "secret".to_owned(), cursor.clone(), sender);
    let mut told = Vec::new();
    while let Some((number, input)) = inputs.recv().await {
        assert_eq!(number, 3);
        match input {
            Input::StreamOpened => told.push("opened".to_owned()),
            Input::StreamEvent(data) => told.push(data),
            Input::StreamClosed(error) => {
                told.push(format!("{error:?}"));
                return told;
            }
            other => panic!("{other:?}"),
        }
    }
    told
}

fn events(body: &'static str) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/event-stream")], body)
}

#[tokio::test]
async fn a_stream_is_resumed_after_the_last_event() {
    let stream = |headers: HeaderMap| async move {
        match headers.get("last-event-id").and_then(|id| id.to_str().ok()) {
            None => events(": hello\n\nid: 41\ndata: first\n\n").into_response(),
            Some("41") => events("id: 42\ndata: second\n\n").into_response(),
            Some(_) => StatusCode::BAD_REQUEST.into_response(),
        }
    };
    let server = Server::serve(Router::new().route("/v1/stream", get(stream))).await;
    let cursor = Cursor::default();
    assert_eq!(told(&server, &cursor).await, ["opened", "first", "Unreachable"]);
    assert_eq!(told(&server, &cursor).await, ["opened", "second", "Unreachable"]);
}

#[tokio::test]
async fn what_is_no_stream_is_not_opened() {
    let page = || async { ([(header::CONTENT_TYPE, "text/html")], "data: x\n\n") };
    let server = Server::serve(Router::new().route("/v1/stream", get(page))).await;
    assert_eq!(told(&server, &Cursor::default()).await, ["Unreachable"]);
}

#[tokio::test]
async fn an_endless_line_ends_the_stream() {
    let endless = || async {
        let chunks =
            futures_util::stream::repeat_with(|| Ok::<_, std::io::Error>("data: xxxxxxxx".repeat(512)));
        ([(header::CONTENT_TYPE, "text/event-stream")], Body::from_stream(chunks))
    };
    let server = Server::serve(Router::new().route("/v1/stream", get(endless))).await;
    assert_eq!(told(&server, &Cursor::default()).await, ["opened", "TooLong"]);
}
