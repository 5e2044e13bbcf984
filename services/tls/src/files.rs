//! Files of certificates and keys, and what is made of them, made anew when they change.

use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use chrono::{DateTime, Utc};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use stdx::Sha256;
use tokio_util::sync::CancellationToken;

use crate::{Error, names};

/// From one look at the files to the next.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Bytes of a file.
const FILE_BYTES_MAX: u64 = 1 << 20;

/// Where certificates and keys lie, as PEM.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    /// Who we are.
    pub pair: Option<Pair>,
    /// The authorities whose certificates are believed.
    pub authorities: Option<PathBuf>,
}

/// A certificate and its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pair {
    /// The certificate, then those between it and its authority.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

/// What the files hold.
pub(crate) struct Held {
    pub pair: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    pub authorities: Option<RootCertStore>,
    /// Until when the certificate is good.
    ends_at: Option<DateTime<Utc>>,
    /// Hash of all that was read.
    hash: Sha256,
}

impl Files {
    fn read(&self) -> Result<Held, Error> {
        let mut all = Vec::new();
        let mut text = |file: &Path| {
            let read = read(file).map_err(|source| Error::Read { file: file.to_owned(), source })?;
            all.extend(Sha256::of(&read).as_bytes());
            Ok(read)
        };
        let texts = match &self.pair {
            Some(pair) => Some((pair, text(&pair.certificate)?, text(&pair.key)?)),
            None => None,
        };
        let authorities = match &self.authorities {
            Some(file) => Some((file, text(file)?)),
            None => None,
        };
        let mut held = Held { pair: None, authorities: None, ends_at: None, hash: Sha256::of(&all) };
        if let Some((pair, certificate, key)) = texts {
            let chain = certificates(&pair.certificate, &certificate)?;
            let unfit = |what: &str| Error::Unfit { file: pair.certificate.clone(), what: what.into() };
            let ends_at = chain.first().and_then(names::ends_at);
            held.ends_at = Some(ends_at.ok_or_else(|| unfit("the certificate cannot be read"))?);
            // Its own words may hold a piece of the key.
            let key = PrivateKeyDer::from_pem_slice(&key)
                .map_err(|_| Error::Unfit { file: pair.key.clone(), what: "no private key as PEM in it".into() })?;
            held.pair = Some((chain, key));
        }
        if let Some((file, text)) = authorities {
            let mut roots = RootCertStore::empty();
            for authority in certificates(file, &text)? {
                let unfit = |error: rustls::Error| Error::Unfit { file: file.clone(), what: error.to_string() };
                roots.add(authority).map_err(unfit)?;
            }
            held.authorities = Some(roots);
        }
        Ok(held)
    }
}

fn read(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut text = Vec::new();
    File::open(file)?.take(FILE_BYTES_MAX).read_to_end(&mut text)?;
    Ok(text)
}

fn certificates(file: &Path, pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, Error> {
    let unfit = |what: String| Error::Unfit { file: file.to_owned(), what };
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
    let read = read.map_err(|error| unfit(error.to_string()))?;
    if read.is_empty() { Err(unfit("no certificate as PEM in it".into())) } else { Ok(read) }
}

type Make<C> = dyn Fn(Held) -> Result<C, Error> + Send + Sync;

/// What is made of files, the newest that can be used. Cheap to clone.
pub struct Kept<C> {
    inner: Arc<Inner<C>>,
}

struct Inner<C> {
    files: Files,
    make: Box<Make<C>>,
    now: Mutex<Now<C>>,
}

struct Now<C> {
    made: Arc<C>,
    ends_at: Option<DateTime<Utc>>,
    /// Of what was read last, whether it could be used or not; none after files that could not be read.
    seen: Option<Sha256>,
}

impl<C> Clone for Kept<C> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone() }
    }
}

impl<C> std::fmt::Debug for Kept<C> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Kept").field("files", &self.inner.files).finish_non_exhaustive()
    }
}

impl<C: Send + Sync + 'static> Kept<C> {
    pub(crate) fn new(
        files: Files,
        make: impl Fn(Held) -> Result<C, Error> + Send + Sync + 'static,
    ) -> Result<Self, Error> {
        let held = files.read()?;
        let (ends_at, seen) = (held.ends_at, Some(held.hash));
        let made = Arc::new(make(held)?);
        if ends_at.is_some_and(|end| end <= Utc::now()) {
            tracing::warn!(?files, "the certificate has ended: the other side will refuse it");
        }
        let now = Mutex::new(Now { made, ends_at, seen });
        Ok(Self { inner: Arc::new(Inner { files, make: Box::new(make), now }) })
    }

    fn now(&self) -> MutexGuard<'_, Now<C>> {
        self.inner.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is good now.
    #[must_use]
    pub fn get(&self) -> Arc<C> {
        self.now().made.clone()
    }

    /// When the certificate that is used now ends; none where there is none.
    #[must_use]
    pub fn ends_at(&self) -> Option<DateTime<Utc>> {
        self.now().ends_at
    }

    /// Reads the files again. Those that cannot be used are told once and change nothing.
    pub fn look(&self) {
        let files = &self.inner.files;
        let held = match files.read() {
            Ok(held) => held,
            Err(error) => {
                if self.now().seen.take().is_some() {
                    tracing::warn!(%error, "what protects the line cannot be read again; it stays as it was");
                }
                return;
            }
        };
        if self.now().seen.replace(held.hash) == Some(held.hash) {
            return;
        }
        let ends_at = held.ends_at;
        if ends_at.is_some_and(|end| end <= Utc::now()) {
            tracing::warn!(?files, "the new certificate has already ended; the old one stays");
            return;
        }
        match (self.inner.make)(held) {
            Ok(made) => {
                let mut now = self.now();
                (now.made, now.ends_at) = (Arc::new(made), ends_at);
                tracing::info!(?files, ?ends_at, "new certificates are used");
            }
            Err(error) => tracing::warn!(%error, "the new certificates cannot be used; the old ones stay"),
        }
    }

    /// Looks again and again, until `cancel`.
    pub async fn follow(self, cancel: CancellationToken) {
        while cancel.run_until_cancelled(tokio::time::sleep(LOOK_EVERY)).await.is_some() {
            let looking = self.clone();
            // A folder of another machine may hang.
            let _ = tokio::task::spawn_blocking(move || looking.look()).await;
        }
    }
}
