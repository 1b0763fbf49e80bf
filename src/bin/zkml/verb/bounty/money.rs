//! Amounts of ether and of tokens, in words.

use zkml::bounty::U256;

/// The digits of a unit of ether.
const UNITS: [(&str, usize); 3] = [("ether", 18), ("gwei", 9), ("wei", 0)];

/// An amount with its unit: `10 ether`, `0.5 ether`, `20 gwei`; of a token, its smallest units: `1000 units`.
pub fn parse(text: &str, token: bool) -> Result<U256, String> {
    let example = if token {
        "a whole number of the token's smallest units, such as `1000 units`"
    } else {
        "such as `0.5 ether`, in ether, gwei or wei"
    };
    let wrong = || format!("found `{}`, expected {example}", text.escape_debug());
    let (number, unit) = text.trim().split_once(char::is_whitespace).ok_or_else(wrong)?;
    let unit = unit.trim();
    let digits = match (token, UNITS.iter().find(|(name, _)| *name == unit)) {
        (true, None) if unit == "units" => 0,
        (false, Some((_, digits))) => *digits,
        _ => return Err(wrong()),
    };
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let is_number = |text: &str| text.bytes().all(|c| c.is_ascii_digit());
    if whole.is_empty()
        || !is_number(whole)
        || !is_number(part)
        || part.len() > digits
        || (number.contains('.') && part.is_empty())
    {
        return Err(wrong());
    }
    let all = format!("{whole}{part}{}", "0".repeat(digits - part.len()));
    all.parse().map_err(|_| wrong())
}

/// An amount of ether for people: down to a billionth where it is that large.
pub fn ether(wei: U256) -> String {
    let gwei = U256::from(1_000_000_000u64);
    if wei.is_zero() {
        return "0 ether".to_owned();
    }
    if wei < gwei {
        return format!("{wei} wei");
    }
    let (whole, part) = ((wei / gwei) / gwei, (wei / gwei) % gwei);
    let part = format!("{:0>9}", part.to_string());
    let part = part.trim_end_matches('0');
    if part.is_empty() { format!("{whole} ether") } else { format!("{whole}.{part} ether") }
}

/// An amount of ether, or of a token's smallest units.
pub fn amount(value: U256, token: bool) -> String {
    if token { format!("{value} units") } else { ether(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_units_and_no_digit_is_lost() {
        for (text, shown) in [
            ("10 ether", "10 ether"),
            ("0.5 ether", "0.5 ether"),
            ("20 gwei", "0.00000002 ether"),
            ("7 wei", "7 wei"),
            ("0 ether", "0 ether"),
            ("1.000000001 ether", "1.000000001 ether"),
        ] {
            assert_eq!(ether(parse(text, false).unwrap()), shown, "{text}");
        }
        assert_eq!(parse("1000 units", true), Ok(U256::from(1000)));
        for wrong in ["10", "10 eth", "-1 ether", "1.5 wei", "1e3 ether", ". ether", "1. ether", "", "7 units"] {
            assert!(parse(wrong, false).is_err(), "{wrong}");
        }
        assert!(parse("1 ether", true).is_err() && parse("1.5 units", true).is_err());
        let huge = format!("{}0 ether", U256::MAX);
        assert!(parse(&huge, false).is_err());
    }
}
