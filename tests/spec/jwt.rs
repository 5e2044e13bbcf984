//! Programs that call with tokens of an issuer: whose word is believed, for what, and as whom the history knows them.

use chrono::Utc;
use proto::intake::v1::{
    CreateCampaignRequest, CreateUserRequest, ListAccessEventsRequest, ListCampaignsRequest, ListQuarantinedRequest,
    ListUsersRequest, ReviewRole, User, campaign_service_client::CampaignServiceClient,
    quarantine_service_client::QuarantineServiceClient, user_service_client::UserServiceClient,
};
use ring::hmac;
use serde_json::{Value, json};
use tempfile::TempDir;
use tests::{
    Product, Settings,
    fake_provider::{FakeProvider, base64},
};
use tonic::{Code, Request, Status, transport::Channel};
use tonic_types::StatusExt;

const AUDIENCE: &str = "https://api.example.cn";

struct Scene {
    _home: TempDir,
    product: Product,
    settings: Settings,
    issuer: FakeProvider,
}

async fn scene() -> Scene {
    let (home, issuer) = (tempfile::tempdir().expect("a folder"), FakeProvider::start().await);
    let address = &issuer.issuer;
    let api = format!(
        "listen = \"127.0.0.1:0\"\n[[api.issuers]]\nname = \"staff\"\nissuer = {address:?}\naudience = {AUDIENCE:?}\n\
         jwks_url = \"{address}/keys\"\nrole_claim = \"realm_access.roles\"\n\
         roles = {{ reader = \"viewer\", Editor = \"editor\", chief = \"chief-editor\", admin = \"administrator\" }}\n"
    );
    let store = format!("sqlite:{}", home.path().join("data/caibian.db").display());
    let settings = Settings::write_with_api(home.path(), &store, &api, &[]);
    let product = Product::start_api(&settings);
    Scene { _home: home, product, settings, issuer }
}

impl Scene {
    /// Claims of a token that is good for roles, with changes; null takes a claim away.
    fn claims(&self, roles: &[&str], changes: &Value) -> Value {
        let now = Utc::now().timestamp();
        let mut claims = json!({
            "iss": self.issuer.issuer, "aud": [AUDIENCE, "another"], "azp": "robot", "sub": "robot-7", "exp": now + 300,
            "iat": now, "realm_access": {"roles": roles},
        });
        for (name, value) in changes.as_object().into_iter().flatten() {
            claims[name] = value.clone();
        }
        claims.as_object_mut().expect("claims").retain(|_, value| !value.is_null());
        claims
    }

    fn token(&self, roles: &[&str]) -> String {
        self.issuer.token(&json!({"alg": "ES256", "kid": "k1"}), &self.claims(roles, &json!({})))
    }

    fn channel(&self) -> Channel {
        self.product.channel()
    }

    async fn listed(&self, token: &str) -> Result<(), Status> {
        let request = bearing(token, ListCampaignsRequest::default());
        CampaignServiceClient::new(self.channel()).list_campaigns(request).await.map(drop)
    }
}

fn bearing<T>(token: &str, message: T) -> Request<T> {
    let mut request = Request::new(message);
    request.metadata_mut().insert("authorization", format!("Bearer {token}").parse().expect("ASCII"));
    request
}

fn refusal(answer: Result<(), Status>) -> (Code, String) {
    let status = answer.expect_err("it is refused");
    (status.code(), status.get_details_error_info().map(|info| info.reason).unwrap_or_default())
}

fn none_known() -> (Code, String) {
    (Code::Unauthenticated, "TOKEN_UNKNOWN".into())
}

#[tokio::test]
async fn a_token_of_the_issuer_acts_in_the_role_that_its_word_is_here() {
    let scene = scene().await;
    let too_low = || (Code::PermissionDenied, "ROLE_TOO_LOW".to_owned());
    for (roles, rank) in
        [(&["reader"][..], 0), (&["Editor"], 1), (&["chief", "reader", "unknown"], 2), (&["reader", "admin"], 3)]
    {
        let token = scene.token(roles);
        scene.listed(&token).await.expect("each may look");
        let request = bearing(&token, ListQuarantinedRequest::default());
        let editing = QuarantineServiceClient::new(scene.channel()).list_quarantined(request).await.map(drop);
        let request = bearing(&token, CreateCampaignRequest::default());
        let deciding = CampaignServiceClient::new(scene.channel()).create_campaign(request).await.map(drop);
        let request = bearing(&token, ListUsersRequest::default());
        let ruling = UserServiceClient::new(scene.channel()).list_users(request).await.map(drop);
        assert_eq!(editing.is_ok(), rank >= 1, "{roles:?}: {editing:?}");
        // Nothing is in it: who is heard is told so.
        let heard = refusal(deciding);
        assert_eq!(heard == too_low(), rank < 2, "{roles:?}: {heard:?}");
        assert_eq!(ruling.is_ok(), rank >= 3, "{roles:?}: {ruling:?}");
    }
    // The history knows which of the issuer's it was.
    let token = scene.token(&["admin"]);
    let mut users = UserServiceClient::new(scene.channel());
    let role = ReviewRole::Viewer.into();
    let user = User { user_name: "li.na".into(), display_name: "李娜".into(), role, ..User::default() };
    let request = CreateUserRequest { user: Some(user), ..CreateUserRequest::default() };
    users.create_user(bearing(&token, request)).await.expect("it is made");
    let request = ListAccessEventsRequest { actor: "staff:robot-7".into(), ..ListAccessEventsRequest::default() };
    let told = users.list_access_events(bearing(&token, request)).await.expect("a list").into_inner();
    assert!(told.events.iter().any(|event| event.detail.starts_with("li.na")), "{told:?}");
    // Good, and nothing here; words are compared letter by letter.
    let nothing: [&[&str]; 3] = [&[], &["editor"], &["admin "]];
    for roles in nothing {
        let refused = refusal(scene.listed(&scene.token(roles)).await);
        assert_eq!(refused, (Code::PermissionDenied, "ROLE_MISSING".into()), "{roles:?}");
    }
    // Without a token nobody is anybody, though the port is on loopback.
    let bare = CampaignServiceClient::new(scene.channel()).list_campaigns(ListCampaignsRequest::default()).await;
    assert_eq!(refusal(bare.map(drop)), none_known());
    scene.product.terminate().await;
}

#[tokio::test]
async fn nothing_but_the_issuers_own_word_for_these_services_now_is_believed() {
    let (scene, stranger) = (scene().await, FakeProvider::start().await);
    let good = json!({"alg": "ES256", "kid": "k1"});
    let now = Utc::now().timestamp();
    scene.listed(&scene.issuer.token(&good, &scene.claims(&["admin"], &json!({"iat": null})))).await.expect("no iat");
    for changes in [
        json!({"aud": "another"}),
        json!({"aud": null}),
        json!({"iss": "https://evil.example"}),
        json!({"iss": null}),
        json!({"exp": now - 61}),
        json!({"exp": null}),
        json!({"nbf": now + 120}),
        json!({"iat": now + 120}),
        json!({"sub": null}),
        json!({"sub": "a\nb"}),
    ] {
        let token = scene.issuer.token(&good, &scene.claims(&["admin"], &changes));
        assert_eq!(refusal(scene.listed(&token).await), none_known(), "{changes}");
    }
    let claims = scene.claims(&["admin"], &json!({}));
    for header in [
        json!({"alg": "none", "kid": "k1"}),
        json!({"alg": "none"}),
        json!({"alg": "RS256", "kid": "k1"}),
        json!({"alg": "ES256", "kid": "unknown"}),
        json!({"alg": "ES256", "kid": "k1", "crit": ["b64"], "b64": false}),
    ] {
        assert_eq!(refusal(scene.listed(&scene.issuer.token(&header, &claims)).await), none_known(), "{header}");
    }
    // Signed with the public key as if it were a secret.
    for algorithm in ["HS256", "ES256"] {
        let head = base64(json!({"alg": algorithm, "kid": "k1"}).to_string());
        let signed = format!("{head}.{}", base64(claims.to_string()));
        let secret = hmac::Key::new(hmac::HMAC_SHA256, &scene.issuer.public_key());
        let token = format!("{signed}.{}", base64(hmac::sign(&secret, signed.as_bytes())));
        assert_eq!(refusal(scene.listed(&token).await), none_known(), "{algorithm}");
    }
    // Another issuer's key; other claims under a good signature; no signature.
    assert_eq!(refusal(scene.listed(&stranger.token(&good, &claims)).await), none_known());
    let token = scene.token(&["reader"]);
    let parts: Vec<&str> = token.split('.').collect();
    for forged in [
        format!("{}.{}.{}", parts[0], base64(claims.to_string()), parts[2]),
        format!("{}.{}.", parts[0], parts[1]),
        format!("{token}."),
        format!("{}.{}", parts[0], parts[1]),
        "..".into(),
        "a.b.c".into(),
    ] {
        assert_eq!(refusal(scene.listed(&forged).await), none_known(), "{forged}");
    }
    scene.listed(&token).await.expect("the good one still is");
    let log = scene.settings.log_tail(usize::MAX);
    assert!(log.contains("is not believed") && !log.contains(parts[2]) && !log.contains(parts[1]), "{log}");
    scene.product.terminate().await;
}

#[tokio::test]
async fn while_the_issuer_is_away_its_callers_are_told_to_come_again() {
    let home = tempfile::tempdir().expect("a folder");
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let away = format!("http://{}", free.local_addr().expect("an address"));
    drop(free);
    let issuer = FakeProvider::start().await;
    let api = format!(
        "listen = \"127.0.0.1:0\"\n[[api.issuers]]\nname = \"staff\"\nissuer = {:?}\naudience = \"us\"\n\
         jwks_url = \"{away}/keys\"\nrole_claim = \"sub\"\nroles = {{ robot = \"viewer\" }}\n",
        issuer.issuer
    );
    let store = format!("sqlite:{}", home.path().join("data/caibian.db").display());
    let product = Product::start_api(&Settings::write_with_api(home.path(), &store, &api, &[]));
    let claims = json!({"iss": issuer.issuer, "aud": "us", "sub": "robot", "exp": Utc::now().timestamp() + 300});
    let token = issuer.token(&json!({"alg": "ES256", "kid": "k1"}), &claims);
    let listed = async |token: &str| {
        let request = bearing(token, ListCampaignsRequest::default());
        CampaignServiceClient::new(product.channel()).list_campaigns(request).await.map(drop)
    };
    assert_eq!(refusal(listed(&token).await), (Code::Unavailable, "ISSUER_UNAVAILABLE".into()));
    // A token of nobody's does not become one that waits.
    assert_eq!(refusal(listed("a.b.c").await), none_known());
    product.terminate().await;
}
