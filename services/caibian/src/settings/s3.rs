//! Settings of `[blobs.s3]`: a bucket that keeps the raw bytes.

use std::path::PathBuf;

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::{check::Fault, masked};

/// Longest prefix of keys, in bytes: a key has 1,024 at most.
const PREFIX_BYTES_MAX: usize = 200;

/// `[blobs.s3]`
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct S3Settings {
    /// Empty: raw bytes stay in the folder.
    pub bucket: String,
    /// Empty: that of AWS in the region.
    pub endpoint: String,
    /// What requests are signed for.
    pub region: String,
    /// What keys begin with.
    pub prefix: String,
    /// Whether the bucket's name stands in the host.
    pub bucket_in_host: bool,
    /// The name of our key.
    pub access_key_id: String,
    /// Our key.
    #[serde(serialize_with = "masked")]
    pub secret_access_key: SecretString,
    /// A file that holds it instead.
    pub secret_access_key_file: PathBuf,
    /// A PEM file of one more root certificate.
    pub root_certificate_file: PathBuf,
    /// Whether `http://` is taken beyond this machine.
    pub allow_http: bool,
}

impl Default for S3Settings {
    fn default() -> Self {
        Self {
            bucket: String::new(),
            endpoint: String::new(),
            region: "us-east-1".into(),
            prefix: String::new(),
            bucket_in_host: false,
            access_key_id: String::new(),
            secret_access_key: SecretString::default(),
            secret_access_key_file: PathBuf::new(),
            root_certificate_file: PathBuf::new(),
            allow_http: false,
        }
    }
}

impl S3Settings {
    /// Whether a bucket keeps the raw bytes.
    pub fn is_set(&self) -> bool {
        !self.bucket.is_empty()
    }

    /// What cannot be used.
    pub(super) fn fault(&self) -> Fault {
        let has_secret = !self.secret_access_key.expose_secret().is_empty();
        let has_secret_file = !self.secret_access_key_file.as_os_str().is_empty();
        if !self.is_set() {
            let is_begun = !self.endpoint.is_empty() || !self.access_key_id.is_empty() || has_secret || has_secret_file;
            return is_begun.then(|| ("bucket", "the name of the bucket is missing".into()));
        }
        let is_name = |text: &str| {
            !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte))
        };
        if !is_name(&self.bucket) || self.bucket.len() > 63 {
            return Some(("bucket", "letters, digits, `-`, `.` and `_`, at most 63".into()));
        }
        if !self.endpoint.is_empty() {
            let rest = self.endpoint.strip_prefix("https://").or_else(|| self.endpoint.strip_prefix("http://"));
            let host = rest.map(|rest| rest.strip_suffix('/').unwrap_or(rest)).unwrap_or_default();
            if host.is_empty() || host.contains(['/', '?', '#', '@', ' ']) {
                return Some(("endpoint", "expected https://HOST or https://HOST:PORT".into()));
            }
            if !self.allow_http && !identity::is_protected(&self.endpoint) {
                return Some(("endpoint", "`http` is taken on this machine, or with `allow_http`".into()));
            }
        }
        if !is_name(&self.region) {
            return Some(("region", "the region that requests are signed for, such as `cn-north-1`".into()));
        }
        let is_part = |part: &str| is_name(part) && part != "." && part != "..";
        if !self.prefix.is_empty() && (self.prefix.len() > PREFIX_BYTES_MAX || !self.prefix.split('/').all(is_part)) {
            return Some(("prefix", "names parted by `/`, of letters, digits, `-`, `.` and `_`".into()));
        }
        if self.access_key_id.is_empty() || !self.access_key_id.bytes().all(|byte| byte.is_ascii_graphic()) {
            return Some(("access_key_id", "the name of the key that requests are signed with is missing".into()));
        }
        if has_secret && has_secret_file {
            return Some(("secret_access_key_file", "either this or `secret_access_key`".into()));
        }
        (!has_secret && !has_secret_file).then(|| ("secret_access_key_file", "the key is missing".into()))
    }
}
