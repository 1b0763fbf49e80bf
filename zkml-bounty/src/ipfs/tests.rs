//! A gateway that misbehaves in every way; one that does not is in [`helia`].

mod helia;

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use super::*;

/// An answer of the server.
#[derive(Clone)]
enum Answer {
    Whole(u16, Vec<u8>),
    /// It says so many bytes, and sends fewer.
    Cut(usize, Vec<u8>),
    /// In pieces, the last of which does not come.
    Pieces(Vec<u8>),
    /// Without a length, cut off.
    Open(Vec<u8>),
    /// This status and these bytes, again and again.
    Endless(u16, Vec<u8>),
    /// A byte now and then, and no end.
    Slow,
    /// Redirected to there.
    Elsewhere(String),
    Never,
}

/// What a request has: its head and body.
fn request(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let mut bytes = vec![];
    let mut byte = [0];
    while !bytes.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        bytes.push(byte[0]);
    }
    let head = String::from_utf8(bytes).unwrap();
    let length = head
        .lines()
        .find_map(|line| line.to_lowercase().strip_prefix("content-length:").map(|n| n.trim().parse().unwrap()))
        .unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).unwrap();
    (head, body)
}

/// A server for as many requests as there are answers, its address, and the last request when it came.
fn serve(answers: Vec<Answer>) -> (String, thread::JoinHandle<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let handle = thread::spawn(move || {
        let mut asked = None;
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            asked = Some(request(&mut stream));
            // Whoever asked may have gone.
            let _ = send(&mut stream, answer);
        }
        asked.unwrap()
    });
    (url, handle)
}

fn send(stream: &mut TcpStream, answer: Answer) -> std::io::Result<()> {
    let head = |status: u16, more: String| format!("HTTP/1.1 {status} X\r\n{more}Connection: close\r\n\r\n");
    let length = |length: usize| format!("Content-Length: {length}\r\n");
    let mut all = |head: String, body: &[u8]| stream.write_all(&[head.as_bytes(), body].concat());
    match answer {
        Answer::Whole(status, body) => all(head(status, length(body.len())), &body),
        Answer::Cut(declared, body) => all(head(200, length(declared)), &body),
        Answer::Pieces(body) => {
            let piece = format!("{:x}\r\n{}\r\n", body.len(), String::from_utf8_lossy(&body));
            all(head(200, "Transfer-Encoding: chunked\r\n".to_owned()), piece.as_bytes())
        }
        Answer::Open(body) => all(head(200, String::new()), &body),
        Answer::Endless(status, body) => {
            all(head(status, "Location: /ipfs/elsewhere\r\n".to_owned()), b"")?;
            loop {
                stream.write_all(&body)?;
            }
        }
        Answer::Slow => {
            all(head(200, length(CHUNK)), b"")?;
            loop {
                stream.write_all(b"x")?;
                thread::sleep(Duration::from_millis(50));
            }
        }
        Answer::Elsewhere(place) => all(head(302, format!("Location: {place}\r\n{}", length(0))), b""),
        // Until whoever asked goes.
        Answer::Never => stream.read(&mut [0]).map(|_| ()),
    }
}

const FILE: &[u8] = b"some pixels of an image";

fn get(cid: FileCid, answer: Answer) -> Result<Vec<u8>, StoreError> {
    let (url, server) = serve(vec![answer]);
    let got = Store::gateway_within(&url, None, Duration::from_secs(1)).get(&cid);
    let (head, _) = server.join().unwrap();
    assert!(head.starts_with(&format!("GET /ipfs/{cid}?format=raw HTTP/1.1\r\n")), "{head}");
    got
}

fn raw() -> FileCid {
    FileCid::of(Form::Raw, FILE).unwrap()
}

#[test]
fn blocks_of_both_forms_are_files() {
    assert_eq!(get(raw(), Answer::Whole(200, FILE.to_vec())).unwrap(), FILE);
    for length in [0, 1, 127, 128, 797, 16_384, CHUNK] {
        let file: Vec<u8> = (0..length).map(|i| (i * 7 % 251) as u8).collect();
        let cid = FileCid::of(Form::DagPb, &file).unwrap();
        let block = Form::DagPb.block(&file).unwrap();
        assert_eq!(within(&block), Some(&file[..]), "{length} bytes");
        assert_eq!(content(&cid, block, String::new).unwrap(), file);
    }
    let old = FileCid::of(Form::DagPb, FILE).unwrap().version0().unwrap();
    assert_eq!(get(old, Answer::Whole(200, Form::DagPb.block(FILE).unwrap())).unwrap(), FILE);
    // A gateway that does not know about blocks.
    assert_eq!(get(old, Answer::Whole(200, FILE.to_vec())).unwrap(), FILE);
}

#[test]
fn wrong_bytes_are_refused() {
    for wrong in [b"some pixels of an imagE".to_vec(), vec![], b"<html>not here</html>".to_vec()] {
        let error = get(raw(), Answer::Whole(200, wrong.clone())).unwrap_err();
        assert!(matches!(error, StoreError::WrongBytes { bytes, .. } if bytes == wrong.len()), "{error}");
    }
    // The block of the other form.
    let error = get(raw(), Answer::Whole(200, Form::DagPb.block(FILE).unwrap())).unwrap_err();
    assert!(matches!(error, StoreError::WrongBytes { .. }), "{error}");
}

#[test]
fn truncated_answers_are_refused() {
    let error = get(raw(), Answer::Cut(FILE.len(), FILE[..10].to_vec())).unwrap_err();
    assert!(matches!(error, StoreError::Truncated { .. }), "{error}");
    let error = get(raw(), Answer::Pieces(FILE[..10].to_vec())).unwrap_err();
    assert!(matches!(error, StoreError::Truncated { .. }), "{error}");
    // Without a length nobody knows, but the CID does.
    let error = get(raw(), Answer::Open(FILE[..10].to_vec())).unwrap_err();
    assert!(matches!(error, StoreError::WrongBytes { bytes: 10, .. }), "{error}");
}

#[test]
fn what_is_missing_late_or_too_large_is_said() {
    for status in [404, 410, 412, 504] {
        let error = get(raw(), Answer::Whole(status, b"not found".to_vec())).unwrap_err();
        assert!(matches!(error, StoreError::NotFound { .. }), "{status}: {error}");
    }
    let error = get(raw(), Answer::Whole(500, vec![])).unwrap_err();
    assert!(matches!(error, StoreError::Status { status: 500, .. }), "{error}");
    for late in [Answer::Never, Answer::Slow] {
        let error = get(raw(), late).unwrap_err();
        assert!(matches!(error, StoreError::Timeout { seconds: 1, .. }), "{error}");
    }
    for long in [
        Answer::Open(vec![7; CHUNK + 1000]),
        Answer::Cut(1 << 40, vec![7; CHUNK + 1000]),
        Answer::Endless(200, vec![7; 1 << 16]),
    ] {
        let error = get(raw(), long).unwrap_err();
        assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
    }
    // Nobody there.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Store::gateway(&url, None).get(&raw()).unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
}

#[test]
fn redirects_are_followed_within_limits() {
    let follow = |answers: Vec<Answer>| {
        let (url, server) = serve(answers);
        let got = Store::gateway_within(&url, None, Duration::from_secs(1)).get(&raw());
        (got, server.join().unwrap().0)
    };
    let elsewhere = || Answer::Elsewhere("/elsewhere?format=raw".to_owned());
    // As often as is allowed; what is found there is checked as it is anywhere.
    for (file, named) in [(FILE.to_vec(), true), (b"other".to_vec(), false)] {
        let (got, last) = follow(vec![elsewhere(), elsewhere(), elsewhere(), Answer::Whole(200, file)]);
        assert!(last.starts_with("GET /elsewhere?format=raw HTTP/1.1\r\n"), "{last}");
        assert!(last.to_lowercase().contains("accept: application/vnd.ipld.raw\r\n"), "{last}");
        match got {
            Ok(got) => assert!(named && got == FILE),
            Err(error) => assert!(!named && matches!(error, StoreError::WrongBytes { bytes: 5, .. }), "{error}"),
        }
    }
    let (got, _) = follow(vec![elsewhere(); 4]);
    assert!(matches!(got, Err(StoreError::Redirects { max: 3, .. })), "{got:?}");
    // To nowhere, to what is no gateway, and with a body that does not end.
    for place in ["http://127.0.0.1:1/", "file:///etc/passwd"] {
        let (got, _) = follow(vec![Answer::Elsewhere(place.to_owned())]);
        assert!(matches!(got, Err(StoreError::Unreachable { .. })), "{place}: {got:?}");
    }
    let (got, _) = follow(vec![Answer::Endless(302, vec![7; 100])]);
    assert!(matches!(got, Err(StoreError::Timeout { .. })), "{got:?}");
}

/// A dag-pb block with these links and this UnixFS message, all of which are short.
fn node(links: &[&[u8]], data: &[u8]) -> Vec<u8> {
    let field = |tag: u8, bytes: &[u8]| [&[tag, u8::try_from(bytes.len()).unwrap()], bytes].concat();
    links.iter().flat_map(|link| field(0x12, link)).chain(field(0x0a, data)).collect()
}

#[test]
fn a_block_that_is_no_file_says_what_it_is() {
    let link = [&[0x0a, 36, 0x01, 0x55, 0x12, 0x20][..], &[7; 32], &[0x12, 0, 0x18, 0x80, 0x80, 0x10]].concat();
    for (block, what) in [
        // What `ipfs add` makes of 600,000 bytes.
        (
            node(&[&link[..]; 3], &[0x08, 2, 0x18, 0xc0, 0xcf, 0x24]),
            "a file of 600000 bytes with 3 links to further blocks",
        ),
        (node(&[&link[..]], &[0x08, 1]), "a folder with 1 links"),
        (node(&[], &[0x08, 5]), "a folder with 0 links"),
        (node(&[], &[0x08, 4, 0x12, 1, b'x']), "a link to another path"),
        (node(&[], &[0x08, 3]), "of UnixFS's type 3"),
        // With a mode, and as the leaves of old.
        (node(&[], &[0x08, 2, 0x12, 1, b'x', 0x18, 1, 0x38, 0xa4, 3]), "a file with more about it"),
        (node(&[], &[0x08, 0, 0x12, 1, b'x', 0x18, 1]), "a file with more about it"),
        // Not of UnixFS: no data, no type, cut off, a type of numbers that it does not have, a number without an end.
        (vec![], "no node of UnixFS"),
        (node(&[], &[0x18, 1]), "no node of UnixFS"),
        (node(&[], &[0x08]), "no node of UnixFS"),
        (vec![0x0a, 200, 1], "no node of UnixFS"),
        (node(&[], &[0x09, 1]), "no node of UnixFS"),
        ([vec![0x0a], vec![0xff; 20]].concat(), "no node of UnixFS"),
    ] {
        let cid = FileCid::of_digest(Form::DagPb, &Sha256::digest(&block).into()).unwrap();
        let error = get(cid, Answer::Whole(200, block)).unwrap_err();
        assert!(matches!(&error, StoreError::NotOneBlock { found, .. } if found.starts_with(what)), "{what}: {error}");
    }
}

#[test]
fn longer_files_are_not_put() {
    let path = std::env::temp_dir().join(format!("zkml-ipfs-{}", std::process::id()));
    for form in [Form::Raw, Form::DagPb] {
        let error = Store::folder(&path).put(form, &vec![0; CHUNK + 1]).unwrap_err();
        assert!(matches!(error, StoreError::TooLong { found } if found == CHUNK + 1), "{error}");
        assert!(!path.exists());
    }
}

#[test]
fn files_are_put_as_they_are_named() {
    for (form, leaves) in [(Form::Raw, "raw-leaves=true"), (Form::DagPb, "raw-leaves=false")] {
        let cid = FileCid::of(form, FILE).unwrap();
        let put = |hash: String| {
            let answer = format!("{{\"Name\":\"{cid}\",\"Hash\":\"{hash}\",\"Size\":\"31\"}}\n");
            let (url, server) = serve(vec![Answer::Whole(200, answer.into_bytes())]);
            let result = Store::gateway("http://127.0.0.1:1", Some(&url)).put(form, FILE);
            (result, server.join().unwrap())
        };
        let (result, (head, body)) = put(cid.to_string());
        assert_eq!(result.unwrap(), cid);
        assert!(head.starts_with("POST /api/v0/add?cid-version=1&") && head.contains(leaves), "{head}");
        let parts: Vec<&[u8]> = body.split(|byte| *byte == b'\n').collect();
        assert_eq!(parts[4].strip_suffix(b"\r").unwrap(), FILE);
        let (result, _) = put(raw().version0().map_or("bafkqaaa".to_owned(), |cid| cid.to_string()));
        assert!(matches!(result, Err(StoreError::OtherCid { .. })));
    }
    assert!(matches!(
        Store::gateway("http://127.0.0.1:1", None).put(Form::Raw, FILE),
        Err(StoreError::ReadOnly { .. })
    ));
}

#[test]
fn a_node_that_does_not_take_a_file_is_said() {
    let put = |answer: Answer| {
        let (url, server) = serve(vec![answer]);
        let result =
            Store::gateway_within("http://127.0.0.1:1", Some(&url), Duration::from_secs(1)).put(Form::Raw, FILE);
        server.join().unwrap();
        result.unwrap_err()
    };
    let cid = raw();
    let whole = format!("{{\"Name\":\"x\",\"Hash\":\"{cid}\",\"Size\":\"23\"}}\n").into_bytes();
    let error = put(Answer::Whole(500, whole.clone()));
    assert!(matches!(error, StoreError::Status { status: 500, .. }), "{error}");
    // The file is not sent on to where the node says.
    let error = put(Answer::Elsewhere("http://127.0.0.1:1/".to_owned()));
    assert!(matches!(error, StoreError::Status { status: 302, .. }), "{error}");
    // A node that fails within its answer says so in its last line.
    let failed = [&whole[..], b"{\"Message\":\"no space left\",\"Type\":\"error\"}\n"].concat();
    for (answer, what) in
        [(Answer::Whole(200, failed), "no space left"), (Answer::Endless(200, whole.clone()), "more than 65536 bytes")]
    {
        let error = put(answer);
        assert!(matches!(&error, StoreError::NoCid { found, .. } if found.contains(what)), "{error}");
    }
    let error = put(Answer::Cut(whole.len(), whole[..20].to_vec()));
    assert!(matches!(error, StoreError::Truncated { .. }), "{error}");
    for late in [Answer::Never, Answer::Slow] {
        let error = put(late);
        assert!(matches!(error, StoreError::Timeout { .. }), "{error}");
    }
}
