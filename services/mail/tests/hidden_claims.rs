//! Guard and parser must agree on what a literal is: whatever passes the guard, the parser never waits for more bytes
//! than the guard allows, because it makes room for what it waits for.

use async_imap::imap_proto::Response;
use mail::guard::{Guard, LITERAL_BYTES_MAX};
use proptest::prelude::*;
use tokio::io::AsyncReadExt;

/// Pieces that are lawful in some place and a trick in another.
const PIECES: [&str; 42] = [
    "* 1 FETCH (",
    "* 1 FETCH (UID 5 ",
    "BODY[] ",
    "BODY[]<0> ",
    "BODY[HEADER.FIELDS (A)] ",
    "BODY[HEADER.FIELDS (",
    "FLAGS (",
    "X ",
    "X (",
    "X-GM-LABELS (",
    "ENVELOPE (",
    "EMAILID (",
    "MODSEQ (",
    "{500000000}\r\n",
    "{500000000}\r\n",
    " {500000000}\r\n",
    "{4}\r\n",
    "{40}\r\n",
    " {40}\r\n",
    "{40+}\r\n",
    "~{40}\r\n",
    "(",
    ")",
    "\"",
    "\\",
    " ",
    "a",
    "\r\n",
    ")\r\n",
    "\r",
    "\n",
    "]",
    "NIL",
    "* OK ",
    "* NO [BADCHARSET (",
    "* OK[ALERT] ",
    "* LIST () \"/\" ",
    "* ID (\"a\" ",
    "* STATUS ",
    "* METADATA \"\" (/a ",
    "+ ",
    "C1 NO ",
];

/// What passes the guard, read in pieces as a socket gives them.
async fn passed(said: &[u8], piece_bytes: usize) -> Vec<u8> {
    let mut guard = Guard::new(said);
    let mut passed = Vec::new();
    let mut piece = vec![0; piece_bytes];
    while let Ok(1..) = guard.read(&mut piece).await.inspect(|read| passed.extend_from_slice(&piece[..*read])) {}
    passed
}

/// The most bytes that the parser would wait for at once, over all ways that the stream could be cut.
fn most_waited_for(mut bytes: &[u8]) -> u64 {
    let mut most = 0;
    loop {
        for end in 1..=bytes.len() {
            if let Err(error) = Response::parse(&bytes[..end])
                && let Some((_, size)) = format!("{error:?}").split_once("Incomplete(Size(")
            {
                most = most.max(size.trim_end_matches(')').parse().unwrap());
            }
        }
        match Response::parse(bytes) {
            Ok((rest, _)) => bytes = rest,
            Err(_) => return most,
        }
    }
}

#[tokio::test]
async fn tricks_that_hide_a_claim_from_a_simpler_guard_do_not_pass() {
    // 38 bytes, which the one that is tricked takes for the inside of a literal.
    const HIDDEN: &str = ")\r\n* 2 FETCH (BODY[] {500000000}\r\n";
    for trick in [
        "* 1 FETCH (BODY[] {500000000}\r\n".to_owned(),
        "* OK x\r\n* 1 FETCH (UID 5 BODY[]<0> {500000000}\r\n".to_owned(),
        "* NO [BADCHARSET ({500000000}\r\n".to_owned(),
        // An unknown attribute is anything up to a parenthesis or a space, lines and braces included.
        format!("* 1 FETCH (X ( {{38}}\r\n){HIDDEN}"),
        format!("* 1 FETCH (X a{{38}}\r\n{HIDDEN}"),
        format!("* 1 FETCH (X ~{{38}}\r\n{HIDDEN}"),
        format!("* 1 FETCH (X \"({{38}}\r\n{HIDDEN}"),
        // Text is no place for a literal.
        format!("* OK {{38}}\r\n{}", &HIDDEN[3..]),
        format!("C1 OK {{38}}\r\n{}", &HIDDEN[3..]),
        format!("+ {{38}}\r\n{}", &HIDDEN[3..]),
    ] {
        assert_eq!(most_waited_for(trick.as_bytes()), 500_000_000, "the parser does not fall for {trick:?}");
        for piece_bytes in [1, 7, 4096] {
            let passed = passed(trick.as_bytes(), piece_bytes).await;
            assert!(most_waited_for(&passed) <= LITERAL_BYTES_MAX, "{trick:?}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn no_claim_is_hidden_from_the_guard(
        pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 1..14),
        piece_bytes in 1_usize..40,
    ) {
        let said = pieces.concat();
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let passed = runtime.block_on(passed(said.as_bytes(), piece_bytes));
        let most = most_waited_for(&passed);
        prop_assert!(most <= LITERAL_BYTES_MAX, "{most} bytes were waited for after {:?}", String::from_utf8_lossy(&passed));
    }
}
