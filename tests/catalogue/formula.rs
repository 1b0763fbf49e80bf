//! Formulas of constraints: sums, products and quotients of numbers and names.

/// The value of a formula such as `(n - 1) * (bits + 1)`.
///
/// # Errors
/// If it is no formula, or has a name that `value` does not know.
pub fn evaluate(formula: &str, value: &dyn Fn(&str) -> Option<f64>) -> Result<f64, String> {
    let tokens = tokens(formula)?;
    let mut parser = Parser { tokens: &tokens, value };
    let result = parser.sum()?;
    match parser.tokens {
        [] => Ok(result),
        [rest, ..] => Err(format!("`{rest}` in `{formula}` is out of place")),
    }
}

fn tokens(formula: &str) -> Result<Vec<String>, String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut word = false;
    for c in formula.chars() {
        match c {
            ' ' => word = false,
            '+' | '-' | '*' | '/' | '(' | ')' => {
                tokens.push(c.to_string());
                word = false;
            }
            c if c.is_ascii_alphanumeric() => {
                match tokens.last_mut().filter(|_| word) {
                    Some(last) => last.push(c),
                    None => tokens.push(c.to_string()),
                }
                word = true;
            }
            c => return Err(format!("`{c}` in `{formula}` is of no formula")),
        }
    }
    Ok(tokens)
}

struct Parser<'a> {
    tokens: &'a [String],
    value: &'a dyn Fn(&str) -> Option<f64>,
}

impl Parser<'_> {
    fn next(&mut self, any: &[&str]) -> Option<String> {
        let (first, rest) = self.tokens.split_first()?;
        any.contains(&first.as_str()).then(|| {
            self.tokens = rest;
            first.clone()
        })
    }

    fn sum(&mut self) -> Result<f64, String> {
        let mut total = self.product()?;
        while let Some(sign) = self.next(&["+", "-"]) {
            let term = self.product()?;
            total += if sign == "+" { term } else { -term };
        }
        Ok(total)
    }

    fn product(&mut self) -> Result<f64, String> {
        let mut total = self.factor()?;
        while let Some(sign) = self.next(&["*", "/"]) {
            let factor = self.factor()?;
            total = if sign == "*" { total * factor } else { total / factor };
        }
        Ok(total)
    }

    fn factor(&mut self) -> Result<f64, String> {
        if self.next(&["("]).is_some() {
            let inner = self.sum()?;
            return self.next(&[")"]).map(|_| inner).ok_or_else(|| "a parenthesis is left open".to_owned());
        }
        let (first, rest) = self.tokens.split_first().ok_or("a formula ends too early")?;
        self.tokens = rest;
        first.parse().ok().or_else(|| (self.value)(first)).ok_or_else(|| format!("`{first}` is not known"))
    }
}

#[test]
fn formulas_have_values() {
    let names = |name: &str| (name == "bits").then_some(16.0);
    assert_eq!(evaluate("bits + 2", &names), Ok(18.0));
    assert_eq!(evaluate("(3 - 1) * (bits + 1)", &names), Ok(34.0));
    assert_eq!(evaluate("78 + 75 / 5 - 1", &names), Ok(92.0));
    for wrong in ["bits +", "(bits", "bits bits", "depth", "2^8", ""] {
        assert!(evaluate(wrong, &names).is_err(), "{wrong}");
    }
}
