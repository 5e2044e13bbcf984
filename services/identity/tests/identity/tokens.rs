//! Which tokens are believed.

use chrono::{DateTime, Utc};
use identity::{
    jwt::{Distrust, Expected, Purpose, Token},
    keys::Keys,
};
use serde_json::{Value, json};

use crate::world::{Signer, base64};

const ISSUER: &str = "https://id.example.cn";

fn now() -> DateTime<Utc> {
    "2026-03-01T00:00:00Z".parse().unwrap()
}

fn claims(change: Value) -> Value {
    let mut claims = json!({
        "iss": ISSUER, "aud": "caibian", "sub": "248289761001", "nonce": "N", "preferred_username": "zhang.li",
        "exp": now().timestamp() + 300, "iat": now().timestamp(),
    });
    for (name, value) in change.as_object().unwrap() {
        claims[name] = value.clone();
    }
    claims.as_object_mut().unwrap().retain(|_, value| !value.is_null());
    claims
}

fn believed(token: &str, keys: &Keys) -> Result<String, Distrust> {
    let expected =
        Expected { issuer: ISSUER, audience: "caibian", purpose: Purpose::SignIn { nonce: "N" }, now: now() };
    Token::read(token)?.believe(keys, &expected).map(|claims| claims.text("sub").to_owned())
}

fn keys(set: &Value) -> Keys {
    Keys::read(json!({"keys": set}).to_string().as_bytes()).unwrap()
}

#[test]
fn a_token_is_believed_when_everything_is_as_expected_with_either_kind_of_key() {
    for signer in [Signer::rsa(), Signer::ec()] {
        let known = keys(&json!([{"kty": "oct", "k": "AA"}, {"kty": "EC", "crv": "P-384"}, signer.jwk("k1")]));
        let alg = signer.algorithm();
        for header in [json!({"alg": alg, "kid": "k1", "typ": "JWT"}), json!({"alg": alg})] {
            for change in [
                json!({}),
                json!({"aud": ["caibian"]}),
                json!({"aud": ["other", "caibian"], "azp": "caibian"}),
                json!({"exp": now().timestamp() - 59, "iat": now().timestamp() - 3600}),
                json!({"iat": now().timestamp() + 59, "nbf": now().timestamp() + 59}),
                json!({"exp": now().timestamp() as f64 + 0.5}),
            ] {
                let token = signer.token(&header, &claims(change.clone()));
                assert_eq!(believed(&token, &known).as_deref(), Ok("248289761001"), "{header} {change}");
            }
        }
    }
}

#[test]
fn a_token_that_is_wrong_in_one_thing_is_told_which() {
    let signer = Signer::ec();
    let known = keys(&json!([signer.jwk("k1")]));
    let at = |seconds: i64| now().timestamp() + seconds;
    for (change, why) in [
        (json!({"iss": "https://id.example.cn/"}), Distrust::Issuer),
        (json!({"iss": null}), Distrust::Issuer),
        (json!({"aud": "other"}), Distrust::Audience),
        (json!({"aud": null}), Distrust::Audience),
        (json!({"aud": ["other", "caibian"]}), Distrust::Audience),
        (json!({"azp": "other"}), Distrust::Audience),
        (json!({"aud": [], "azp": "caibian"}), Distrust::Audience),
        (json!({"exp": at(-60)}), Distrust::Expired),
        (json!({"exp": null}), Distrust::Expired),
        (json!({"exp": "later"}), Distrust::Expired),
        (json!({"iat": at(61)}), Distrust::Time),
        (json!({"iat": null}), Distrust::Time),
        (json!({"iat": at(-86_400)}), Distrust::Time),
        (json!({"nbf": at(61)}), Distrust::Time),
        (json!({"nbf": "now"}), Distrust::Time),
        (json!({"nonce": "M"}), Distrust::Nonce),
        (json!({"nonce": null}), Distrust::Nonce),
        (json!({"sub": null}), Distrust::Subject),
        (json!({"sub": ""}), Distrust::Subject),
        (json!({"sub": "x".repeat(256)}), Distrust::Subject),
    ] {
        let token = signer.token(&json!({"alg": "ES256", "kid": "k1"}), &claims(change.clone()));
        assert_eq!(believed(&token, &known), Err(why), "{change}");
    }
}

#[test]
fn no_header_talks_us_into_a_signature_that_is_none() {
    let (rsa, ec, stranger) = (Signer::rsa(), Signer::ec(), Signer::ec());
    let known = keys(&json!([rsa.jwk("r"), ec.jwk("e")]));
    let claims = claims(json!({}));
    let with = |signer: &Signer, header: Value| believed(&signer.token(&header, &claims), &known);
    for alg in ["none", "None", "HS256", "RS512", "PS256", "ES384", "EdDSA", ""] {
        assert_eq!(with(&ec, json!({"alg": alg, "kid": "e"})), Err(Distrust::Algorithm), "{alg}");
    }
    // Another's key; our key under another's name; the right key with the other algorithm; a key that is not there.
    for (signer, header) in [
        (&stranger, json!({"alg": "ES256", "kid": "e"})),
        (&stranger, json!({"alg": "ES256"})),
        (&ec, json!({"alg": "ES256", "kid": "r"})),
        (&ec, json!({"alg": "RS256", "kid": "e"})),
        (&rsa, json!({"alg": "ES256", "kid": "r"})),
        (&ec, json!({"alg": "ES256", "kid": "x"})),
    ] {
        assert_eq!(with(signer, header.clone()), Err(Distrust::Signature), "{header}");
    }
    // A key that comes along in the header is nobody's.
    let own = json!({"alg": "ES256", "kid": "e", "jwk": stranger.jwk("e")});
    assert_eq!(with(&stranger, own), Err(Distrust::Signature));
    assert_eq!(with(&ec, json!({"alg": "ES256", "kid": "e", "crit": ["b64"], "b64": false})), Err(Distrust::Critical));
    // Not a letter of what was signed can change, and the signature cannot go.
    let good = ec.token(&json!({"alg": "ES256", "kid": "e"}), &claims);
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let forged =
        signed.split_once('.').unwrap().0.to_owned() + "." + &base64(claims.to_string().replace("zhang", "admin"));
    for (token, why) in [
        (format!("{forged}.{signature}"), Distrust::Signature),
        (format!("{signed}."), Distrust::Signature),
        (format!("{signed}.{}", base64([0; 64])), Distrust::Signature),
        (signed.to_owned(), Distrust::Unreadable),
        (format!("{good}="), Distrust::Unreadable),
        (String::new(), Distrust::Unreadable),
        ("a.b.c".into(), Distrust::Unreadable),
        ("x".repeat(20_000), Distrust::Unreadable),
    ] {
        assert_eq!(believed(&token, &known), Err(why), "{token}");
    }
}

#[test]
fn a_short_rsa_key_and_a_set_that_is_none_verify_nothing() {
    assert!(Keys::read(b"{}").is_none() && Keys::read(b"<html>").is_none());
    let signer = Signer::rsa();
    let mut for_secrets = signer.jwk("k");
    for_secrets["use"] = "enc".into();
    let mut short = signer.jwk("k");
    short["n"] = base64([0xff; 128]).into();
    let token = signer.token(&json!({"alg": "RS256", "kid": "k"}), &claims(json!({})));
    for jwk in [for_secrets, short] {
        assert_eq!(believed(&token, &keys(&json!([jwk]))), Err(Distrust::Signature));
    }
}
