//! Where and when something was measured, and how much memory this process takes.

use std::{fs, thread};

use time::OffsetDateTime;

/// Cores, processor, memory and kernel, as far as the system says.
pub(super) fn description() -> String {
    let cores = thread::available_parallelism().map_or(0, usize::from);
    let processor = field("/proc/cpuinfo", "model name").unwrap_or_else(|| "unknown processor".to_owned());
    let memory = kibibytes("/proc/meminfo", "MemTotal").map_or(0, |total| total.div_ceil(1024 * 1024));
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    format!("{cores} × {processor}, {memory} GiB, Linux {}", kernel.trim())
}

/// Today, in UTC: `2026-11-23T17:00:00Z`.
pub(super) fn date() -> String {
    let now = OffsetDateTime::now_utc();
    let (hour, minute, second) = now.to_hms();
    format!("{}T{hour:02}:{minute:02}:{second:02}Z", now.date())
}

/// What this process has in memory, in megabytes (1,000,000 bytes).
#[expect(clippy::cast_precision_loss, reason = "sizes of memory are far below 2^53")]
pub(super) fn resident_megabytes() -> f64 {
    kibibytes("/proc/self/status", "VmRSS").unwrap_or(0) as f64 * 1024.0 / 1e6
}

/// The processor time that a process has used so far, in seconds; the kernel counts it in hundredths.
#[expect(clippy::cast_precision_loss, reason = "a number of hundredths")]
pub(super) fn processor_seconds(process: u32) -> f64 {
    let text = fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // The name in parentheses may hold anything; user and system time are the 12th and 13th field after it.
    let fields = text.rsplit_once(')').map_or("", |(_, rest)| rest).split_whitespace();
    let ticks: u64 = fields.skip(11).take(2).filter_map(|ticks| ticks.parse::<u64>().ok()).sum();
    ticks as f64 / 100.0
}

fn kibibytes(file: &str, name: &str) -> Option<u64> {
    field(file, name)?.split_whitespace().next()?.parse().ok()
}

fn field(file: &str, name: &str) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_knows_what_it_takes() {
        assert!(resident_megabytes() > 0.5);
        let begin = std::time::Instant::now();
        while processor_seconds(std::process::id()) < 0.02 {
            assert!(begin.elapsed().as_secs() < 60, "a busy process uses the processor");
        }
        assert_eq!(date().len(), "2026-11-23T17:00:00Z".len());
    }
}
