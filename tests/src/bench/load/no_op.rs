//! An endpoint that does nothing but give back what it got, on the same HTTP library: what any relay on it could reach.

use axum::{Router, body::Bytes, routing::post};
use tokio::net::TcpListener;

/// Serves it on a free port until the process ends, and says where.
///
/// # Panics
/// If it cannot listen.
pub async fn serve() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    println!("listening on http://{}", listener.local_addr().expect("an address"));
    let router = Router::new().fallback_service(post(|body: Bytes| async move { body }));
    axum::serve(listener, router).await.expect("a server");
}
