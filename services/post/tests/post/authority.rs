//! A house's own authority, and a server's certificate of it.

use std::{path::Path, process::Command, sync::Arc};

use tokio_rustls::rustls::{
    ServerConfig,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};

pub struct Authority {
    pub root_pem: Vec<u8>,
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

impl Authority {
    /// Makes both with the openssl command, for a server of this name.
    pub fn new(name: &str) -> Self {
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

    pub fn server(&self) -> Arc<ServerConfig> {
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![self.certificate.clone()], self.key.clone_key())
            .unwrap();
        Arc::new(config)
    }
}
