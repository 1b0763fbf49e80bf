//! A page that shows a proof: one file, without scripts, that needs nothing else.

use std::fmt::Write as _;

use zkml::prove::{Provenance, hex};

use crate::{picture::escape, said::Said};

/// What stands on the page.
pub struct Page<'a> {
    /// The proof's name.
    pub name: &'a str,
    /// The proof system.
    pub system: &'static str,
    /// Owner and commitment of the weights, where they are registered.
    pub registered: Option<[String; 2]>,
    /// The circuit's digest.
    pub circuit: String,
    /// The key's fingerprint.
    pub fingerprint: String,
    /// Where the key comes from.
    pub provenance: Provenance,
    /// How far scores may be from the float model's.
    pub proven_error: Option<f64>,
    /// The proof's file.
    pub proof: &'a [u8],
    /// The key's file.
    pub key: &'a [u8],
    /// What the proof says.
    pub statement: &'a [Said],
}

const STYLE: &str = "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#222}\
table{border-collapse:collapse}td,th{padding:.3rem .8rem;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}\
code{word-break:break-all;font-size:.85rem}.warn{background:#fff3d6;padding:.6rem .8rem;border-left:4px solid #d9822b}";

/// The page.
pub fn page(page: &Page<'_>) -> String {
    let mut html = String::new();
    let name = escape(page.name);
    // Writing to a string cannot fail.
    let _ = write!(
        html,
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{name}: a proof</title><style>{STYLE}</style></head><body>\n\
         <h1>{name}</h1>\n<p>This proof was verified when the page was made. It says:</p>\n\
         <table><tr><th>value</th><th>item</th><th>is</th></tr>\n"
    );
    for said in page.statement {
        let (name, item, text) = (escape(&said.name), said.item, escape(&said.text()));
        let _ = writeln!(html, "<tr><td>{name}</td><td>{item}</td><td>{text}</td></tr>");
    }
    let error = match page.proven_error {
        Some(error) => format!("at most {error:.5}, whatever the input"),
        None => "no bound is known".to_owned(),
    };
    let _ = write!(
        html,
        "</table>\n<h2>Under which key</h2>\n<table>\n<tr><th>proof system</th><td>{}</td></tr>\n\
         <tr><th>circuit</th><td><code>{}</code></td></tr>\n<tr><th>fingerprint of the key</th><td><code>{}</code></td></tr>\n\
         <tr><th>the key comes from</th><td>{}</td></tr>\n<tr><th>distance from the float model</th><td>{error}</td></tr>\n</table>\n",
        page.system,
        escape(&page.circuit),
        escape(&page.fingerprint),
        escape(&page.provenance.to_string()),
    );
    if let Some([owner, commitment]) = &page.registered {
        let _ = write!(
            html,
            "<h2>About which weights</h2>\n<p>They are registered, and the registration was checked when the page was made: they are of the network, \
             in the widths of its plan.</p>\n<table>\n<tr><th>owner</th><td><code>{}</code></td></tr>\n\
             <tr><th>commitment</th><td><code>{}</code></td></tr>\n</table>\n",
            escape(owner),
            escape(commitment)
        );
    }
    if page.provenance == Provenance::SingleParty {
        html.push_str(
            "<p class=\"warn\">A single party ran the setup of this key: whoever that is can forge proofs under it.</p>\n",
        );
    }
    let file = |html: &mut String, title: &str, ending: &str, bytes: &[u8]| {
        let data = base64(bytes);
        let _ = writeln!(
            html,
            "<p><a download=\"{name}.{ending}\" href=\"data:application/octet-stream;base64,{data}\">{title}</a>, {} bytes</p>",
            bytes.len()
        );
    };
    html.push_str("<h2>Verify it</h2>\n<p>A page can say anything: verify the proof yourself, with a key from a source that you trust.</p>\n");
    file(&mut html, "the proof", "proof", page.proof);
    file(&mut html, "the verifying key", "key", page.key);
    let fingerprint = escape(&page.fingerprint);
    let command = match &page.registered {
        None => format!("zkml verify {name}.proof --key {name}.key \\\n  --fingerprint {fingerprint}"),
        Some([owner, _]) => {
            html.push_str(
                "<p>The registration, the circuit and the keys of the weights and of the link come from where the key is from, and lie in one folder \
                 with it.</p>\n",
            );
            let owner = escape(owner);
            format!(
                "zkml verify {name}.proof --key verifying.key --registration registration.zkml \\\n  --owner {owner} \\\n  --fingerprint {fingerprint}"
            )
        }
    };
    let _ = writeln!(
        html,
        "<pre>{command}</pre>\n<details><summary>the proof's bytes</summary><code>{}</code></details>\n</body></html>",
        hex(page.proof)
    );
    html
}

const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// RFC 4648, with padding.
fn base64(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let word = chunk.iter().fold(0u32, |word, byte| word << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for i in 0..4 {
            let digit = DIGITS[(word >> (18 - 6 * i)) as usize & 63];
            text.push(if i <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_those_of_the_standard() {
        for (bytes, text) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(bytes.as_bytes()), text);
        }
    }
}
