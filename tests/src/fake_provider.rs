//! An identity provider of the test's own: a real HTTP server with a key, which gives for a code the token that a test wants.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use chrono::Utc;
use ring::{
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

/// The one client that it knows.
pub const CLIENT_ID: &str = "caibian";
/// And its secret.
pub const CLIENT_SECRET: &str = "planted-client-secret";

/// Bytes as tokens hold them.
#[must_use]
pub fn base64(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A provider that listens.
#[derive(Debug)]
pub struct FakeProvider {
    /// Its address.
    pub issuer: String,
    known: Arc<Mutex<Known>>,
}

#[derive(Debug)]
struct Known {
    key: EcdsaKeyPair,
    /// The code that was given last, with the challenge and the token that it is worth; used once.
    code: Option<Code>,
}

#[derive(Debug)]
struct Code {
    code: String,
    challenge: String,
    return_url: String,
    token: String,
}

/// The value of a name in a query or a form, decoded.
#[must_use]
pub fn parameter(query: &str, name: &str) -> Option<String> {
    let query = query.split_once('?').map_or(query, |(_, query)| query);
    url::form_urlencoded::parse(query.as_bytes()).find(|(known, _)| known == name).map(|(_, value)| value.into_owned())
}

impl FakeProvider {
    /// Starts it.
    ///
    /// # Panics
    /// When it cannot listen.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let issuer = format!("http://{}", listener.local_addr().expect("an address"));
        let random = SystemRandom::new();
        let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).expect("a key");
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der.as_ref(), &random).expect("a key");
        let known = Arc::new(Mutex::new(Known { key, code: None }));
        let (address, said) = (issuer.clone(), known.clone());
        tokio::spawn(async move {
            while let Ok((line, _)) = listener.accept().await {
                tokio::spawn(answer(line, address.clone(), said.clone()));
            }
        });
        Self { issuer, known }
    }

    /// The lines of `[oidc]`.
    #[must_use]
    pub fn settings(&self, more: &str) -> String {
        let issuer = &self.issuer;
        format!("[oidc]\nissuer = {issuer:?}\nclient_id = {CLIENT_ID:?}\nclient_secret = {CLIENT_SECRET:?}\n{more}\n")
    }

    /// A token with this header and these claims; `none` as algorithm leaves it unsigned.
    ///
    /// # Panics
    /// Never.
    #[must_use]
    pub fn token(&self, header: &Value, claims: &Value) -> String {
        let signed = format!("{}.{}", base64(header.to_string()), base64(claims.to_string()));
        let signature = lock(&self.known).key.sign(&SystemRandom::new(), signed.as_bytes()).expect("it signs");
        let signature = if header["alg"] == "none" { String::new() } else { base64(signature) };
        format!("{signed}.{signature}")
    }

    /// Its public key: 0x04, x, y.
    #[must_use]
    pub fn public_key(&self) -> Vec<u8> {
        lock(&self.known).key.public_key().as_ref().to_vec()
    }

    /// A person signs in at the page where the desk has sent the browser: the address that the browser is sent back to. The token
    /// is the usual one with these changes to header and claims; `none` as algorithm leaves it unsigned.
    ///
    /// # Panics
    /// When the address asks for anything but what a provider is asked for.
    #[must_use]
    pub fn sign_in(&self, url: &str, user_name: &str, header: &Value, claims: &Value) -> String {
        let asked = |name: &str| parameter(url, name).unwrap_or_else(|| panic!("{name} is not in {url}"));
        assert!(url.starts_with(&format!("{}/authorize?", self.issuer)), "{url}");
        assert_eq!((asked("response_type"), asked("client_id")), ("code".into(), CLIENT_ID.into()));
        assert_eq!((asked("code_challenge_method"), asked("scope")), ("S256".into(), "openid profile".into()));
        let now = Utc::now().timestamp();
        let mut said = json!({
            "iss": self.issuer, "aud": CLIENT_ID, "sub": format!("subject-{user_name}"), "nonce": asked("nonce"),
            "exp": now + 300, "iat": now, "preferred_username": user_name, "name": "李娜",
        });
        let mut head = json!({"alg": "ES256", "kid": "k1"});
        for (whole, changes) in [(&mut said, claims), (&mut head, header)] {
            for (name, value) in changes.as_object().into_iter().flatten() {
                whole[name] = value.clone();
            }
        }
        let token = self.token(&head, &said);
        let mut known = lock(&self.known);
        let code = format!("planted-code-{}", base64(Sha256::digest(url.as_bytes())));
        known.code = Some(Code {
            code: code.clone(),
            challenge: asked("code_challenge"),
            return_url: asked("redirect_uri"),
            token,
        });
        format!("{}?code={code}&state={}", asked("redirect_uri"), asked("state"))
    }
}

fn lock(known: &Mutex<Known>) -> MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What a code is worth: once, for who proves to have asked for it.
fn exchange(known: &Mutex<Known>, head: &str, form: &str) -> Option<Value> {
    let code = lock(known).code.take()?;
    let said = |name: &str| parameter(form, name).unwrap_or_default();
    let basic = base64::engine::general_purpose::STANDARD.encode(format!("{CLIENT_ID}:{CLIENT_SECRET}"));
    let is_right = head.contains(&format!("Basic {basic}"))
        && said("grant_type") == "authorization_code"
        && said("code") == code.code
        && said("redirect_uri") == code.return_url
        && base64(Sha256::digest(said("code_verifier").as_bytes())) == code.challenge;
    is_right.then(|| json!({"access_token": "A", "token_type": "Bearer", "id_token": code.token}))
}

async fn answer(mut line: TcpStream, issuer: String, known: Arc<Mutex<Known>>) {
    let mut read = Vec::new();
    let (head, length) = loop {
        if line.read_buf(&mut read).await.unwrap_or(0) == 0 {
            return;
        }
        let text = String::from_utf8_lossy(&read).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            break (head.to_owned(), length.and_then(|length| length.parse().ok()).unwrap_or(0));
        }
    };
    while read.len() < head.len() + 4 + length {
        if line.read_buf(&mut read).await.unwrap_or(0) == 0 {
            return;
        }
    }
    let form = String::from_utf8_lossy(&read[head.len() + 4..]).into_owned();
    let (status, body) = match head.split(' ').nth(1).unwrap_or_default() {
        "/.well-known/openid-configuration" => (
            200,
            json!({
                "issuer": issuer, "authorization_endpoint": format!("{issuer}/authorize"),
                "token_endpoint": format!("{issuer}/token"), "jwks_uri": format!("{issuer}/keys"),
            }),
        ),
        "/keys" => {
            let known = lock(&known);
            let point = known.key.public_key().as_ref();
            let (x, y) = (base64(&point[1..33]), base64(&point[33..]));
            (200, json!({"keys": [{"kty": "EC", "crv": "P-256", "kid": "k1", "x": x, "y": y}]}))
        }
        "/token" => match exchange(&known, &head, &form) {
            Some(body) => (200, body),
            None => (400, json!({"error": "invalid_grant"})),
        },
        _ => (404, Value::Null),
    };
    let body = body.to_string();
    let answer = format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{body}", body.len());
    let _ = line.write_all(answer.as_bytes()).await;
}
