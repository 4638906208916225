//! The address that a request comes from, for limits on what needs no session. Never logged or stored.
//!
//! Of an IPv6 address the network counts (64 bits): one subscriber has as many addresses in it as it likes.

use std::{
    convert::Infallible,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
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
        let peer = peer.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)).to_canonical();
        let forwarded = if peer.is_loopback() { last_forwarded(&parts.headers) } else { None };
        Ok(Self(network(forwarded.unwrap_or(peer))))
    }
}

fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => address.into(),
        IpAddr::V6(address) => Ipv6Addr::from_bits(address.to_bits() >> 64 << 64).into(),
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

    #[tokio::test]
    async fn addresses_of_one_network_count_as_one() {
        let one = address("2001:db8:1:2::1", None).await;
        assert_eq!(one, address("2001:db8:1:2:ffff:ffff:ffff:ffff", None).await);
        assert_ne!(one, address("2001:db8:1:3::1", None).await);
        assert_eq!(address("::ffff:192.0.2.1", None).await.to_string(), "192.0.2.1");
        assert_eq!(address("::ffff:127.0.0.1", Some("192.0.2.7")).await.to_string(), "192.0.2.7");
    }
}
