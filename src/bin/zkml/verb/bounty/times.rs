//! Durations and dates, in words.

/// The seconds of a duration: `90s`, `30m`, `12h`, `7d`.
pub fn parse(text: &str) -> Result<u64, String> {
    let wrong = || format!("found `{}`, expected a duration such as `30m`, `12h` or `7d`", text.escape_debug());
    let split = text.len().checked_sub(1).filter(|at| text.is_char_boundary(*at)).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number: u64 = number.parse().map_err(|_| wrong())?;
    number.checked_mul(unit).filter(|seconds| (1..1 << 32).contains(seconds)).ok_or_else(wrong)
}

/// A duration, in its largest whole unit.
pub fn duration(seconds: u64) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "m")];
    match units.into_iter().find(|(unit, _)| seconds >= *unit && seconds.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{}{name}", seconds / unit),
        None => format!("{seconds}s"),
    }
}

/// The date of a time in seconds since 1970.
pub fn date(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Days since the first of March of year 0, so that a leap day is the last one of its year.
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let march = (5 * of_year + 2) / 153;
    let (day, month) = (of_year - (153 * march + 2) / 5 + 1, if march < 10 { march + 3 } else { march - 9 });
    let year = era * 400 + year + u64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02} {:02}:{:02}:{:02} UTC", rest / 3600, rest / 60 % 60, rest % 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, expected) in [
            (0, "1970-01-01 00:00:00 UTC"),
            (951_782_399, "2000-02-28 23:59:59 UTC"),
            (951_782_400, "2000-02-29 00:00:00 UTC"),
            (1_709_164_800, "2024-02-29 00:00:00 UTC"),
            (4_107_542_400, "2100-03-01 00:00:00 UTC"),
            ((1 << 40) - 1, "36812-02-20 00:36:15 UTC"),
        ] {
            assert_eq!(date(seconds), expected);
        }
    }

    #[test]
    fn durations_have_units() {
        assert_eq!(["90s", "30m", "12h", "7d"].map(|text| parse(text).unwrap()), [90, 1800, 43_200, 604_800]);
        assert_eq!([90, 1800, 43_200, 604_800].map(duration), ["90s", "30m", "12h", "7d"]);
        for wrong in ["", "d", "7", "0d", "-1d", "1.5h", "7 d", "99999999d", "ü"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
