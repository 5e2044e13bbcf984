//! Tokens that programs call with.

use chrono::Utc;
use identity::{
    Error, Issuer, IssuerSettings, KeySource,
    jwt::{Distrust, Token},
};
use serde_json::{Value, json};

use crate::world::{Signer, World};

fn issuer(world: &World, keys: KeySource) -> Issuer {
    let settings = IssuerSettings { issuer: world.issuer.clone(), audience: "api".into(), keys, authorities: None };
    Issuer::new(settings).unwrap()
}

fn claims(world: &World, changes: Value) -> Value {
    let mut claims = json!({"iss": world.issuer, "aud": "api", "sub": "robot", "exp": Utc::now().timestamp() + 60});
    for (name, value) in changes.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims
}

async fn believed(issuer: &Issuer, token: &str) -> Result<Vec<String>, Error> {
    let claims = issuer.believe(Token::read(token)?, Utc::now()).await?;
    Ok(claims.texts("a.roles").into_iter().map(str::to_owned).collect())
}

#[tokio::test]
async fn a_call_asks_less_of_a_token_than_a_sign_in_and_reads_roles_where_they_stand() {
    let (world, signer) = (World::new().await, Signer::rsa());
    world.says.lock().unwrap().keys = vec![signer.jwk("k1")];
    let issuer = issuer(&world, KeySource::Url(format!("{}/keys", world.issuer)));
    let header = json!({"alg": signer.algorithm(), "kid": "k1"});
    for (changes, roles) in [
        (json!({"a": {"roles": ["x", 7, "y"]}}), &["x", "y"][..]),
        (json!({"a.roles": "x", "a": {"roles": "y"}}), &["x"]),
        (json!({"aud": ["other", "api"], "azp": "robot", "iat": 1}), &[]),
        (json!({"a": "roles"}), &[]),
    ] {
        let token = signer.token(&header, &claims(&world, changes.clone()));
        assert_eq!(believed(&issuer, &token).await.unwrap(), roles, "{changes}");
    }
    let token = signer.token(&header, &claims(&world, json!({"aud": ["other"]})));
    assert!(matches!(believed(&issuer, &token).await, Err(Error::Token(Distrust::Audience))));
    assert_eq!(world.count("/keys"), 1);
}

#[tokio::test]
async fn keys_of_a_file_are_read_again_when_a_token_names_a_new_one() {
    let (world, old, new) = (World::new().await, Signer::ec(), Signer::ec());
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("keys.json");
    let issuer = issuer(&world, KeySource::File(file.clone()));
    for (signer, id) in [(&old, "k1"), (&new, "k2")] {
        std::fs::write(&file, json!({"keys": [signer.jwk(id)]}).to_string()).unwrap();
        let token = signer.token(&json!({"alg": "ES256", "kid": id}), &claims(&world, json!({})));
        believed(&issuer, &token).await.unwrap();
    }
    let token = old.token(&json!({"alg": "ES256", "kid": "k1"}), &claims(&world, json!({})));
    assert!(matches!(believed(&issuer, &token).await, Err(Error::Token(Distrust::Signature))));
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_is_not_asked_by_every_call() {
    let (world, signer) = (World::new().await, Signer::ec());
    let issuer = issuer(&world, KeySource::Url(format!("{}/nothing", world.issuer)));
    for _ in 0..3 {
        let token = signer.token(&json!({"alg": "ES256", "kid": "k1"}), &claims(&world, json!({})));
        assert!(matches!(believed(&issuer, &token).await, Err(Error::Unavailable(_))));
    }
    assert_eq!(world.count("/nothing"), 1);
    let plain = KeySource::Url("http://id.example.cn/keys".into());
    let settings = IssuerSettings { issuer: "i".into(), audience: "api".into(), keys: plain, authorities: None };
    assert!(matches!(Issuer::new(settings), Err(Error::Settings(_))));
}
