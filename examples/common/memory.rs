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
