//! Which addresses the relay calls: public ones, and those that the configuration opens.
//!
//! What is not public is what IANA's registries of special-purpose addresses (RFC 6890) say is not globally reachable,
//! multicast, and what hides an IPv4 address in an IPv6 one.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use url::{Host, Url};

const fn v4(a: u8, b: u8, c: u8, length: u8) -> Ipv4Net {
    Ipv4Net::new_assert(Ipv4Addr::new(a, b, c, 0), length)
}

const fn v6(first: u16, second: u16, third: u16, length: u8) -> Ipv6Net {
    Ipv6Net::new_assert(Ipv6Addr::new(first, second, third, 0, 0, 0, 0, 0), length)
}

const NOT_PUBLIC_V4: [Ipv4Net; 15] = [
    v4(0, 0, 0, 8),       // this network
    v4(10, 0, 0, 8),      // private
    v4(100, 64, 0, 10),   // shared by a provider's customers (CGNAT)
    v4(127, 0, 0, 8),     // loopback
    v4(169, 254, 0, 16),  // link-local, where clouds keep their metadata
    v4(172, 16, 0, 12),   // private
    v4(192, 0, 0, 24),    // protocol assignments
    v4(192, 0, 2, 24),    // documentation
    v4(192, 88, 99, 24),  // relays of 6to4
    v4(192, 168, 0, 16),  // private
    v4(198, 18, 0, 15),   // benchmarks
    v4(198, 51, 100, 24), // documentation
    v4(203, 0, 113, 24),  // documentation
    v4(224, 0, 0, 4),     // multicast
    v4(240, 0, 0, 4),     // reserved, and broadcast
];

/// All that was ever given out for the public Internet. What is elsewhere is loopback, local, multicast or reserved.
const GLOBAL_V6: Ipv6Net = v6(0x2000, 0, 0, 3);

const NOT_PUBLIC_V6: [Ipv6Net; 4] = [
    v6(0x2001, 0, 0, 23),     // protocol assignments, and Teredo, which hides an IPv4 address
    v6(0x2001, 0xdb8, 0, 32), // documentation
    v6(0x2002, 0, 0, 16),     // 6to4, which hides an IPv4 address
    v6(0x3fff, 0, 0, 20),     // documentation
];

/// A network of IPv6 alone reaches public IPv4 addresses through these (NAT64): judged by what is in them.
const NAT64: Ipv6Net = v6(0x64, 0xff9b, 0, 96);

/// This machine.
pub(crate) const LOOPBACK: [IpNet; 2] =
    [IpNet::V4(v4(127, 0, 0, 8)), IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128))];

/// Which addresses may be called: public ones, and those in `opened`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Reach {
    opened: Vec<IpNet>,
}

impl Reach {
    /// Public addresses, what the configuration opens, and what the instance's configured address opens.
    pub(crate) fn of(instance: &Url, allowed: &[IpNet]) -> Self {
        let mut opened = allowed.to_vec();
        if is_this_machine(instance) {
            opened.extend(LOOPBACK);
        }
        match instance.host() {
            Some(Host::Ipv4(address)) => opened.push(IpAddr::V4(address).into()),
            Some(Host::Ipv6(address)) => opened.push(IpAddr::V6(address).to_canonical().into()),
            Some(Host::Domain(_)) | None => {}
        }
        Self { opened }
    }

    /// Public addresses, and these networks.
    pub(crate) fn opening(networks: &[IpNet]) -> Self {
        Self { opened: networks.to_vec() }
    }

    /// All addresses: for an admin's command, which calls what the admin says.
    pub(crate) fn everywhere() -> Self {
        Self { opened: vec![Ipv4Net::default().into(), Ipv6Net::default().into()] }
    }

    /// Whether an address may be called.
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        let address = embedded(address);
        is_public(address) || self.opened.iter().any(|network| network.contains(&address))
    }
}

/// Whether an address names this machine.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        Some(Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        None => false,
    }
}

/// The IPv4 address that is meant, if an IPv6 address stands for one.
fn embedded(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if NAT64.contains(&address) => {
            let [.., a, b, c, d] = address.octets();
            Ipv4Addr::new(a, b, c, d).into()
        }
        address => address,
    }
}

fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => !NOT_PUBLIC_V4.iter().any(|network| network.contains(&address)),
        IpAddr::V6(address) => {
            GLOBAL_V6.contains(&address) && !NOT_PUBLIC_V6.iter().any(|network| network.contains(&address))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reach(instance: &str, allowed: &[&str]) -> Reach {
        let allowed: Vec<_> = allowed.iter().map(|network| network.parse().unwrap()).collect();
        Reach::of(&instance.parse().unwrap(), &allowed)
    }

    #[track_caller]
    fn check(reach: &Reach, addresses: &[&str], expected: bool) {
        for address in addresses {
            assert_eq!(reach.has(address.parse().unwrap()), expected, "{address}");
        }
    }

    #[test]
    fn public_addresses_are_called() {
        let reach = reach("https://social.example", &[]);
        check(&reach, &["1.1.1.1", "9.255.255.255", "11.0.0.0", "100.63.255.255", "100.128.0.0"], true);
        check(&reach, &["172.15.255.255", "172.32.0.0", "192.0.1.0", "198.20.0.0", "223.255.255.255"], true);
        check(&reach, &["2606:4700::1111", "2a00:1450::1", "2001:4860:4860::8888", "2620:fe::fe"], true);
        check(&reach, &["64:ff9b::101:101", "::ffff:1.1.1.1"], true);
    }

    #[test]
    fn addresses_that_are_not_public_are_not_called() {
        let reach = reach("https://social.example", &[]);
        for loopback in ["127.0.0.1", "127.255.255.254", "::1", "0.0.0.0", "0.1.2.3", "::"] {
            check(&reach, &[loopback], false);
        }
        check(
            &reach,
            &["10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fc00::1", "fd12::1"],
            false,
        );
        check(&reach, &["169.254.169.254", "fe80::1", "fec0::1"], false);
        check(&reach, &["100.64.0.1", "100.127.255.255", "192.0.0.8", "198.18.0.1", "198.19.255.255"], false);
        check(&reach, &["224.0.0.1", "239.255.255.250", "ff02::1", "240.0.0.1", "255.255.255.255"], false);
        check(&reach, &["192.0.2.1", "198.51.100.1", "203.0.113.1", "2001:db8::1", "3fff::1"], false);
    }

    #[test]
    fn an_ipv4_address_hides_in_no_ipv6_address() {
        let reach = reach("https://social.example", &[]);
        let mapped = ["::ffff:127.0.0.1", "::ffff:10.0.0.1", "::127.0.0.1"];
        let nat64 = ["64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::a00:1"];
        let tunnels = ["2002:7f00:1::1", "2002:a00:1::1", "2001:0:4136:e378::1"];
        for hidden in [mapped, nat64, tunnels] {
            check(&reach, &hidden, false);
        }
    }

    #[test]
    fn the_configuration_opens_networks_and_no_more() {
        let reach = reach("https://social.example", &["10.1.0.0/16", "fd00:1::/32"]);
        check(&reach, &["10.1.2.3", "::ffff:10.1.2.3", "64:ff9b::a01:203", "fd00:1::5"], true);
        check(&reach, &["10.2.0.1", "127.0.0.1", "fd00:2::5", "192.168.0.1"], false);
    }

    #[test]
    fn an_instance_on_this_machine_opens_this_machine() {
        for instance in ["http://localhost:3000", "http://127.0.0.1:3000", "http://[::1]:3000"] {
            check(&reach(instance, &[]), &["127.0.0.1", "127.0.0.2", "::1"], true);
            check(&reach(instance, &[]), &["10.0.0.1", "169.254.169.254", "::2"], false);
        }
    }

    #[test]
    fn an_instance_that_is_an_address_opens_that_address() {
        check(&reach("https://10.0.0.5", &[]), &["10.0.0.5"], true);
        check(&reach("https://10.0.0.5", &[]), &["10.0.0.6", "127.0.0.1"], false);
        check(&reach("https://[fd00::5]", &[]), &["fd00::5"], true);
    }
}
