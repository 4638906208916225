//! Encryption alone in Node.js: the peers by their scripts, and the core's MLS by the script of openmls, all in memory.
//!
//! Ours makes the sealed batch of what each message changes as well; no peer seals, and only core-crypto stores.

use infrasound_tests::bench::report::{Report, Row};
use serde_json::Value;

use super::script::{self, number};

/// Of the quicker peer. Issue 4.
const RATIO: f64 = 1.0;
const SIZES: &str = "2,1000";
const MESSAGES: &str = "500";
const COMMITS: &str = "1";

/// A library at one size of group.
struct Figures<'a> {
    library: &'a str,
    encrypt: f64,
    decrypt: f64,
    join: f64,
}

/// Adds the rows.
pub(super) fn measure(report: &mut Report) {
    let module = std::env::var("INFRASOUND_PEER_MODULE").expect("INFRASOUND_PEER_MODULE names our module");
    let ours = run(&["openmls.mjs", &module, "infrasound"], &[]);
    let peers = [
        run(&["tsmls.mjs"], &[]),
        run(&["tsmls.mjs"], &[("CRYPTO", "nodecrypto")]),
        run(&["corecrypto.mjs"], &[]),
    ]
    .concat();
    for members in [2, 1_000] {
        let of = |lines: &'_ [Value]| -> Vec<Value> {
            lines
                .iter()
                .filter(|line| line.get("n").and_then(Value::as_u64) == Some(members))
                .cloned()
                .collect()
        };
        let (ours, peers) = (of(&ours), of(&peers));
        let (ours, peers) = (figures(&ours), figures(&peers));
        let [ours] = ours.as_slice() else { panic!("ours was not measured at {members}") };
        assert_eq!(peers.len(), 3, "each peer was measured at {members}");
        add(report, &format!("encrypt, {members} members"), ours, &peers, |figures| figures.encrypt);
        add(report, &format!("decrypt, {members} members"), ours, &peers, |figures| figures.decrypt);
        for figures in std::iter::once(ours).chain(&peers) {
            let name = format!("join from a Welcome, {members} members: {}", figures.library);
            report.add(Row::compared(&name, figures.join, "ms"));
        }
    }
}

/// Ours beside the quickest of the others.
fn add(
    report: &mut Report,
    what: &str,
    ours: &Figures<'_>,
    peers: &[Figures<'_>],
    value: impl Fn(&Figures<'_>) -> f64,
) {
    let quickest = peers.iter().map(&value).fold(f64::INFINITY, f64::min);
    let name = format!("{what}: ours to the quickest peer");
    report.add(Row::at_most(&name, value(ours) / quickest, "×", RATIO));
    for figures in std::iter::once(ours).chain(peers) {
        report.add(Row::compared(&format!("{what}: {}", figures.library), value(figures), "µs"));
    }
}

fn run(script: &[&str], variables: &[(&str, &str)]) -> Vec<Value> {
    let common = [("SIZES", SIZES), ("MSGS", MESSAGES), ("REPS", COMMITS)];
    script::run(&script::peers(), script, &[&common, variables].concat())
}

fn figures(lines: &[Value]) -> Vec<Figures<'_>> {
    let figures = lines.iter().map(|line| Figures {
        library: script::text(line, "lib"),
        encrypt: number(line, "enc_us"),
        decrypt: number(line, "dec_us"),
        join: number(line, "join_ms"),
    });
    figures.collect()
}
