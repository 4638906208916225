//! The address that a request comes from, for limits on what needs no session. Never logged or stored.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, SocketAddr},
};

use axum::{
    extract::{ConnectInfo, FromRequestParts},
    http::{HeaderMap, request::Parts},
};

/// Who asks. A proxy on the same machine is believed: it appends the address that it saw to `X-Forwarded-For`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClientAddress(pub(crate) IpAddr);

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>().map(|info| info.0.ip());
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
        let forwarded = if peer.is_loopback() { last_forwarded(&parts.headers) } else { None };
        Ok(Self(forwarded.unwrap_or(peer)))
    }
}

fn last_forwarded(headers: &HeaderMap) -> Option<IpAddr> {
    let value = headers.get_all("x-forwarded-for").into_iter().next_back()?.to_str().ok()?;
    value.rsplit(',').next()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn address(peer: &str, forwarded: Option<&str>) -> IpAddr {
        let mut request = axum::http::Request::builder();
        if let Some(forwarded) = forwarded {
            request = request.header("x-forwarded-for", forwarded);
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.insert(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 1)));
        let Ok(ClientAddress(address)) = ClientAddress::from_request_parts(&mut parts, &()).await;
        address
    }

    #[tokio::test]
    async fn only_a_proxy_on_the_same_machine_is_believed() {
        let forged = Some("198.51.100.1, 203.0.113.7");
        assert_eq!(address("127.0.0.1", forged).await.to_string(), "203.0.113.7");
        assert_eq!(address("192.0.2.1", forged).await.to_string(), "192.0.2.1");
        assert_eq!(address("127.0.0.1", Some("nonsense")).await.to_string(), "127.0.0.1");
        assert_eq!(address("127.0.0.1", None).await.to_string(), "127.0.0.1");
    }
}
