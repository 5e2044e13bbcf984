//! Promises of a bucket alone: what it says when its server fails, and what its copies are worth.

use std::{
    fs,
    os::unix::fs::PermissionsExt,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use blobs::{USED_LATELY, Verification};
use chrono::{TimeDelta, Utc};
use hyper::Method;
use intake::ports::{Blobs, Draft};
use stdx::{ErrorKind, Sha256};

use crate::{
    server::Fault,
    world::{World, age, key, noise, open, put, try_put},
};

const SMALL: usize = 100_000;
const LARGE: usize = 20_000_000;
const FORBIDDEN: Fault = Fault::Status(403, "AccessDenied");
const BUSY: Fault = Fault::Status(503, "SlowDown");
const TOO_MANY: Fault = Fault::Status(429, "TooManyRequests");

/// Whatever the server does to a draft, the draft is an error that is nobody's fault but ours, and the next one is kept.
#[tokio::test]
async fn nothing_is_said_to_be_durable_that_the_bucket_does_not_have() {
    for fault in [FORBIDDEN, BUSY, TOO_MANY, Fault::CutRequest] {
        for method in [Method::PUT, Method::POST, Method::HEAD] {
            for length in [SMALL, LARGE] {
                if method == Method::POST && length == SMALL {
                    continue;
                }
                let world = World::new().await;
                let bytes = noise(length);
                world.server.always(method.clone(), fault);
                let error = try_put(&world.bucket, &bytes).await.unwrap_err();
                assert_eq!(error.kind, ErrorKind::Unavailable, "{fault:?} {method} {length}: {error}");
                assert!(!error.detail.contains("SIGNED-WORDS"), "{error}");
                assert_eq!(world.kept(Sha256::of(&bytes)), None);
                assert!(!world.copy(Sha256::of(&bytes)).exists());
                assert!(world.server.with(|state| state.uploads.is_empty()), "{fault:?} {method} {length}");
                assert_eq!(world.leftovers(), 0);

                world.server.heals();
                let sha256 = put(&world.bucket, &bytes).await;
                assert!(world.kept(sha256).unwrap() == bytes);
            }
        }
    }
}

#[tokio::test]
async fn what_fails_once_or_twice_is_tried_again_at_once_and_a_refusal_is_not() {
    let world = World::new().await;
    for (fault, length) in [(BUSY, SMALL), (TOO_MANY, LARGE), (Fault::CutRequest, SMALL), (Fault::CutRequest, LARGE)] {
        let bytes = noise(length + 1);
        world.server.with(|state| state.objects.clear());
        world.server.meets(Method::PUT, &[fault, fault]);
        let sha256 = put(&world.bucket, &bytes).await;
        assert!(world.kept(sha256).unwrap() == bytes, "{fault:?} {length}");
    }
    world.server.asked();
    world.server.always(Method::PUT, FORBIDDEN);
    let error = try_put(&world.bucket, b"once").await.unwrap_err();
    assert!(error.detail.contains("403 Forbidden AccessDenied"), "{error}");
    assert_eq!(world.server.asked().iter().filter(|asked| asked.starts_with("PUT")).count(), 1);
}

#[tokio::test]
async fn an_answer_that_is_cut_goes_on_where_it_was_and_false_bytes_are_never_given_out() {
    let world = World::new().await;
    for length in [SMALL, LARGE] {
        let bytes = noise(length);
        let sha256 = put(&world.bucket, &bytes).await;
        let (place, second) = world.elsewhere().await;
        world.server.meets(Method::GET, &[Fault::CutAnswer]);
        assert!(fs::read(second.path(sha256).await.unwrap()).unwrap() == bytes);

        let (third_place, third) = world.elsewhere().await;
        world.server.meets(Method::GET, &[Fault::OtherByte, Fault::OtherByte]);
        let error = third.path(sha256).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid);
        assert!(error.detail.contains(&sha256.hex()), "{error}");
        assert_eq!(third.verify(sha256).await.unwrap(), Verification::Corrupt);
        assert_eq!(fs::read_dir(third_place.path().join("tmp")).unwrap().count(), 0);
        assert!(fs::read(third.path(sha256).await.unwrap()).unwrap() == bytes);
        drop(place);
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_never_answers_is_told_as_unavailable() {
    let world = World::new().await;
    for method in [Method::HEAD, Method::PUT, Method::GET] {
        world.server.always(method.clone(), Fault::Silence);
        let failed = match method {
            Method::GET => world.bucket.path(Sha256::of(b"?")).await.map(|_| ()),
            _ => try_put(&world.bucket, b"never there").await.map(|_| ()),
        };
        assert_eq!(failed.unwrap_err().kind, ErrorKind::Unavailable, "{method}");
    }
}

#[tokio::test]
async fn a_server_that_is_gone_is_told_as_unavailable_and_copies_are_still_read() {
    let world = World::new().await;
    let sha256 = put(&world.bucket, b"kept").await;
    let bucket = open(world.place.path(), "http://127.0.0.1:1", 1 << 40).await;
    assert_eq!(bucket.answers().await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(try_put(&bucket, b"more").await.unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(bucket.has(sha256).await.unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(bucket.verify(sha256).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert_eq!(fs::read(bucket.path(sha256).await.unwrap()).unwrap(), b"kept");
}

/// A worker that is stopped drops the step in hand.
#[tokio::test]
async fn an_upload_that_nobody_waits_for_any_more_is_taken_back() {
    let world = World::new().await;
    let mut draft = world.bucket.draft().await.unwrap();
    draft.append(&noise(LARGE)).await.unwrap();
    world.server.always(Method::PUT, Fault::Silence);
    let committing = tokio::spawn(draft.commit());
    while !world.server.with(|state| state.asked.iter().any(|asked| asked.contains("partNumber"))) {
        tokio::task::yield_now().await;
    }
    assert!(world.server.with(|state| !state.uploads.is_empty()));
    committing.abort();
    while world.server.with(|state| !state.uploads.is_empty()) {
        tokio::task::yield_now().await;
    }
    assert_eq!(world.kept(Sha256::of(&noise(LARGE))), None);
}

#[tokio::test]
async fn a_bucket_that_is_not_there_holds_no_missing_blob() {
    let world = World::new().await;
    let sha256 = put(&world.bucket, b"kept").await;
    let (_place, second) = world.elsewhere().await;
    world.server.always(Method::GET, Fault::Status(404, "NoSuchBucket"));
    assert_eq!(second.path(sha256).await.unwrap_err().kind, ErrorKind::Unavailable);
    assert_eq!(second.verify(sha256).await.unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(second.answers().await.unwrap_err().to_string().contains("NoSuchBucket"));
}

#[tokio::test]
async fn a_copy_is_no_proof_and_a_damaged_one_is_removed() {
    let world = World::new().await;
    let sha256 = put(&world.bucket, b"bytes of a mail").await;
    assert_eq!(fs::metadata(world.copy(sha256)).unwrap().permissions().mode() & 0o777, 0o600);
    fs::write(world.copy(sha256), b"bytes of a rail").unwrap();
    assert_eq!(world.bucket.verify(sha256).await.unwrap(), Verification::Ok);
    assert!(!world.copy(sha256).exists());
    assert_eq!(fs::read(world.bucket.path(sha256).await.unwrap()).unwrap(), b"bytes of a mail");

    world.server.with(|state| state.objects.clear());
    assert!(!world.bucket.has(sha256).await.unwrap());
    assert_eq!(world.bucket.verify(sha256).await.unwrap(), Verification::Missing);
    put(&world.bucket, b"bytes of a mail").await;
    assert!(world.bucket.has(sha256).await.unwrap());
}

#[tokio::test]
async fn bytes_that_are_there_are_not_sent_again_and_torn_ones_are_replaced() {
    let world = World::new().await;
    let bytes = noise(LARGE);
    let sha256 = put(&world.bucket, &bytes).await;
    world.server.asked();
    put(&world.bucket, &bytes).await;
    assert_eq!(world.server.asked(), [format!("HEAD {}?", key(sha256))]);
    world.server.with(|state| {
        let object = state.objects.get_mut(&key(sha256)).unwrap();
        object.0 = object.0.slice(..1000);
    });
    put(&world.bucket, &bytes).await;
    assert_eq!(world.bucket.verify(sha256).await.unwrap(), Verification::Ok);
}

/// The hash comes from a child that read hostile bytes.
#[tokio::test]
async fn a_file_of_another_hash_is_not_put_under_that_name() {
    let world = World::new().await;
    for length in [SMALL, LARGE] {
        let workdir = world.bucket.workdir().await.unwrap();
        fs::write(workdir.join("part"), noise(length)).unwrap();
        let claimed = Sha256::of(b"another");
        let error = world.bucket.adopt(&workdir.join("part"), claimed).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Invalid, "{error}");
        assert!(world.server.with(|state| state.objects.is_empty() && state.uploads.is_empty()));
        assert!(!world.copy(claimed).exists());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn many_who_ask_for_a_blob_at_once_bring_it_once() {
    let world = World::new().await;
    let bytes = noise(LARGE);
    let sha256 = put(&world.bucket, &bytes).await;
    let (_place, second) = world.elsewhere().await;
    world.server.asked();
    let right = Arc::new(AtomicUsize::new(0));
    let readers: Vec<_> = (0..8)
        .map(|_| {
            let (second, bytes, right) = (second.clone(), bytes.clone(), right.clone());
            tokio::spawn(async move {
                let read = fs::read(second.path(sha256).await.unwrap()).unwrap();
                right.fetch_add(usize::from(read == bytes), Ordering::Relaxed);
            })
        })
        .collect();
    for reader in readers {
        reader.await.unwrap();
    }
    assert_eq!(right.load(Ordering::Relaxed), 8);
    assert_eq!(world.server.asked(), [format!("GET {}?", key(sha256))]);
}

/// Copies of 10,000 bytes, the first of them the oldest; none was used lately. The bound of this world's own bucket is out
/// of reach: no run in the background is in the way.
async fn put_old(world: &World, copies: u8) -> Vec<Sha256> {
    let mut put_there = Vec::new();
    for number in 0..copies {
        let mut bytes = noise(10_000);
        bytes[0] = number;
        let sha256 = put(&world.bucket, &bytes).await;
        age(&world.copy(sha256), USED_LATELY * (2 + u32::from(copies - number)));
        put_there.push(sha256);
    }
    put_there
}

fn those_there(world: &World, copies: &[Sha256]) -> Vec<usize> {
    (0..copies.len()).filter(|index| world.copy(copies[*index]).exists()).collect()
}

#[tokio::test]
async fn the_copies_used_least_recently_go_first_and_none_that_was_used_lately() {
    let world = World::new().await;
    let copies = put_old(&world, 10).await;
    let bounded = world.beside(80_000).await;
    // The oldest was asked for again just now.
    bounded.path(copies[0]).await.unwrap();
    // An eighth more than needed goes: 70,000 bytes stay.
    assert_eq!(bounded.trim().await.unwrap(), 70_000);
    assert_eq!(those_there(&world, &copies), [0, 4, 5, 6, 7, 8, 9]);

    // Nothing of it was the bucket's: each comes back.
    for sha256 in &copies {
        assert!(world.bucket.has(*sha256).await.unwrap());
        world.bucket.path(*sha256).await.unwrap();
    }
    // All of them were used lately now, and stay beyond the bound.
    assert_eq!(bounded.trim().await.unwrap(), 100_000);
}

/// What one run removes the other counts as gone, and removes nothing in its place.
#[tokio::test(flavor = "multi_thread")]
async fn runs_at_once_remove_no_more_than_one_alone() {
    let world = World::new().await;
    let copies = put_old(&world, 100).await;
    let [first, second] = [world.beside(160_000).await, world.beside(160_000).await];
    let (left, left_too) = tokio::join!(first.trim(), second.trim());
    assert_eq!((left.unwrap(), left_too.unwrap()), (140_000, 140_000));
    assert_eq!(those_there(&world, &copies), (86..100).collect::<Vec<_>>());
}

#[tokio::test]
async fn new_copies_push_old_ones_out_by_themselves() {
    let world = World::with_cache(50_000).await;
    let mut first = None;
    for number in 0_u8..30 {
        let mut bytes = noise(10_000);
        bytes[0] = number;
        let sha256 = put(&world.bucket, &bytes).await;
        age(&world.copy(sha256), USED_LATELY * 2);
        first.get_or_insert(sha256);
        if number == 29 {
            break;
        }
    }
    let first = world.copy(first.unwrap());
    let mut number = 30_u8;
    while first.exists() {
        let mut bytes = noise(10_000);
        bytes[0] = number;
        number = number.checked_add(1).expect("it never went");
        put(&world.bucket, &bytes).await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn old_blobs_are_listed_by_their_first_byte_page_by_page_and_nothing_else_is() {
    let world = World::new().await;
    let mut old = Vec::new();
    for number in 0_u64..12 {
        let mut bytes = number.to_le_bytes().to_vec();
        // Of one first byte, so that they are more than a page.
        while Sha256::of(&bytes).as_bytes()[0] != 7 {
            bytes = Sha256::of(&bytes).as_bytes().to_vec();
        }
        let sha256 = put(&world.bucket, &bytes).await;
        if number % 2 == 0 {
            old.push(sha256);
        }
    }
    world.server.with(|state| {
        for sha256 in &old {
            state.objects.get_mut(&key(*sha256)).unwrap().1 = Utc::now() - TimeDelta::days(2);
        }
        for stray in ["office/mail/07/notes.txt", "office/mail/07/ff/07", "other/07/00/x"] {
            state.objects.insert(stray.into(), (Default::default(), Utc::now() - TimeDelta::days(2)));
        }
        state.objects.insert(
            format!("office/mail/07/00/{}", "07".repeat(32)),
            (Default::default(), Utc::now() - TimeDelta::days(2)),
        );
    });
    let mut found = world.bucket.unchanged(7, Duration::from_secs(24 * 3600)).await.unwrap();
    found.sort_unstable();
    old.sort_unstable();
    assert_eq!(found, old);
    assert!(world.bucket.unchanged(8, Duration::ZERO).await.unwrap().is_empty());
}
