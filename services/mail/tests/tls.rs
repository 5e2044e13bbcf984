//! TLS as the IMAP source speaks it: whom it trusts, and what it makes of words said before the handshake.

mod fake;

use std::{path::Path, process::Command, sync::Arc};

use fake::{Fake, INBOX, LOGIN};
use intake::ports::Source;
use mail::imap::{ImapSettings, ImapSource, Security};
use stdx::ErrorKind;
use tokio_rustls::rustls::{
    ServerConfig, SupportedProtocolVersion,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    version::{TLS12, TLS13},
};

/// A house's own authority, and a server's certificate of it.
struct Authority {
    root_pem: Vec<u8>,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    /// Makes both with the openssl command, for a server of this name.
    fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        let openssl = |arguments: &str| {
            let output = Command::new("openssl")
                .args(arguments.split(' '))
                .current_dir(path)
                .output()
                .expect("the command openssl is needed: apt-get install openssl");
            assert!(output.status.success(), "openssl {arguments}: {}", String::from_utf8_lossy(&output.stderr));
        };
        let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
        openssl(&format!("req -x509 {key} -keyout root.key -out root.pem -subj /CN=house"));
        openssl(&format!(
            "req -x509 {key} -keyout leaf.key -out leaf.pem -subj /CN=server -CA root.pem -CAkey root.key \
             -addext subjectAltName={name} -addext basicConstraints=critical,CA:FALSE"
        ));
        let read = |name: &str| std::fs::read(Path::new(path).join(name)).unwrap();
        Self {
            root_pem: read("root.pem"),
            certificate: CertificateDer::from_pem_slice(&read("leaf.pem")).unwrap(),
            key: PrivateKeyDer::from_pem_slice(&read("leaf.key")).unwrap(),
        }
    }

    fn server(&self, versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_protocol_versions(versions)
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], self.key.clone_key())
            .unwrap();
        Arc::new(config)
    }
}

fn settings(server: &Fake, security: Security, root_pem: Option<Vec<u8>>) -> ImapSettings {
    ImapSettings { security, extra_root_pem: root_pem, ..server.settings() }
}

#[tokio::test]
async fn a_house_authority_is_trusted_when_it_is_named() {
    let authority = Authority::new("IP:127.0.0.1");
    for versions in [&[&TLS12][..], &[&TLS13][..]] {
        let scripts = [format!("tls\n{LOGIN}{INBOX}")];
        let server = Fake::start_with_tls(&scripts, Some(authority.server(versions))).await;
        let mut source = ImapSource::new(settings(&server, Security::Tls, Some(authority.root_pem.clone())));
        assert_eq!(source.select("INBOX").await.unwrap().exists, 3);
        drop(source);
        server.finish().await;
    }
}

#[tokio::test]
async fn a_certificate_of_nobody_known_or_of_another_name_is_refused() {
    let (here, elsewhere) = (Authority::new("IP:127.0.0.1"), Authority::new("DNS:imap.example.org"));
    for (authority, trusted, words) in [
        (&here, None, "UnknownIssuer"),
        (&here, Some(&elsewhere), "invalid peer certificate"),
        (&elsewhere, Some(&elsewhere), "not valid for name"),
    ] {
        let server = Fake::start_with_tls(&["tls".to_owned()], Some(authority.server(&[&TLS13]))).await;
        let root_pem = trusted.map(|trusted| trusted.root_pem.clone());
        let mut source = ImapSource::new(settings(&server, Security::Tls, root_pem));
        let error = source.select("INBOX").await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Unavailable);
        assert!(error.detail.contains(words), "{error}");
        server.finish().await;
    }
}

#[tokio::test]
async fn a_root_that_is_no_certificate_is_told() {
    for pem in ["", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"] {
        let server = Fake::start(&["".to_owned()]).await;
        let mut source = ImapSource::new(settings(&server, Security::Tls, Some(pem.into())));
        assert_eq!(source.select("INBOX").await.unwrap_err().kind, ErrorKind::Invalid);
        server.finish().await;
    }
}

#[tokio::test]
async fn words_said_before_the_handshake_count_for_nothing() {
    let authority = Authority::new("IP:127.0.0.1");
    // Somebody on the way adds an answer to the next command, capabilities and all, in one packet with the OK.
    let injected =
        "R: $ OK begin\r\n* CAPABILITY IMAP4rev1 LOGINDISABLED\r\nC0001 OK injected\r\nC0002 OK injected\r\n";
    let injected = injected.replace("\r\n", "␤");
    let script =
        format!("S: * OK ready\nC: STARTTLS\n{injected}\ntls\n{}{INBOX}", LOGIN.replace("S: * OK ready\n", ""));
    let server = Fake::start_with_tls(&[script], Some(authority.server(&[&TLS13]))).await;
    let mut source = ImapSource::new(settings(&server, Security::StartTls, Some(authority.root_pem.clone())));
    assert_eq!(source.select("INBOX").await.unwrap().exists, 3);
    drop(source);
    server.finish().await;
}

#[tokio::test]
async fn without_starttls_nothing_is_said_in_plain() {
    for answer in ["S: $ BAD unknown", "S: $ NO not now", "S: * BYE no", "close"] {
        let server = Fake::start(&[format!("S: * OK ready\nC: STARTTLS\n{answer}")]).await;
        let mut source = ImapSource::new(settings(&server, Security::StartTls, None));
        assert_eq!(source.select("INBOX").await.unwrap_err().kind, ErrorKind::Unavailable);
        // The script fails should a LOGIN follow.
        drop(source);
        server.finish().await;
    }
}
