//! A sign-in, from where the browser is sent to who comes back.

use chrono::Utc;
use identity::{Begun, Completing, Error, Person, Provider, ProviderSettings, jwt::Distrust};
use serde_json::{Value, json};
use stdx::{ErrorKind, Sha256};

use crate::world::{Signer, World, base64};

const BACK: &str = "https://desk.example.cn/sign-in/back";

async fn complete(provider: &Provider, begun: &Begun) -> Result<Person, Error> {
    let back =
        Completing { code: "C&1", nonce: &begun.nonce, verifier: &begun.verifier, redirect_uri: BACK, now: Utc::now() };
    provider.complete(&back).await
}

/// What the provider gives for a code: a token with these changes.
fn gives(world: &World, signer: &Signer, id: &str, begun: &Begun, change: Value) {
    let now = Utc::now().timestamp();
    let mut claims = json!({
        "iss": world.issuer, "aud": "caibian", "sub": "s1", "nonce": begun.nonce, "exp": now + 60, "iat": now,
        "preferred_username": "Zhang.Li", "name": "张丽", "email": "x@example.cn",
    });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    let token = signer.token(&json!({"alg": signer.algorithm(), "kid": id}), &claims);
    let body = json!({"id_token": token, "access_token": "A", "token_type": "Bearer"});
    world.says.lock().unwrap().exchange = Some((200, body));
}

fn parameter(url: &str, name: &str) -> String {
    let query = url.split_once('?').unwrap().1;
    let value = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
    value.unwrap_or_else(|| panic!("{name} in {url}")).to_owned()
}

#[tokio::test]
async fn a_browser_is_sent_with_secrets_of_its_own_and_the_code_becomes_a_person() {
    let (world, signer) = (World::new().await, Signer::rsa());
    world.says.lock().unwrap().keys = vec![signer.jwk("k1")];
    let provider = world.provider();
    let (begun, other) = (provider.begin(BACK).await.unwrap(), provider.begin(BACK).await.unwrap());
    assert!(begun.url.starts_with(&format!("{}/authorize?tenant=1&response_type=code", world.issuer)));
    assert_eq!(parameter(&begun.url, "redirect_uri"), "https%3A%2F%2Fdesk.example.cn%2Fsign-in%2Fback");
    assert_eq!(
        (parameter(&begun.url, "state"), parameter(&begun.url, "nonce")),
        (begun.state.clone(), begun.nonce.clone())
    );
    let challenge = base64(Sha256::of(begun.verifier.as_bytes()).as_bytes());
    assert_eq!(parameter(&begun.url, "code_challenge"), challenge);
    assert!(!begun.url.contains(&begun.verifier));
    let secrets = [&begun.state, &begun.nonce, &begun.verifier, &other.state, &other.nonce, &other.verifier];
    assert!(secrets.iter().enumerate().all(|(at, one)| one.len() == 43 && !secrets[..at].contains(one)));

    gives(&world, &signer, "k1", &begun, json!({}));
    let person = complete(&provider, &begun).await.unwrap();
    let expected = Person {
        issuer: world.issuer.clone(),
        subject: "s1".into(),
        user_name: "Zhang.Li".into(),
        display_name: "张丽".into(),
    };
    assert_eq!(person, expected);
    let asked = world.says.lock().unwrap().asked.clone();
    let (_, form) = asked.iter().find(|(path, _)| path == "/token").unwrap();
    for told in [
        "grant_type=authorization_code".to_owned(),
        "code=C%261".into(),
        format!("code_verifier={}", begun.verifier),
        "client_id=caibian".into(),
        "client_secret=geheim%26".into(),
    ] {
        assert!(form.split('&').any(|pair| pair == told), "{told} in {form}");
    }
    // What the provider says of itself is asked for once.
    assert_eq!((world.count("/.well-known/openid-configuration"), world.count("/keys")), (1, 1));
}

#[tokio::test]
async fn the_secret_goes_in_the_form_or_in_a_header_as_the_provider_takes_it() {
    let (world, signer) = (World::new().await, Signer::ec());
    let issuer = world.issuer.clone();
    {
        let mut says = world.says.lock().unwrap();
        says.keys = vec![signer.jwk("k1")];
        // Nothing said of it: the header (OpenID Connect Discovery 1.0 §3).
        says.discovery = Some(json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/a"), "token_endpoint": format!("{issuer}/token"),
            "jwks_uri": format!("{issuer}/keys"),
        }));
    }
    let provider = world.provider();
    let begun = provider.begin(BACK).await.unwrap();
    gives(&world, &signer, "k1", &begun, json!({}));
    complete(&provider, &begun).await.unwrap();
    let asked = world.says.lock().unwrap().asked.clone();
    let (_, form) = asked.iter().find(|(path, _)| path == "/token").unwrap();
    assert!(!form.contains("client_secret") && !form.contains("geheim"), "{form}");
    // caibian:geheim%26
    assert!(asked.len() == 3 && world.says.lock().unwrap().token_authorization == "Basic Y2FpYmlhbjpnZWhlaW0lMjY=");
}

#[tokio::test]
async fn what_is_wrong_with_an_answer_is_told_and_nobody_comes_of_it() {
    let (world, signer, stranger) = (World::new().await, Signer::ec(), Signer::ec());
    world.says.lock().unwrap().keys = vec![signer.jwk("k1")];
    let provider = world.provider();
    let (begun, other) = (provider.begin(BACK).await.unwrap(), provider.begin(BACK).await.unwrap());
    for (change, why) in [
        (json!({"nonce": other.nonce}), Distrust::Nonce),
        (json!({"aud": "other"}), Distrust::Audience),
        (json!({"exp": Utc::now().timestamp() - 120}), Distrust::Expired),
        (json!({"iss": "https://evil.example"}), Distrust::Issuer),
    ] {
        gives(&world, &signer, "k1", &begun, change.clone());
        let refused = complete(&provider, &begun).await.unwrap_err();
        assert!(matches!(refused, Error::Token(told) if told == why), "{change}: {refused}");
        assert_eq!(refused.kind(), ErrorKind::Unauthenticated);
    }
    gives(&world, &stranger, "k1", &begun, json!({}));
    assert!(matches!(complete(&provider, &begun).await, Err(Error::Token(Distrust::Signature))));
    for (exchange, kind, told) in [
        (
            (400, json!({"error": "invalid_grant", "error_description": "code was used"})),
            ErrorKind::Unauthenticated,
            "code was used",
        ),
        ((500, json!({})), ErrorKind::Unavailable, "500"),
        ((200, json!({"access_token": "A"})), ErrorKind::Unavailable, "no ID token"),
    ] {
        world.says.lock().unwrap().exchange = Some(exchange);
        let refused = complete(&provider, &begun).await.unwrap_err();
        assert!(refused.kind() == kind && refused.to_string().contains(told), "{refused}");
    }
}

#[tokio::test]
async fn a_new_key_is_found_when_a_token_names_it_and_an_invented_one_asks_once() {
    let (world, old, new) = (World::new().await, Signer::ec(), Signer::rsa());
    world.says.lock().unwrap().keys = vec![old.jwk("k1")];
    let provider = world.provider();
    let begun = provider.begin(BACK).await.unwrap();
    gives(&world, &old, "k1", &begun, json!({}));
    complete(&provider, &begun).await.unwrap();
    world.says.lock().unwrap().keys = vec![new.jwk("k2")];
    gives(&world, &new, "k2", &begun, json!({}));
    complete(&provider, &begun).await.unwrap();
    assert_eq!(world.count("/keys"), 2);
    // The old one is gone, and whoever invents names does not make us ask again and again.
    for id in ["k1", "k3", "k4"] {
        gives(&world, &old, id, &begun, json!({}));
        assert!(matches!(complete(&provider, &begun).await, Err(Error::Token(Distrust::Signature))), "{id}");
    }
    assert_eq!(world.count("/keys"), 2);
}

#[tokio::test]
async fn a_provider_that_calls_itself_otherwise_or_leads_out_of_tls_is_not_followed() {
    let world = World::new().await;
    let issuer = world.issuer.clone();
    let usual = |name: &str, value: &str| {
        let mut said = json!({
            "issuer": issuer, "authorization_endpoint": format!("{issuer}/a"), "token_endpoint": format!("{issuer}/t"),
            "jwks_uri": format!("{issuer}/k"),
        });
        said[name] = value.into();
        said
    };
    for (name, value) in [
        ("issuer", "https://evil.example"),
        ("token_endpoint", "http://id.example.cn/t"),
        ("jwks_uri", "file:///etc/passwd"),
        ("authorization_endpoint", "javascript:alert(1)"),
    ] {
        world.says.lock().unwrap().discovery = Some(usual(name, value));
        let refused = world.provider().begin(BACK).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Unavailable, "{name}: {refused}");
    }
    for issuer in ["http://id.example.cn", "id.example.cn", "https://id.example.cn?x=1", ""] {
        let settings = ProviderSettings {
            issuer: issuer.into(),
            client_id: "caibian".into(),
            client_secret: None,
            user_name_claim: "preferred_username".into(),
            authorities: None,
        };
        assert!(matches!(Provider::new(settings), Err(Error::Settings(_))), "{issuer}");
    }
}
