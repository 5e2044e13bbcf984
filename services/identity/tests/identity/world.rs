//! A provider: a real HTTP server with keys of its own, that says what a test wants it to say.

use std::{
    process::Command,
    sync::{Arc, Mutex},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use identity::{Provider, ProviderSettings};
use ring::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RSA_PKCS1_SHA256, RsaKeyPair, RsaPublicKeyComponents,
    },
};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

pub fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key that signs.
pub enum Signer {
    Rsa(RsaKeyPair),
    Ec(EcdsaKeyPair),
}

impl Signer {
    /// By openssl: ring makes no RSA keys.
    pub fn rsa() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.der");
        let made = Command::new("openssl")
            .args(["genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-outform", "DER", "-out"])
            .arg(&path)
            .output()
            .unwrap();
        assert!(made.status.success(), "{made:?}");
        // Its versions differ in which of the two forms they write.
        let der = std::fs::read(path).unwrap();
        Self::Rsa(RsaKeyPair::from_pkcs8(&der).or_else(|_| RsaKeyPair::from_der(&der)).unwrap())
    }

    pub fn ec() -> Self {
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
        Self::Ec(EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).unwrap())
    }

    pub fn algorithm(&self) -> &'static str {
        match self {
            Self::Rsa(_) => "RS256",
            Self::Ec(_) => "ES256",
        }
    }

    pub fn jwk(&self, id: &str) -> Value {
        match self {
            Self::Rsa(key) => {
                let public = RsaPublicKeyComponents::<Vec<u8>>::from(key.public());
                json!({"kty": "RSA", "use": "sig", "kid": id, "n": base64(public.n), "e": base64(public.e)})
            }
            Self::Ec(key) => {
                let point = key.public_key().as_ref();
                json!({"kty": "EC", "crv": "P-256", "kid": id, "x": base64(&point[1..33]), "y": base64(&point[33..])})
            }
        }
    }

    pub fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &random, bytes, &mut signature).unwrap();
                signature
            }
            Self::Ec(key) => key.sign(&random, bytes).unwrap().as_ref().to_vec(),
        }
    }

    /// A token with this header and these claims.
    pub fn token(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
        let signature = base64(self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }
}

/// What the provider says.
#[derive(Clone, Default)]
pub struct Says {
    /// Of `/.well-known/openid-configuration`, instead of the usual.
    pub discovery: Option<Value>,
    pub keys: Vec<Value>,
    /// Of the token endpoint: status and body.
    pub exchange: Option<(u16, Value)>,
    /// Paths that were asked, with the form.
    pub asked: Vec<(String, String)>,
    /// The `Authorization` at the token endpoint; empty without one.
    pub token_authorization: String,
}

/// A provider that listens.
pub struct World {
    pub issuer: String,
    pub says: Arc<Mutex<Says>>,
}

impl World {
    pub async fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let says = Arc::new(Mutex::new(Says::default()));
        let (address, said) = (issuer.clone(), says.clone());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(answer(socket, address.clone(), said.clone()));
            }
        });
        Self { issuer, says }
    }

    pub fn provider(&self) -> Provider {
        let settings = ProviderSettings {
            issuer: self.issuer.clone(),
            client_id: "caibian".into(),
            client_secret: Some("geheim&".into()),
            user_name_claim: "preferred_username".into(),
            authorities: None,
        };
        Provider::new(settings).unwrap()
    }

    /// How often a path was asked.
    pub fn count(&self, path: &str) -> usize {
        self.says.lock().unwrap().asked.iter().filter(|(asked, _)| asked == path).count()
    }
}

async fn answer(mut socket: TcpStream, issuer: String, says: Arc<Mutex<Says>>) {
    let mut read = Vec::new();
    let (head, length) = loop {
        if socket.read_buf(&mut read).await.unwrap_or(0) == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ").map(str::to_owned));
            break (head.to_owned(), length.map_or(0, |length| length.parse::<usize>().unwrap()));
        }
    };
    while read.len() < head.len() + 4 + length {
        if socket.read_buf(&mut read).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let path = head.split(' ').nth(1).unwrap_or_default().to_owned();
    let form = String::from_utf8_lossy(&read[head.len() + 4..]).into_owned();
    let authorization =
        head.lines().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or_default().to_owned();
    let (status, body) = {
        let mut says = says.lock().unwrap();
        says.asked.push((path.clone(), form));
        if path == "/token" {
            says.token_authorization = authorization;
        }
        match path.as_str() {
            "/.well-known/openid-configuration" => {
                let usual = json!({
                    "issuer": issuer,
                    "authorization_endpoint": format!("{issuer}/authorize?tenant=1"),
                    "token_endpoint": format!("{issuer}/token"),
                    "jwks_uri": format!("{issuer}/keys"),
                    "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                });
                (200, says.discovery.clone().unwrap_or(usual))
            }
            "/keys" => (200, json!({"keys": says.keys})),
            "/token" => says.exchange.clone().unwrap_or((400, json!({"error": "invalid_grant"}))),
            _ => (404, Value::Null),
        }
    };
    let body = body.to_string();
    let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let _ = socket.write_all(answer.as_bytes()).await;
}
