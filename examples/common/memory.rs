//! Memory of this process.

/// The most that it has had, in MiB, where the system tells.
fn peak() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse::<u64>().ok().map(|kib| kib / 1024)
}

/// The same, written out.
pub fn peak_text() -> String {
    peak().map_or("?".to_owned(), |mib| mib.to_string())
}

/// What a call takes at its peak beyond what is held before, in MiB, where the system lets its record be reset.
#[allow(dead_code, reason = "of benchmarks alone")]
pub fn beyond<T>(call: impl FnOnce() -> T) -> Option<u64> {
    std::fs::write("/proc/self/clear_refs", "5").ok()?;
    let before = peak()?;
    call();
    Some(peak()?.saturating_sub(before))
}
