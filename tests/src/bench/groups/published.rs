//! What others publish of their own, under their conditions and on their machines: for the shape, not for a race.

use infrasound_tests::bench::report::{Report, Row};

/// Name, value, unit.
const ROWS: &[(&str, f64, &str)] = &[
    ("published: XMTP, send in a group of 50, production-like network", 86.0, "ms"),
    ("published: XMTP, send in a group of 400, production-like network", 111.0, "ms"),
    ("published: XMTP, create a group of 400, end to end", 7_641.0, "ms"),
    ("published: openmls 512-client container bench, create message, 2 to 9 members", 370.0, "µs"),
    ("published: openmls 512-client container bench, create message, 401 to 512 members", 960.0, "µs"),
    ("published: openmls 512-client container bench, commit that updates, 401 to 512 members", 21.0, "ms"),
    ("published: openmls 512-client container bench, join, 401 to 512 members", 40.6, "ms"),
    ("published: ts-mls, send in a group of about 201", 520.0, "µs"),
    ("published: ts-mls, join a group of about 201", 71.0, "ms"),
    ("published: MDK, create a group with 32 invitees, in memory", 15.6, "ms"),
];

/// Adds the rows.
pub(super) fn add(report: &mut Report) {
    for (name, value, unit) in ROWS {
        report.add(Row::compared(name, *value, unit));
    }
}
