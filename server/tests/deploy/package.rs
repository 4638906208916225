//! The Debian package: built, looked into, and its content installed into a folder.

use std::{path::Path, process::Command};

use crate::programs::{RELAY, deploy, is_here, succeed};

#[test]
fn the_package_has_what_a_relay_needs() {
    if !is_here("dpkg-deb") {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let built = folder.path().join("built");
    // What is tested is not how well it is compressed.
    let fast = [("DPKG_DEB_COMPRESSOR_TYPE", "gzip"), ("DPKG_DEB_COMPRESSOR_LEVEL", "1")];
    succeed(Command::new(deploy().join("debian/build")).arg(RELAY).arg(&built).envs(fast));
    let package = std::fs::read_dir(&built).unwrap().next().unwrap().unwrap().path();
    let field =
        |name| succeed(Command::new("dpkg-deb").arg("--field").arg(&package).arg(name)).trim().to_owned();
    assert_eq!([field("Package"), field("Version")], ["infrasound-relay", env!("CARGO_PKG_VERSION")]);
    let root = folder.path().join("root");
    succeed(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(&root));
    let version = succeed(Command::new(root.join("usr/bin/infrasound-relay")).arg("--version"));
    assert_eq!(version.trim(), concat!("infrasound-relay ", env!("CARGO_PKG_VERSION")));
    for file in [
        "lib/systemd/system/infrasound-relay.service",
        "usr/lib/sysusers.d/infrasound-relay.conf",
        "usr/share/doc/infrasound-relay/README.md",
        "usr/share/doc/infrasound-relay/copyright",
        "usr/share/doc/infrasound-relay/examples/nginx/relay.conf",
    ] {
        assert!(root.join(file).is_file(), "{file}");
    }
    the_user_of_the_unit_is_made(&root);
    let scripts = folder.path().join("scripts");
    succeed(Command::new("dpkg-deb").arg("--control").arg(&package).arg(&scripts));
    for script in ["postinst", "prerm", "postrm"] {
        succeed(Command::new("sh").arg("-n").arg(scripts.join(script)));
    }
}

#[track_caller]
fn the_user_of_the_unit_is_made(root: &Path) {
    let unit = std::fs::read_to_string(root.join("lib/systemd/system/infrasound-relay.service")).unwrap();
    let user = unit.lines().find_map(|line| line.strip_prefix("User=")).unwrap();
    let users = std::fs::read_to_string(root.join("usr/lib/sysusers.d/infrasound-relay.conf")).unwrap();
    assert!(users.starts_with(&format!("u {user} ")), "{users}");
    if is_here("systemd-sysusers") {
        // Nothing is written outside of the folder.
        std::fs::create_dir_all(root.join("etc")).unwrap();
        succeed(
            Command::new("systemd-sysusers")
                .arg(format!("--root={}", root.display()))
                .arg("infrasound-relay.conf"),
        );
        let made = std::fs::read_to_string(root.join("etc/passwd")).unwrap();
        assert!(made.lines().any(|line| line.starts_with(&format!("{user}:"))), "{made}");
    }
}
