//! The snippets for nginx and Caddy: nginx runs with them, before a program that a proxy could get wrong.

use std::{convert::Infallible, path::Path, process::Command, time::Duration};

use axum::{
    Router,
    body::Body,
    http::HeaderMap,
    response::sse::{Event, Sse},
    routing::{get, patch},
};
use futures_util::{StreamExt as _, stream};
use reqwest::StatusCode;
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::programs::{Running, deploy, free_port, is_here, succeed};

/// What stands behind the proxy: an event that is followed by silence, a body that is counted, the address that came along.
async fn behind() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let event = || async {
        let first = stream::iter([Ok::<_, Infallible>(Event::default().data("first"))]);
        Sse::new(first.chain(stream::pending()))
    };
    let count = |body: Body| async {
        let mut bytes = body.into_data_stream();
        let mut count = 0;
        while let Some(Ok(chunk)) = bytes.next().await {
            count += chunk.len();
        }
        count.to_string()
    };
    let seen = |headers: HeaderMap| async move { headers["x-forwarded-for"].to_str().unwrap().to_owned() };
    let router = Router::new()
        .route("/v1/stream", get(event))
        .route("/v1/blobs/{blob}", patch(count))
        .route("/v1/key-packages", patch(count))
        .route("/.well-known/infrasound", get(seen))
        .layer(axum::extract::DefaultBodyLimit::disable());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    port
}

/// nginx with the snippets as they are, but for ports and certificate.
fn nginx(folder: &TempDir, behind: u16) -> (Running, u16) {
    let path = folder.path();
    let (relay, instance) = (free_port(), free_port());
    certificate(path);
    let snippet = |name: &str| {
        let text = std::fs::read_to_string(deploy().join("nginx").join(name)).unwrap();
        text.replace("127.0.0.1:8787", &format!("127.0.0.1:{behind}"))
            .replace("listen 443 ssl;", &format!("listen 127.0.0.1:{relay} ssl;"))
            .replace("listen [::]:443 ssl;", "")
            .replace("/etc/letsencrypt/live/relay.example", path.to_str().unwrap())
    };
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
    let temporary = temporary.map(|name| format!("{name}_temp_path {}/{name};", path.display())).join("\n");
    let text = format!(
        "daemon off;\nmaster_process off;\npid {0}/pid;\nerror_log {0}/error.log;\nevents {{}}\nhttp {{\n{temporary}\n\
         access_log off;\n{1}\nserver {{ listen 127.0.0.1:{instance}; {2} }}\n}}\n",
        path.display(),
        snippet("relay.conf"),
        snippet("instance.conf"),
    );
    let file = path.join("nginx.conf");
    std::fs::write(&file, text).unwrap();
    let command = || {
        let mut command = Command::new("nginx");
        command.arg("-p").arg(path).arg("-e").arg(path.join("error.log")).arg("-c").arg(&file);
        command.env("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
        command
    };
    succeed(command().arg("-t"));
    (Running::start(&mut command(), relay), relay)
}

fn certificate(folder: &Path) {
    succeed(
        Command::new("openssl")
            .args([
                "req",
                "-x509",
                "-newkey",
                "rsa:2048",
                "-nodes",
                "-days",
                "1",
                "-subj",
                "/CN=relay.example",
            ])
            .arg("-keyout")
            .arg(folder.join("privkey.pem"))
            .arg("-out")
            .arg(folder.join("fullchain.pem")),
    );
}

#[tokio::test]
async fn through_nginx_events_come_at_once_and_files_are_not_held_back() {
    if !is_here("nginx") || !is_here("openssl") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (_nginx, port) = nginx(&folder, behind().await);
    let http = reqwest::Client::builder().no_proxy().tls_danger_accept_invalid_certs(true).build().unwrap();
    let url = |path: &str| format!("https://127.0.0.1:{port}{path}");
    let mut stream = http.get(url("/v1/stream")).send().await.unwrap();
    let first =
        tokio::time::timeout(Duration::from_secs(10), stream.chunk()).await.unwrap().unwrap().unwrap();
    assert_eq!(&first[..], b"data: first\n\n");
    let file = vec![7; 8 * 1024 * 1024];
    let taken = http.patch(url("/v1/blobs/one")).body(file.clone()).send().await.unwrap();
    assert_eq!(taken.text().await.unwrap(), file.len().to_string());
    let refused = http.patch(url("/v1/key-packages")).body(file).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let forged =
        http.get(url("/.well-known/infrasound")).header("x-forwarded-for", "198.51.100.1").send().await;
    assert_eq!(
        forged.unwrap().text().await.unwrap(),
        "198.51.100.1, 127.0.0.1",
        "the last is the proxy's word"
    );
}

#[test]
fn caddy_takes_its_file() {
    if !is_here("caddy") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let file = deploy().join("caddy/Caddyfile");
    let said = succeed(
        Command::new("caddy")
            .args(["validate", "--adapter", "caddyfile", "--config"])
            .arg(file)
            .env("HOME", folder.path())
            .env("XDG_DATA_HOME", folder.path())
            .env("XDG_CONFIG_HOME", folder.path()),
    );
    assert!(said.contains("Valid configuration"), "{said}");
}
