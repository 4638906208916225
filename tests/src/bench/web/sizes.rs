//! The module and the peers'. The budget is that of `gzip -9`; beside the peers all are compressed by the same script, in
//! Node.js, whose zlib compresses a little less. What of ours is JavaScript is weighed in a browser.

use std::process::Command;

use infrasound_tests::{
    bench::report::{Report, Row},
    programs::workspace,
};

use super::script;

/// Kilobytes. Issue 4.
const MODULE: f64 = 700.0;

/// Adds the rows.
pub(super) fn measure(report: &mut Report) {
    let module = workspace().join("bindings/web/client/dist/infrasound_web_bg.wasm");
    let gzip = Command::new("gzip").args(["-9", "-c"]).arg(&module).output().expect("gzip starts");
    assert!(gzip.status.success(), "the web client was not built: {}", String::from_utf8_lossy(&gzip.stderr));
    #[expect(clippy::cast_precision_loss, reason = "a size far below 2^53")]
    let size = gzip.stdout.len() as f64 / 1e3;
    report.add(Row::at_most("the core as WebAssembly, gzip -9", size, "kB", MODULE));
    let module = module.display().to_string();
    let lines = script::run(&script::peers(), &["sizes.mjs", &module], &[("BROTLI", "0")]);
    let (ours, peers): (Vec<_>, Vec<_>) =
        lines.iter().partition(|line| script::text(line, "name").contains("infrasound_web"));
    let [ours] = ours.as_slice() else { panic!("the module was not weighed: {lines:?}") };
    report.add(Row::compared("the core as WebAssembly, gzip by Node.js", kilobytes(ours, "gzip9"), "kB"));
    for peer in peers.into_iter().filter(|line| runs_in_a_browser(script::text(line, "name"))) {
        let name = script::text(peer, "name").replace("node_modules/", "");
        report.add(Row::compared(&format!("{name}, gzip by Node.js"), kilobytes(peer, "gzip9"), "kB"));
    }
}

/// Native modules stand in the same list.
fn runs_in_a_browser(name: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|extension| extension == "wasm") || name.contains("JS")
}

fn kilobytes(line: &serde_json::Value, name: &str) -> f64 {
    script::number(line, name) / 1e3
}
