//! Passwords: which may be one, and argon2id over them (OWASP Password Storage: 19 MiB, two passes, one lane), two at
//! once at most. A password that belongs to nobody costs the same work.

use std::sync::Arc;

use argon2::{
    Algorithm, Argon2, Params, Version,
    password_hash::{PasswordHasher, PasswordVerifier},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tonic::{Code, Status};

use crate::errors;

/// Characters of a password.
pub const CHARACTERS_MIN: usize = 8;
/// Also what is compared at most.
pub const CHARACTERS_MAX: usize = 256;
/// Hashes at once: each takes 19 MiB and a core.
const HASHES_MAX: usize = 2;
/// Calls that wait for their hash or have it made; a further one is refused.
const CALLS_MAX: usize = 64;

/// What a name without a password is compared with: nobody's.
const NOBODY: &str =
    "$argon2id$v=19$m=19456,t=2,p=1$+KiufR+INJ1CNAwEXWwJWg$kW3vbqlOSiaf4dASqz7ybbjV6pO8XK0/miDpzCX/7IE";

/// The most used passwords of leaks, Chinese ones among them, in lower case; shorter ones are refused by their length.
const COMMON: &str = include_str!("common_passwords.txt");

/// Words of this house, which somebody who guesses tries first. SECURITY.md tells them.
const HOUSE: [&str; 18] = [
    "zhongguocaizheng",
    "zhutizhenggao",
    "administrator",
    "zhengfugoumai",
    "chiefeditor",
    "主题征稿",
    "中国财政",
    "政府购买",
    "czzhengwen",
    "caizheng",
    "zhengwen",
    "zhenggao",
    "caibian",
    "editor",
    "财政",
    "采编",
    "征稿",
    "征文",
];

/// Whether the letters of a password are words of this house and of its person alone, whatever digits and marks there are.
fn is_of_the_house(password: &str, user_name: &str) -> bool {
    let letters = |text: &str| text.chars().filter(|character| character.is_alphabetic()).collect::<String>();
    let (all, name) = (letters(password), letters(user_name));
    let mut words: Vec<&str> = HOUSE.into_iter().chain([name.as_str()]).filter(|word| !word.is_empty()).collect();
    // A word before those that it holds.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    !all.is_empty() && words.into_iter().fold(all, |rest, word| rest.replace(word, "")).is_empty()
}

/// Why a password may not be one, in Chinese and English.
pub fn fault(password: &str, user_name: &str) -> Option<(&'static str, &'static str)> {
    let characters = password.chars().count();
    let lower = password.to_lowercase();
    let mut distinct = lower.chars();
    let first = distinct.next();
    if !(CHARACTERS_MIN..=CHARACTERS_MAX).contains(&characters) {
        Some(("密码须为 8 至 256 个字符", "a password has 8 to 256 characters"))
    } else if lower == user_name.to_lowercase() {
        Some(("密码不能与用户名相同", "the password must not be the user name"))
    } else if distinct.all(|character| Some(character) == first) || COMMON.lines().any(|common| common == lower) {
        Some(("该密码过于常见，极易被猜到", "this is one of the most used passwords"))
    } else if is_of_the_house(&lower, &user_name.to_lowercase()) {
        let (zh, en) = (
            "密码不能只由用户名和本刊、本系统的常用词加数字组成",
            "the password must be more than words of this house",
        );
        Some((zh, en))
    } else {
        None
    }
}

/// Hashes and compares passwords. Cheap to clone.
#[derive(Clone)]
pub struct Passwords {
    hashes: Arc<Semaphore>,
    calls: Arc<Semaphore>,
    #[cfg(test)]
    pub counted: Arc<counted::Counted>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            hashes: Arc::new(Semaphore::new(HASHES_MAX)),
            calls: Arc::new(Semaphore::new(CALLS_MAX)),
            #[cfg(test)]
            counted: Arc::default(),
        }
    }
}

/// A place among [`CALLS_MAX`].
pub struct Room(#[expect(dead_code, reason = "held for its end")] OwnedSemaphorePermit);

impl Passwords {
    /// The hash of a new password, with its salt and cost (PHC string format).
    pub async fn hash(&self, password: &str) -> Result<String, Status> {
        let password = password.to_owned();
        let hash = move |argon2: Argon2<'_>| argon2.hash_password(password.as_bytes()).map(|hash| hash.to_string());
        self.work(self.room()?, hash).await?.map_err(|error| errors::of_kind(stdx::ErrorKind::Internal, &error))
    }

    /// A place among those whose passwords are looked at, or wait to be. Who gets none is told so before anything is looked up
    /// for them, so that a flood reaches no table.
    pub fn room(&self) -> Result<Room, Status> {
        self.calls.clone().try_acquire_owned().map(Room).map_err(|_| {
            let en = "too many people sign in at once; try again in a moment";
            errors::status(Code::ResourceExhausted, "SIGN_IN_BUSY", en, "登录人数过多，请稍后再试")
        })
    }

    /// Whether a password is the one that was hashed; without a hash never, after the same work.
    pub async fn matches(&self, room: Room, password: &str, hash: Option<&str>) -> Result<bool, Status> {
        let password = password.to_owned();
        let is_known = hash.is_some();
        let hash = hash.unwrap_or(NOBODY).to_owned();
        let verify = move |argon2: Argon2<'_>| argon2.verify_password(password.as_bytes(), hash.as_str()).is_ok();
        Ok(self.work(room, verify).await? && is_known)
    }

    async fn work<T: Send + 'static>(
        &self,
        room: Room,
        work: impl FnOnce(Argon2<'_>) -> T + Send + 'static,
    ) -> Result<T, Status> {
        let internal = |error: &dyn std::fmt::Display| errors::of_kind(stdx::ErrorKind::Internal, error);
        let permit = self.hashes.clone().acquire_owned().await.map_err(|error| internal(&error))?;
        let params = Params::new(19 * 1024, 2, 1, None).map_err(|error| internal(&error))?;
        #[cfg(test)]
        let counted = self.counted.clone();
        let worked = tokio::task::spawn_blocking(move || {
            // Held by the work itself: a caller that goes away does not make room for one more.
            let _held = (permit, room);
            #[cfg(test)]
            let _one = counted.begin();
            work(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
        });
        worked.await.map_err(|error| internal(&error))
    }
}

/// Counts the work, for tests.
#[cfg(test)]
pub mod counted {
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Default)]
    pub struct Counted {
        now: AtomicUsize,
        pub most_at_once: AtomicUsize,
        pub all: AtomicUsize,
    }

    pub struct One<'a>(&'a Counted);

    impl Counted {
        pub fn begin(&self) -> One<'_> {
            self.all.fetch_add(1, Ordering::SeqCst);
            let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
            self.most_at_once.fetch_max(now, Ordering::SeqCst);
            One(self)
        }
    }

    impl Drop for One<'_> {
        fn drop(&mut self) {
            self.0.now.fetch_sub(1, Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::Ordering;

    use super::*;

    #[tokio::test]
    async fn a_password_matches_its_own_hash_alone_and_nobodys_never() {
        let passwords = Passwords::default();
        let hash = passwords.hash("山高月小 水落石出").await.unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{hash}");
        assert_ne!(hash, passwords.hash("山高月小 水落石出").await.unwrap(), "each has a salt of its own");
        assert!(passwords.matches(passwords.room().unwrap(), "山高月小 水落石出", Some(&hash)).await.unwrap());
        assert!(!passwords.matches(passwords.room().unwrap(), "山高月小 水落石", Some(&hash)).await.unwrap());
        assert!(!passwords.matches(passwords.room().unwrap(), "山高月小 水落石出", None).await.unwrap());
        // As it came: neither cut nor trimmed nor brought to one case.
        let long = format!(" {}Ab ", "长".repeat(200));
        let hash = passwords.hash(&long).await.unwrap();
        for (other, matches) in [
            (long.as_str(), true),
            (long.trim(), false),
            (&long.to_lowercase(), false),
            (&long[..long.len() - 1], false),
        ] {
            assert_eq!(passwords.matches(passwords.room().unwrap(), other, Some(&hash)).await.unwrap(), matches);
        }
        // Nobody's costs the same: a hash that could not be read would cost nothing.
        let read = argon2::password_hash::phc::PasswordHash::new(NOBODY).unwrap();
        assert_eq!(read.params.to_string(), "m=19456,t=2,p=1");
        assert_eq!(passwords.counted.all.load(Ordering::SeqCst), 10);
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 4)]
    async fn two_hashes_at_once_are_made_and_no_more() {
        let passwords = Passwords::default();
        let mut tries = tokio::task::JoinSet::new();
        for _ in 0..8 {
            let passwords = passwords.clone();
            tries.spawn(async move { passwords.matches(passwords.room().unwrap(), "x", None).await.unwrap() });
        }
        assert!(tries.join_all().await.into_iter().all(|matched| !matched));
        assert!(passwords.counted.most_at_once.load(Ordering::SeqCst) <= HASHES_MAX);
        assert_eq!(passwords.counted.all.load(Ordering::SeqCst), 8);
    }

    #[test]
    fn a_password_is_long_enough_and_neither_the_name_nor_one_that_everybody_has() {
        for wrong in [
            "",
            "1234567",
            &"长".repeat(257),
            "Zhang.San",
            "88888888",
            "aaaaaaaaaaaaaaaaaa",
            "WoAiNi1314",
            "5201314520",
            "Password123",
            "1qaz2wsx",
            "Zhang.San 1985",
            "CaiBian@2026",
            "zhengwen_caibian",
            "中国财政2026!!",
            "主题征稿Zhang.San",
        ] {
            assert!(fault(wrong, "zhang.san").is_some(), "{wrong}");
        }
        for right in [
            "落霞与孤鹜齐飞9",
            "Zhang.San to 1985",
            &"长短".repeat(128),
            "correct horse",
            "财政局门前的石狮",
            "20211231#",
        ] {
            assert_eq!(fault(right, "zhang.san"), None, "{right}");
        }
        assert!(fault("caibianli2024", "caibian.li").is_some() && fault("caibian2024", "an").is_some());
        let told = include_str!("../../../../SECURITY.md");
        assert!(HOUSE.iter().all(|word| told.contains(word)), "SECURITY.md tells them all");
    }

    #[test]
    fn the_list_of_common_passwords_is_in_lower_case_and_holds_none_that_is_too_short_anyway() {
        for line in COMMON.lines() {
            assert!(line.chars().count() >= CHARACTERS_MIN && line.to_lowercase() == line, "{line}");
        }
    }
}
