//! Signing in at an identity provider, from the desk's link to the desk's page and over everything that can be wrong between.

use proto::intake::v1::{
    CreateUserRequest, ListUsersRequest, ReviewRole, User, user_service_client::UserServiceClient,
};
use serde_json::{Value, json};
use tests::{
    Backend, Product, Settings, Visitor, World,
    fake_provider::{CLIENT_SECRET, FakeProvider},
    visitor::Shown,
};

struct Scene {
    /// Holds the servers.
    _world: World,
    settings: Settings,
    product: Product,
    provider: FakeProvider,
}

async fn scene(backend: Backend, more: &str) -> Scene {
    let (world, provider) = (World::new(backend), FakeProvider::start().await);
    let settings = world.settings(&[world.mailbox()]);
    let settings = settings.with_more(&provider.settings(more));
    let product = Product::start(&settings);
    Scene { _world: world, settings, product, provider }
}

impl Scene {
    fn visitor(&self) -> Visitor {
        Visitor::at(&self.product.desk())
    }

    /// A user with an open invitation.
    async fn invited(&self, user_name: &str) {
        let user = User {
            user_name: user_name.into(),
            display_name: "李娜".into(),
            role: ReviewRole::Editor.into(),
            ..User::default()
        };
        let request = CreateUserRequest { user: Some(user), ..CreateUserRequest::default() };
        UserServiceClient::new(self.product.channel()).create_user(request).await.expect("it is made");
    }

    /// The address of the provider that the link leads to.
    async fn sent(&self, visitor: &mut Visitor, next: &str) -> String {
        let page = visitor.get(&format!("/sign-in?next={next}")).await;
        assert!(page.html.contains("用统一身份认证登录"), "{}", page.html);
        let sent = visitor.get(&page.link("/sign-in/provider")).await;
        assert_eq!(sent.status, 303, "{}", sent.html);
        sent.location
    }

    /// The person signs in there and comes back.
    async fn back(&self, visitor: &mut Visitor, user_name: &str, header: &Value, claims: &Value) -> Shown {
        let sent = self.sent(visitor, "/submissions").await;
        let back = self.provider.sign_in(&sent, user_name, header, claims);
        visitor.get(&self.path(&back)).await
    }

    fn path(&self, address: &str) -> String {
        let desk = format!("http://{}", self.product.desk());
        address.strip_prefix(&desk).unwrap_or_else(|| panic!("{address} is not at the desk")).to_owned()
    }
}

async fn is_signed_in(visitor: &mut Visitor) -> bool {
    visitor.get("/submissions").await.status == 200
}

async fn an_invited_person_signs_in_at_the_provider_and_again_whatever_the_name_is_then(backend: Backend) {
    let scene = scene(backend, "").await;
    scene.invited("li.na").await;
    let mut visitor = scene.visitor();
    let welcome = scene.back(&mut visitor, "Li.Na", &json!({}), &json!({})).await;
    assert_eq!((welcome.status, welcome.refresh.as_str()), (200, "0; url=/submissions"), "{}", welcome.html);
    assert!(is_signed_in(&mut visitor).await);

    // Tied to the subject now: a changed name there is the same person here, and another with the name is nobody.
    let renamed = json!({"sub": "subject-Li.Na"});
    let mut again = scene.visitor();
    assert_eq!(scene.back(&mut again, "li.na.2", &json!({}), &renamed).await.status, 200);
    assert!(is_signed_in(&mut again).await);
    let mut other = scene.visitor();
    let refused = scene.back(&mut other, "li.na", &json!({}), &json!({"sub": "another"})).await;
    assert_eq!(refused.status, 403);
    assert!(refused.html.contains("没有待接受的邀请") && !is_signed_in(&mut other).await, "{}", refused.html);

    // Signing out ends the session here.
    let form = again.get("/account").await.form("/sign-out");
    let mut left = again.clone();
    assert_eq!(again.send(&form).await.status, 303);
    assert!(!is_signed_in(&mut left).await && is_signed_in(&mut visitor).await);
    let log = scene.settings.log_tail(usize::MAX);
    assert!(!log.contains(CLIENT_SECRET) && !log.contains("planted-code"), "{log}");
    scene.product.terminate().await;
}

async fn nothing_but_the_providers_word_for_this_sign_in_in_this_browser_signs_anybody_in(backend: Backend) {
    let scene = scene(backend, "").await;
    scene.invited("li.na").await;
    for (header, claims) in [
        (json!({}), json!({"nonce": "another"})),
        (json!({"alg": "none"}), json!({})),
        (json!({"alg": "HS256"}), json!({})),
        (json!({}), json!({"aud": "another"})),
        (json!({}), json!({"iss": "https://evil.example"})),
        (json!({}), json!({"exp": 1})),
    ] {
        let mut visitor = scene.visitor();
        let refused = scene.back(&mut visitor, "li.na", &header, &claims).await;
        assert_eq!(refused.status, 401, "{header} {claims}: {}", refused.html);
        assert!(refused.html.contains("未通过核验") && refused.html.contains("用户名"), "{}", refused.html);
        assert!(!is_signed_in(&mut visitor).await, "{header} {claims}");
    }
    let stale = |shown: &Shown| shown.status == 401 && shown.html.contains("请重新登录");

    // Another browser, which has begun a sign-in of its own, is led to the end of this one: the way to sign somebody in as
    // somebody else. The right browser still can, and once.
    let (mut visitor, mut other) = (scene.visitor(), scene.visitor());
    scene.sent(&mut other, "/").await;
    let sent = scene.sent(&mut visitor, "//evil.example").await;
    let back = scene.path(&scene.provider.sign_in(&sent, "li.na", &json!({}), &json!({})));
    let mut nobody = scene.visitor();
    assert!(stale(&nobody.get(&back).await) && !is_signed_in(&mut nobody).await);
    assert!(stale(&other.get(&back).await) && !is_signed_in(&mut other).await);
    let mut copy = visitor.clone();
    let welcome = visitor.get(&back).await;
    assert_eq!((welcome.status, welcome.refresh.as_str()), (200, "0; url=/"), "{}", welcome.html);
    assert!(is_signed_in(&mut visitor).await);
    assert!(stale(&copy.get(&back).await) && !is_signed_in(&mut copy).await);
    // What somebody writes into the address is not repeated.
    let told = scene.visitor().get("/sign-in/provider/return?error=access_denied&error_description=planted").await;
    assert!(told.status == 401 && told.html.contains("没有放行") && !told.html.contains("planted"), "{}", told.html);
    scene.product.terminate().await;
}

async fn who_has_no_account_is_refused_in_words_or_becomes_a_viewer_as_the_settings_say(backend: Backend) {
    let strict = scene(backend, "").await;
    let mut visitor = strict.visitor();
    let refused = strict.back(&mut visitor, "wang.wu", &json!({}), &json!({})).await;
    assert!(refused.status == 403 && refused.html.contains("系统中没有该用户"), "{}", refused.html);
    assert!(!is_signed_in(&mut visitor).await);
    strict.product.terminate().await;

    let open = scene(backend, "unknown_users = \"viewer\"").await;
    let mut visitor = open.visitor();
    assert_eq!(open.back(&mut visitor, "wang.wu", &json!({}), &json!({})).await.status, 200);
    let account = visitor.get("/account").await;
    assert!(account.html.contains("wang.wu"), "{}", account.html);
    let request = ListUsersRequest::default();
    let users = UserServiceClient::new(open.product.channel()).list_users(request).await.expect("a list").into_inner();
    let made = users.users.iter().find(|user| user.user_name == "wang.wu").expect("an account was made");
    assert_eq!(made.role(), ReviewRole::Viewer);
    // A name that cannot be a user's here is nobody's.
    let mut nobody = open.visitor();
    let refused = open.back(&mut nobody, "王五@example.cn", &json!({}), &json!({})).await;
    assert_eq!(refused.status, 403, "{}", refused.html);
    open.product.terminate().await;
}

on_each_backend! {
    an_invited_person_signs_in_at_the_provider_and_again_whatever_the_name_is_then =>
        super::an_invited_person_signs_in_at_the_provider_and_again_whatever_the_name_is_then;
    nothing_but_the_providers_word_for_this_sign_in_in_this_browser_signs_anybody_in =>
        super::nothing_but_the_providers_word_for_this_sign_in_in_this_browser_signs_anybody_in;
    who_has_no_account_is_refused_in_words_or_becomes_a_viewer_as_the_settings_say =>
        super::who_has_no_account_is_refused_in_words_or_becomes_a_viewer_as_the_settings_say;
}
