//! A gateway that misbehaves in every way.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    thread,
};

use super::*;

/// An answer of the server; nothing: never.
enum Answer {
    Whole(u16, Vec<u8>),
    /// It says so many bytes, and sends fewer.
    Cut(usize, Vec<u8>),
    /// Without a length, cut off.
    Open(Vec<u8>),
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

/// A server for one request, its address, and the request when it came.
fn serve(answer: Answer) -> (String, thread::JoinHandle<(String, Vec<u8>)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let handle = thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let asked = request(&mut stream);
        let mut send = |head: String, body: &[u8]| {
            // Whoever asked may have gone.
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
        };
        match answer {
            Answer::Whole(status, body) => send(
                format!("HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len()),
                &body,
            ),
            Answer::Cut(length, body) => {
                send(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n"), &body)
            }
            Answer::Open(body) => send("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n".to_owned(), &body),
            Answer::Never => thread::sleep(Duration::from_secs(3)),
        }
        asked
    });
    (url, handle)
}

const FILE: &[u8] = b"some pixels of an image";

fn get(cid: FileCid, answer: Answer) -> Result<Vec<u8>, StoreError> {
    let (url, server) = serve(answer);
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
    // Without a length nobody knows, but the CID does.
    let error = get(raw(), Answer::Open(FILE[..10].to_vec())).unwrap_err();
    assert!(matches!(error, StoreError::WrongBytes { bytes: 10, .. }), "{error}");
}

#[test]
fn what_is_missing_late_or_too_large_is_said() {
    let error = get(raw(), Answer::Whole(404, b"not found".to_vec())).unwrap_err();
    assert!(matches!(error, StoreError::NotFound { .. }), "{error}");
    let error = get(raw(), Answer::Whole(500, vec![])).unwrap_err();
    assert!(matches!(error, StoreError::Status { status: 500, .. }), "{error}");
    let error = get(raw(), Answer::Never).unwrap_err();
    assert!(matches!(error, StoreError::Timeout { seconds: 1, .. }), "{error}");
    let error = get(raw(), Answer::Open(vec![7; CHUNK + 1000])).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge { .. }), "{error}");
    // Nobody there.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = Store::gateway(&url, None).get(&raw()).unwrap_err();
    assert!(matches!(error, StoreError::Unreachable { .. }), "{error}");
}

#[test]
fn a_file_of_several_blocks_is_named_as_one() {
    // A node with one link: what `ipfs add` makes of a longer file.
    let mut link = vec![0x0a, 36, 0x01, 0x55, 0x12, 0x20];
    link.extend([7; 32]);
    link.extend([0x12, 0, 0x18, 0x80, 0x80, 0x10]);
    let block = [&[0x12, link.len() as u8][..], &link, &[0x0a, 4, 0x08, 2, 0x18, 1]].concat();
    let cid = FileCid::of_digest(Form::DagPb, &Sha256::digest(&block).into()).unwrap();
    let error = get(cid, Answer::Whole(200, block)).unwrap_err();
    assert!(matches!(error, StoreError::SeveralBlocks { .. }), "{error}");
    assert!(matches!(Store::folder("nowhere").put(Form::Raw, &vec![0; CHUNK + 1]), Err(StoreError::Cid(_))));
}

#[test]
fn files_are_put_as_they_are_named() {
    for (form, leaves) in [(Form::Raw, "raw-leaves=true"), (Form::DagPb, "raw-leaves=false")] {
        let cid = FileCid::of(form, FILE).unwrap();
        let put = |hash: String| {
            let answer = format!("{{\"Name\":\"{cid}\",\"Hash\":\"{hash}\",\"Size\":\"31\"}}\n");
            let (url, server) = serve(Answer::Whole(200, answer.into_bytes()));
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
