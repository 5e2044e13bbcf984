//! A house's own authority, and certificates of it as a test wants them.

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::{TimeDelta, Utc};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, SanType, date_time_ymd};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};

/// An authority.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate and its key, as PEM.
#[derive(Clone, Debug)]
pub struct Leaf {
    /// The certificate.
    pub certificate: String,
    /// Its key.
    pub key: String,
}

impl Authority {
    /// A new one.
    ///
    /// # Panics
    /// Never, with the names that are written here.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let key = KeyPair::generate().expect("a key");
        let pem = params.self_signed(&key).expect("it signs").pem();
        Self { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate with these names (`spiffe://…`, or a host's) that ends so long from now.
    ///
    /// # Panics
    /// With a name that is none.
    #[must_use]
    pub fn leaf(&self, names: &[&str], ends_in: TimeDelta) -> Leaf {
        let mut params = CertificateParams::new(Vec::new()).expect("no names");
        params.subject_alt_names = names.iter().map(|name| san(name)).collect();
        let end = (Utc::now() + ends_in).timestamp().try_into().expect("after 1970");
        params.not_after = date_time_ymd(1970, 1, 1) + Duration::from_secs(end);
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("it signs").pem();
        Leaf { certificate, key: key.serialize_pem() }
    }

    /// A usual one for a month.
    #[must_use]
    pub fn usual(&self, name: &str) -> Leaf {
        self.leaf(&[name], TimeDelta::days(30))
    }

    /// Its own certificate, as PEM.
    #[must_use]
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// Writes its certificate into a folder; where it lies.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> PathBuf {
        let file = folder.join(format!("{name}.authority.pem"));
        fs::write(&file, &self.pem).expect("our own folder");
        file
    }

    /// A channel to `https://localhost:PORT` that believes this authority and shows the certificate of `shown`.
    ///
    /// # Panics
    /// Never, with PEM that was made here.
    #[must_use]
    pub fn channel(&self, port: u16, shown: Option<&Leaf>) -> Channel {
        let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&self.pem));
        if let Some(leaf) = shown {
            tls = tls.identity(Identity::from_pem(&leaf.certificate, &leaf.key));
        }
        let endpoint = Endpoint::from_shared(format!("https://localhost:{port}")).expect("an address");
        endpoint.tls_config(tls).expect("PEM").connect_lazy()
    }
}

impl Leaf {
    /// Writes both into a folder, or over those that lie there; where certificate and key lie.
    ///
    /// # Panics
    /// When they cannot be written.
    pub fn write(&self, folder: &Path, name: &str) -> (PathBuf, PathBuf) {
        let (certificate, key) = (folder.join(format!("{name}.pem")), folder.join(format!("{name}.key")));
        fs::write(&certificate, &self.certificate).expect("our own folder");
        fs::write(&key, &self.key).expect("our own folder");
        (certificate, key)
    }
}

fn san(name: &str) -> SanType {
    let text = name.to_owned().try_into().expect("ASCII");
    if name.contains("://") { SanType::URI(text) } else { SanType::DnsName(text) }
}
